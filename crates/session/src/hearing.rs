//! Voice activity: where an utterance begins and ends.

use audio::{VoiceDetector, mulaw};

use crate::{FRAME, Frame, steps};

/// What is kept from before an utterance's start.
const PRE_ROLL: usize = 15;
/// So many voiced frames in a row are a start.
const START: u32 = 2;
/// An utterance that is longer ends by itself.
const LONGEST: u64 = 30 * crate::FRAMES_PER_SECOND;
/// Quieter than this nobody speaks; louder than this a person does, whatever the floor.
const QUIETEST_DBFS: f32 = -46.0;
const LOUDEST_FLOOR_DBFS: f32 = -24.0;
/// How far above the floor speech is.
const ABOVE_FLOOR_DB: f32 = 8.0;
/// Below this floor there is no noise that could be taken for speech: what is loud is speech, and nothing more is computed.
const QUIET_LINE_DBFS: f32 = -65.0;
/// Above it a frame must be speech so likely, too, to begin an utterance, and to go on with one.
const LIKELY: f32 = 0.6;
const LIKELY_STILL: f32 = 0.5;
/// The floor is the quietest frame of the last three seconds, in pieces of half a second: speech has pauses within that, noise has none.
const PIECES: usize = 6;
const PIECE: u32 = 25;

/// Squares of all codes, so that a frame's energy is a sum of look-ups.
const ENERGY: [f32; 256] = {
    let mut table = [0.0; 256];
    let mut code = 0;
    while code < 256 {
        let sample = mulaw::decode(code as u8) as f32 / 32_768.0;
        table[code] = sample * sample;
        code += 1;
    }
    table
};

/// What a frame changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Change {
    /// Nothing.
    None,
    /// The caller began to speak.
    Began,
    /// The caller has spoken.
    Ended(Utterance),
}

/// Something that was said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Utterance {
    /// In mu-law, with its pre-roll.
    pub sound: Vec<u8>,
    /// How much of it was voiced, in milliseconds.
    pub voiced_ms: u64,
    /// How loud the voiced part was.
    pub level_dbfs: f32,
    /// The step of its first voiced frame.
    pub first: u64,
    /// The step after its last voiced frame.
    pub last: u64,
}

/// Hears one line.
#[derive(Debug, Clone)]
pub(crate) struct Hearing {
    floor: f32,
    /// The quietest frame of each piece, the one that goes on first.
    quietest: [f32; PIECES],
    frames: u32,
    run: u32,
    pre_roll: [Frame; PRE_ROLL],
    kept: usize,
    speech: Option<Speech>,
    /// Frames of silence that end an utterance.
    hangover: u64,
    voice: VoiceDetector,
}

#[derive(Debug, Clone)]
struct Speech {
    sound: Vec<u8>,
    first: u64,
    last: u64,
    voiced: u64,
    energy: f32,
}

impl Hearing {
    pub fn new() -> Self {
        Self {
            floor: -60.0,
            quietest: [0.0; PIECES],
            frames: 0,
            run: 0,
            pre_roll: [crate::SILENCE; PRE_ROLL],
            kept: 0,
            speech: None,
            hangover: steps(700),
            voice: VoiceDetector::new(),
        }
    }

    /// Sets how much silence ends an utterance.
    pub fn set_hangover_ms(&mut self, ms: u64) {
        self.hangover = steps(ms).max(1);
    }

    /// For how many milliseconds the caller has been speaking, pauses left out; 0: is not.
    pub fn speaking_ms(&self) -> u64 {
        self.speech.as_ref().map_or(0, |speech| speech.voiced * 20)
    }

    /// Whether an utterance is going on.
    pub fn is_speaking(&self) -> bool {
        self.speech.is_some()
    }

    /// What is being said, so far, with what came right before it; empty: nothing.
    pub fn so_far(&self) -> &[u8] {
        let sound = self.speech.as_ref().map(|it| it.sound.as_slice());
        sound.unwrap_or_default()
    }

    /// Forgets what is being said.
    pub fn forget(&mut self) {
        self.speech = None;
        self.run = 0;
        self.kept = 0;
    }

    /// One more frame.
    pub fn hear(&mut self, step: u64, frame: &Frame) -> Change {
        let energy = frame.iter().map(|code| ENERGY[*code as usize]).sum::<f32>() / FRAME as f32;
        let level = dbfs(energy);
        let is_loud = self.is_loud(level);
        let is_voiced = self.is_likely(frame) && is_loud;
        match &mut self.speech {
            None => {
                self.keep(frame);
                self.run = if is_voiced { self.run + 1 } else { 0 };
                if self.run < START {
                    return Change::None;
                }
                self.begin(step, energy);
                Change::Began
            }
            Some(speech) => {
                speech.sound.extend_from_slice(frame);
                if is_voiced {
                    speech.voiced += 1;
                    speech.energy += energy;
                    speech.last = step + 1;
                }
                let is_over =
                    step + 1 - speech.last >= self.hangover || step - speech.first >= LONGEST;
                if is_over { self.end() } else { Change::None }
            }
        }
    }

    /// Whether it is speech, as far as that is looked at. Each frame of a noisy line is, so that the network knows the noise.
    fn is_likely(&mut self, frame: &Frame) -> bool {
        let enough = match self.speech {
            Some(_) => LIKELY_STILL,
            None => LIKELY,
        };
        self.floor < QUIET_LINE_DBFS || self.voice.judge(frame) >= enough
    }

    fn is_loud(&mut self, level: f32) -> bool {
        let threshold = (self.floor + ABOVE_FLOOR_DB).clamp(QUIETEST_DBFS, LOUDEST_FLOOR_DBFS);
        self.quietest[0] = self.quietest[0].min(level);
        self.floor = self.floor.min(level);
        self.frames += 1;
        if self.frames == PIECE {
            self.frames = 0;
            self.floor = self.quietest.iter().copied().fold(0.0, f32::min);
            self.quietest.rotate_right(1);
            self.quietest[0] = 0.0;
        }
        level > threshold
    }

    fn keep(&mut self, frame: &Frame) {
        self.pre_roll.rotate_left(1);
        self.pre_roll[PRE_ROLL - 1] = *frame;
        self.kept = (self.kept + 1).min(PRE_ROLL);
    }

    fn begin(&mut self, step: u64, energy: f32) {
        let mut sound = Vec::with_capacity(FRAME * 100);
        for frame in &self.pre_roll[PRE_ROLL - self.kept..] {
            sound.extend_from_slice(frame);
        }
        let voiced = u64::from(START);
        self.speech = Some(Speech {
            sound,
            first: (step + 1).saturating_sub(voiced),
            last: step + 1,
            voiced,
            energy: energy * voiced as f32,
        });
        self.run = 0;
        self.kept = 0;
    }

    fn end(&mut self) -> Change {
        let Some(speech) = self.speech.take() else {
            return Change::None;
        };
        Change::Ended(Utterance {
            level_dbfs: dbfs(speech.energy / speech.voiced as f32),
            voiced_ms: speech.voiced * 20,
            sound: speech.sound,
            first: speech.first,
            last: speech.last,
        })
    }
}

fn dbfs(energy: f32) -> f32 {
    10.0 * energy.max(1e-9).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(samples: &[i16]) -> Vec<Frame> {
        let codes = mulaw::encode_all(samples);
        codes
            .chunks(FRAME)
            .map(|chunk| {
                let mut frame = crate::SILENCE;
                frame[..chunk.len()].copy_from_slice(chunk);
                frame
            })
            .collect()
    }

    fn noise(seconds: usize, amplitude: i32, seed: u32) -> Vec<i16> {
        let mut state = seed;
        (0..seconds * 8_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                ((state >> 16) as i16 as i32 * amplitude / 32_768) as i16
            })
            .collect()
    }

    fn utterances(hearing: &mut Hearing, frames: &[Frame]) -> Vec<Utterance> {
        let heard = frames.iter().enumerate().filter_map(|(step, frame)| {
            match hearing.hear(step as u64, frame) {
                Change::Ended(utterance) => Some(utterance),
                _ => None,
            }
        });
        heard.collect()
    }

    #[test]
    fn utterance_starts_within_two_frames_and_ends_by_the_hangover() {
        let mut line = vec![0; 8_000];
        line.extend(audio::speech("of course I am", Some(1.0)));
        line.extend(vec![0; 16_000]);
        let mut hearing = Hearing::new();
        hearing.set_hangover_ms(400);
        let mut began = None;
        for (step, frame) in frames(&line).iter().enumerate() {
            match hearing.hear(step as u64, frame) {
                Change::Began => began = Some(step),
                Change::Ended(utterance) => {
                    assert_eq!(utterance.first, 50);
                    assert!((99..=100).contains(&utterance.last));
                    assert_eq!(step as u64, utterance.last + 19);
                    let samples = mulaw::decode_all(&utterance.sound);
                    assert_eq!(audio::heard(&samples).as_deref(), Some("of course I am"));
                }
                Change::None => {}
            }
        }
        assert_eq!(began, Some(51));
        assert!(!hearing.is_speaking());
    }

    #[test]
    fn noise_alone_is_no_utterance_after_the_floor_has_risen() {
        let mut hearing = Hearing::new();
        assert_eq!(utterances(&mut hearing, &frames(&noise(5, 60, 7))), []);
        // Louder noise that goes on is learnt: at most its beginning counts.
        let heard = utterances(&mut hearing, &frames(&noise(60, 600, 9)));
        assert!(heard.len() <= 2, "{}", heard.len());
    }

    #[test]
    fn speech_in_noise_is_heard() {
        for amplitude in [60, 200] {
            let mut line = noise(3, amplitude, 3);
            line.extend(audio::speech("yes", Some(0.6)));
            line.extend(noise(2, amplitude, 5));
            let mut hearing = Hearing::new();
            let heard = utterances(&mut hearing, &frames(&line));
            let places: Vec<_> = heard.iter().map(|it| (it.first, it.last)).collect();
            assert!(
                heard.iter().any(|it| it.first.abs_diff(150) <= 1),
                "{amplitude}: {places:?}"
            );
        }
    }

    #[test]
    fn sentences_in_noise_that_swells_are_not_run_together() {
        let (mut low, mut line) = (0.0, Vec::new());
        for (n, words) in ["yes I am", "no thank you", "of course"].iter().enumerate() {
            line.extend(vec![0; 24_000]);
            line.extend(audio::speech(words, Some(1.2)));
            line.extend(vec![0; 8_000 * (1 + n % 2)]);
        }
        let hiss = noise(line.len() / 8_000 + 1, 32_767, 11);
        for (at, (sample, hiss)) in line.iter_mut().zip(hiss).enumerate() {
            low = 0.96 * low + f64::from(hiss) / 32_768.0;
            let swell = 1.0 + 0.6 * (at as f64 / 3_000.0).sin();
            *sample = sample.saturating_add((low * swell * 150.0) as i16);
        }
        let mut hearing = Hearing::new();
        hearing.set_hangover_ms(500);
        let heard = utterances(&mut hearing, &frames(&line));
        let places: Vec<_> = heard.iter().map(|it| (it.first, it.last)).collect();
        assert_eq!(heard.len(), 3, "{places:?}");
        for (it, begin) in heard.iter().zip([150, 410, 720]) {
            assert!(it.first.abs_diff(begin) <= 10, "{places:?}");
        }
    }

    #[test]
    fn utterance_without_end_is_cut() {
        let line: Vec<i16> = audio::speech("on and on", Some(40.0));
        let heard = utterances(&mut Hearing::new(), &frames(&line));
        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].last - heard[0].first, LONGEST + 1);
    }
}
