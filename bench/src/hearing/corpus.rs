//! Sentences with pauses between them, in noise. By the synthesizer `flite` where it is installed, else by the tree's own voice of tones.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use audio::{Sound, mulaw};
use session::FRAME;

/// Samples in a second.
const RATE: usize = 8_000;
/// Nothing is said for so many frames before the first sentence, and between two.
const LEAD: usize = 200;
const PAUSES: [usize; 4] = [75, 110, 60, 160];
/// Speech has this root mean square where it is voiced: about -23 dBFS, as on a telephone.
const SPEECH_RMS: f64 = 2_300.0;
/// Frames quieter than this much below the loudest are no beginning and no end of a sentence.
const EDGE: f64 = 0.03;

/// Who speaks in turn: a woman and three men, all in Debian's flite.
const VOICES: [&str; 4] = ["slt", "rms", "awb", "kal16"];

/// What is said: as callers answer, and longer.
const WORDS: [&str; 24] = [
    "yes",
    "no",
    "yes I am",
    "no I don't think so",
    "of course",
    "can you say that again please",
    "my kitchen sink is leaking",
    "I would like to make an appointment",
    "it is seven eight nine Sunset Boulevard",
    "tomorrow at nine in the morning would be fine",
    "who is this",
    "I am calling about the invoice from last week",
    "there is water coming through the ceiling",
    "yes please",
    "I have worked there for three years",
    "not at all",
    "how much would that be",
    "we moved in last summer and nothing has worked since",
    "hello",
    "I need somebody to look at my heater",
    "that is right",
    "my name is Anna Miller",
    "could I speak to a person please",
    "thank you very much",
];

/// A kind of noise.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Noise {
    /// All frequencies alike.
    White,
    /// A street: mostly low.
    Street,
    /// Others who talk.
    Babble,
    /// Chords that change, with a beat.
    Music,
}

/// Every kind.
pub const NOISES: [Noise; 4] = [Noise::White, Noise::Street, Noise::Babble, Noise::Music];

impl Noise {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::White => "white",
            Self::Street => "street",
            Self::Babble => "babble",
            Self::Music => "music",
        }
    }
}

/// Sentences.
pub struct Corpus {
    /// Who speaks.
    pub voice: &'static str,
    /// Each without a pause at either end, all equally loud.
    pub sentences: Vec<Vec<f64>>,
}

/// A line on which they are said.
pub struct Scene {
    /// In mu-law.
    pub frames: Vec<[u8; FRAME]>,
    /// The first frame of each sentence, and the last.
    pub sentences: Vec<(usize, usize)>,
}

impl Corpus {
    /// By `flite` where it can be run.
    pub fn new(out: &Path) -> Result<Self> {
        let file = out.join("sentence.wav");
        let voices = VOICES.iter().cycle();
        let spoken = WORDS.iter().zip(voices);
        let spoken: Option<Vec<_>> = spoken
            .map(|(words, voice)| flite(words, voice, &file))
            .collect();
        // It may never have been written.
        let _ = std::fs::remove_file(&file);
        Ok(spoken.map_or_else(Self::of_tones, |spoken| Self {
            voice: "four voices of flite",
            sentences: spoken.iter().map(|it| levelled(it)).collect(),
        }))
    }

    /// By the voice that simulates one.
    pub fn of_tones() -> Self {
        let spoken = |words: &&str| levelled(&audio::speech(words, None));
        Self {
            voice: "tones (install flite for a voice)",
            sentences: WORDS.iter().map(spoken).collect(),
        }
    }

    /// All sentences, this much louder than the noise.
    pub fn scene(&self, noise: Noise, level_db: Option<i32>) -> Scene {
        let mut line = vec![0.0; LEAD * FRAME];
        let mut sentences = Vec::new();
        for (sentence, pause) in self.sentences.iter().zip(PAUSES.into_iter().cycle()) {
            let begin = line.len() / FRAME;
            line.extend(sentence);
            sentences.push((begin, (line.len() - 1) / FRAME));
            // The next one begins with a frame.
            let whole = line.len().div_ceil(FRAME) + pause;
            line.resize(whole * FRAME, 0.0);
        }
        if let Some(level) = level_db {
            let loud = SPEECH_RMS / 10f64.powf(f64::from(level) / 20.0);
            let noise = self.noise(noise, line.len());
            let scale = loud / rms(&noise).max(1e-6);
            line.iter_mut()
                .zip(noise)
                .for_each(|(sample, it)| *sample += it * scale);
        }
        let codes: Vec<u8> = line
            .iter()
            .map(|sample| mulaw::encode(sample.clamp(-32_767.0, 32_767.0) as i16))
            .collect();
        Scene {
            frames: codes.as_chunks().0.to_vec(),
            sentences,
        }
    }

    fn noise(&self, kind: Noise, length: usize) -> Vec<f64> {
        let mut random = Random(0x1234_5678);
        match kind {
            Noise::White => (0..length).map(|_| random.next()).collect(),
            Noise::Street => {
                let (mut low, mut swell) = (0.0, 0.0);
                let sample = |_| {
                    low = 0.96 * low + random.next();
                    // Cars pass.
                    swell = 0.9999 * swell + 0.01 * random.next();
                    low * (1.0 + f64::clamp(swell, -0.6, 0.6))
                };
                (0..length).map(sample).collect()
            }
            Noise::Babble => {
                let mut sound = vec![0.0; length];
                for talker in 0..6 {
                    let mut at = talker * 3_100;
                    let order = (0..self.sentences.len())
                        .map(|n| (n * 5 + talker * 7) % self.sentences.len());
                    for which in order.cycle() {
                        let sentence = &self.sentences[which];
                        let Some(place) = sound.get_mut(at..) else {
                            break;
                        };
                        place
                            .iter_mut()
                            .zip(sentence)
                            .for_each(|(sample, it)| *sample += it);
                        at += sentence.len() + 900;
                    }
                }
                sound
            }
            Noise::Music => (0..length).map(music).collect(),
        }
    }
}

/// A sample of four chords with a beat.
fn music(at: usize) -> f64 {
    const CHORDS: [[f64; 3]; 4] = [
        [220.0, 261.6, 329.6],
        [174.6, 220.0, 261.6],
        [261.6, 329.6, 392.0],
        [196.0, 246.9, 293.7],
    ];
    let time = at as f64 / RATE as f64;
    let chord = CHORDS[(time / 2.0) as usize % CHORDS.len()];
    let beat = 1.0 - 0.6 * ((time * 2.0).fract());
    let tone = |frequency: f64| {
        let turn = std::f64::consts::TAU * frequency * time;
        turn.sin() + 0.5 * (2.0 * turn).sin() + 0.25 * (3.0 * turn).sin()
    };
    beat * chord.into_iter().map(tone).sum::<f64>()
}

/// A sentence by Debian's `flite`; `None` where it is not there.
fn flite(words: &str, voice: &str, file: &Path) -> Option<Vec<i16>> {
    let status = Command::new("flite")
        .args(["-voice", voice, "-t", words, "-o"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.ok().filter(std::process::ExitStatus::success)?;
    Some(Sound::read(&std::fs::read(file).ok()?).ok()?.telephone())
}

/// Without the silence at both ends, as loud as all others.
fn levelled(sound: &[i16]) -> Vec<f64> {
    let frames: Vec<f64> = sound
        .chunks(FRAME)
        .map(|frame| rms(&frame.iter().map(|it| f64::from(*it)).collect::<Vec<_>>()))
        .collect();
    let edge = EDGE * frames.iter().copied().fold(0.0, f64::max);
    let first = frames.iter().position(|it| *it > edge).unwrap_or(0);
    let last = frames.iter().rposition(|it| *it > edge).unwrap_or(0);
    let end = ((last + 1) * FRAME).min(sound.len());
    let kept: Vec<f64> = sound[first * FRAME..end]
        .iter()
        .map(|it| f64::from(*it))
        .collect();
    let scale = SPEECH_RMS / rms(&kept).max(1.0);
    kept.into_iter().map(|sample| sample * scale).collect()
}

fn rms(samples: &[f64]) -> f64 {
    let sum: f64 = samples.iter().map(|sample| sample * sample).sum();
    (sum / samples.len().max(1) as f64).sqrt()
}

/// Numbers from -1 to 1, the same in each run.
struct Random(u32);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        f64::from(self.0) / f64::from(u32::MAX) * 2.0 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scene_has_its_sentences_where_it_says_and_the_noise_it_was_asked_for() {
        let corpus = Corpus::of_tones();
        let quiet = corpus.scene(Noise::White, None);
        assert_eq!(quiet.sentences.len(), WORDS.len());
        let (begin, _) = quiet.sentences[3];
        assert_eq!(quiet.frames[begin - 2], [mulaw::SILENCE; FRAME]);
        assert_ne!(quiet.frames[begin + 1], [mulaw::SILENCE; FRAME]);
        for noise in NOISES {
            let loud = corpus.scene(noise, Some(10));
            let lead = loud.frames[20..LEAD].concat();
            let samples: Vec<f64> = mulaw::decode_all(&lead)
                .into_iter()
                .map(f64::from)
                .collect();
            let level = 20.0 * (SPEECH_RMS / rms(&samples)).log10();
            assert!((6.0..14.0).contains(&level), "{}: {level}", noise.name());
        }
    }
}
