//! Whether sound of a telephone is speech: earshot, a small recurrent network for 16 kHz, behind an interpolation from 8.

use std::fmt;

use earshot::Detector;

use crate::mulaw;

/// What the network looks at in one go: 16 ms at 16 kHz.
const BLOCK: usize = 256;

/// The sample halfway between the eighth and the ninth of sixteen: a sine over its argument, under a Hann window.
const HALFWAY: [f32; 16] = [
    -0.000408, 0.004127, -0.012861, 0.028468, -0.054344, 0.099031, -0.194325, 0.630504, 0.630504,
    -0.194325, 0.099031, -0.054344, 0.028468, -0.012861, 0.004127, -0.000408,
];

/// Judges the sound of one line. About 10 KB, made once: nothing is allocated for a frame.
pub struct VoiceDetector {
    network: Box<Detector>,
    /// The last samples, the oldest first.
    recent: [f32; HALFWAY.len()],
    block: [f32; BLOCK],
    filled: usize,
    likely: f32,
}

impl VoiceDetector {
    /// For a line on which nothing has been heard.
    pub fn new() -> Self {
        Self {
            network: Detector::default_boxed(),
            recent: [0.0; HALFWAY.len()],
            block: [0.0; BLOCK],
            filled: 0,
            likely: 0.0,
        }
    }

    /// How likely it is, from 0 to 1, that a person speaks in the sound that comes next (mu-law at 8 kHz, 20 ms or so).
    pub fn judge(&mut self, sound: &[u8]) -> f32 {
        let mut highest: Option<f32> = None;
        for code in sound {
            self.recent.copy_within(1.., 0);
            self.recent[HALFWAY.len() - 1] = f32::from(mulaw::decode(*code)) / 32_768.0;
            let between = self.recent.iter().zip(HALFWAY).map(|(it, tap)| it * tap);
            for sample in [self.recent[HALFWAY.len() / 2 - 1], between.sum()] {
                let judged = self.take(sample);
                highest = judged
                    .map(|it| highest.map_or(it, |most| most.max(it)))
                    .or(highest);
            }
        }
        self.likely = highest.unwrap_or(self.likely);
        self.likely
    }

    /// One sample at 16 kHz; what the network says once a block is full.
    fn take(&mut self, sample: f32) -> Option<f32> {
        self.block[self.filled] = sample.clamp(-1.0, 1.0);
        self.filled += 1;
        if self.filled < BLOCK {
            return None;
        }
        self.filled = 0;
        Some(self.network.predict_f32(&self.block))
    }
}

impl Default for VoiceDetector {
    fn default() -> Self {
        Self::new()
    }
}

/// The network cannot be copied: a clone hears its line as a new one.
impl Clone for VoiceDetector {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl fmt::Debug for VoiceDetector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VoiceDetector")
            .field("likely", &self.likely)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A noise at 8 kHz that swells and fades, as a street does.
    fn street(seconds: usize) -> Vec<i16> {
        let (mut state, mut low) = (7u32, 0.0);
        (0..seconds * 8_000)
            .map(|at| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                low = 0.96 * low + f64::from((state >> 16) as i16) / 32_768.0;
                let swell = 1.0 + 0.6 * (at as f64 / 3_000.0).sin();
                (low * swell * 150.0) as i16
            })
            .collect()
    }

    /// The share of frames that are speech more likely than not, once the network has heard something.
    fn share(sound: &[i16]) -> f64 {
        let mut detector = VoiceDetector::new();
        let codes = mulaw::encode_all(sound);
        let judged: Vec<_> = codes
            .chunks_exact(160)
            .map(|it| detector.judge(it))
            .collect();
        assert!(judged.iter().all(|it| (0.0..=1.0).contains(it)));
        let late = &judged[10..];
        late.iter().filter(|it| **it >= 0.5).count() as f64 / late.len() as f64
    }

    #[test]
    fn noise_and_silence_are_no_speech_and_a_voice_in_noise_is() {
        assert_eq!(share(&vec![0; 16_000]), 0.0);
        let noise = street(4);
        assert!(share(&noise) < 0.05, "{}", share(&noise));
        let voice = crate::speech("I would like to make an appointment please", Some(4.0));
        let both: Vec<i16> = voice
            .iter()
            .zip(&noise)
            .map(|(a, b)| a.saturating_add(*b))
            .collect();
        assert!(share(&both) > 0.9, "{}", share(&both));
    }
}
