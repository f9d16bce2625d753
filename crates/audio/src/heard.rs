use std::f64::consts::TAU;

use crate::RATE;
use crate::packet::{BIT, MARK, MARK_BITS, WAVES, checksum};

/// A bit counts when its tone carries this much of the sound, and the sound is not almost silent.
const CLEAR: f64 = 0.6;
const FAINT: f64 = 8.0 * 40.0 * 40.0;

/// The words of [`crate::speech`] in samples at 8 kHz; `None` when there are none. What is cut off in a word's tones, or drowned by
/// other sound, is left out.
#[must_use]
pub fn heard(samples: &[i16]) -> Option<String> {
    let words: Vec<String> = heard_words(samples)
        .into_iter()
        .map(|word| word.text)
        .collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// A word of [`crate::speech`], and where it is, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub struct HeardWord {
    /// The word.
    pub text: String,
    /// Where it begins.
    pub from_s: f64,
    /// Where the next one begins, or the sound ends.
    pub to_s: f64,
}

/// The same, each word with its place.
#[must_use]
pub fn heard_words(samples: &[i16]) -> Vec<HeardWord> {
    let ear = Ear::new(samples);
    let seconds = |sample: usize| sample as f64 / f64::from(RATE);
    let mut words: Vec<HeardWord> = Vec::new();
    // A very long word comes in pieces, of which the last has the space after it.
    let mut is_open = false;
    let mut at = 0;
    while at + MARK_BITS * BIT <= samples.len() {
        let Some((piece, end)) = ear.packet(at) else {
            at += 1;
            continue;
        };
        let piece = String::from_utf8_lossy(&piece);
        match words.last_mut().filter(|_| is_open) {
            Some(word) => word.text.push_str(piece.trim_end()),
            None => {
                if let Some(before) = words.last_mut() {
                    before.to_s = seconds(at);
                }
                words.push(HeardWord {
                    text: piece.trim_end().to_owned(),
                    from_s: seconds(at),
                    to_s: seconds(samples.len()),
                });
            }
        }
        is_open = !piece.ends_with(' ');
        at = end;
    }
    words.retain(|word| !word.text.is_empty());
    words
}

/// What each bit would be if it began at each sample.
struct Ear {
    /// How clearly each one is a 1 (positive) or a 0 (negative); zero is neither.
    bits: Vec<f64>,
}

impl Ear {
    fn new(samples: &[i16]) -> Self {
        let turns: Vec<[(f64, f64); 2]> = (0..BIT)
            .map(|at| WAVES.map(|waves| (TAU * waves * at as f64 / BIT as f64).sin_cos()))
            .collect();
        let bits = samples.windows(BIT).map(|window| {
            let energy: f64 = window.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            if energy < FAINT {
                return 0.0;
            }
            let share = |tone: usize| {
                let (sine, cosine) = window.iter().zip(&turns).fold((0.0, 0.0), |sums, it| {
                    let (sample, (sine, cosine)) = (f64::from(*it.0), it.1[tone]);
                    (sums.0 + sample * sine, sums.1 + sample * cosine)
                });
                2.0 * (sine * sine + cosine * cosine) / (BIT as f64 * energy)
            };
            let (zero, one) = (share(0), share(1));
            match one > zero {
                true if one > CLEAR => one,
                false if zero > CLEAR => -zero,
                _ => 0.0,
            }
        });
        Self {
            bits: bits.collect(),
        }
    }

    fn bit(&self, at: usize) -> Option<bool> {
        self.bits
            .get(at)
            .filter(|bit| **bit != 0.0)
            .map(|bit| *bit > 0.0)
    }

    /// How clearly the mark begins here; `None` when it does not.
    fn mark(&self, at: usize) -> Option<f64> {
        let mut clear = 0.0;
        for index in 0..MARK_BITS {
            let place = at + index * BIT;
            let wanted = MARK >> (MARK_BITS - 1 - index) & 1 == 1;
            if self.bit(place)? != wanted {
                return None;
            }
            clear += self.bits[place].abs();
        }
        Some(clear)
    }

    fn byte(&self, at: usize) -> Option<u8> {
        (0..8).try_fold(0, |byte, index| {
            Some(byte << 1 | u8::from(self.bit(at + index * BIT)?))
        })
    }

    /// A packet that begins here or within the next bit, and where it ends.
    fn packet(&self, at: usize) -> Option<(Vec<u8>, usize)> {
        self.mark(at)?;
        // Where it is clearest is where it begins.
        let (start, _) = (at..at + BIT)
            .filter_map(|at| Some((at, self.mark(at)?)))
            .max_by(|one, other| one.1.total_cmp(&other.1))?;
        let mut place = start + MARK_BITS * BIT;
        let mut next = || {
            let byte = self.byte(place);
            place += 8 * BIT;
            byte
        };
        let mut bytes = vec![next()?];
        for _ in 0..bytes[0] {
            bytes.push(next()?);
        }
        let sum = u16::from_be_bytes([next()?, next()?]);
        let word = bytes.split_off(1);
        bytes.extend_from_slice(&word);
        (sum == checksum(&bytes) && std::str::from_utf8(&word).is_ok()).then_some((word, place))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Encoding, RATE, Sound, heard, heard_words, mulaw, speaking_s, speech, speech_s};

    const ANSWER: &str = "I led a team of five through a migration, naïvely — twice.";

    #[test]
    fn words_come_back_at_any_length() {
        for seconds in [None, Some(2.0), Some(12.0), Some(0.1)] {
            let sound = speech(ANSWER, seconds);
            assert_eq!(heard(&sound).as_deref(), Some(ANSWER));
            assert_eq!(
                sound.len() as f64 / f64::from(RATE),
                speech_s(ANSWER, seconds)
            );
        }
        assert_eq!(speech_s(ANSWER, Some(12.0)), 12.0);
        assert_eq!(
            speech_s(ANSWER, None),
            (speaking_s(ANSWER) * 8_000.0).round() / 8_000.0
        );
        assert_eq!(speech(ANSWER, None), speech(ANSWER, None));
        let long = "x".repeat(700);
        assert_eq!(heard(&speech(&long, None)), Some(long));
    }

    #[test]
    fn each_word_has_its_place() {
        let mut sound = vec![0; 8_000];
        sound.extend(speech("one two three", Some(3.0)));
        let words = heard_words(&sound);
        let texts: Vec<&str> = words.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(texts, ["one", "two", "three"]);
        assert!((words[0].from_s - 1.0).abs() < 0.01, "{words:?}");
        assert!(words.windows(2).all(|it| it[0].to_s == it[1].from_s));
        assert_eq!(words[2].to_s, 4.0);
        assert!(heard_words(&[0; 4_000]).is_empty());
    }

    #[test]
    fn words_survive_the_telephone() {
        let sound = speech(ANSWER, Some(6.0));
        let phoned = mulaw::decode_all(&mulaw::encode_all(&sound));
        assert_eq!(heard(&phoned).as_deref(), Some(ANSWER));
        let quiet: Vec<i16> = phoned.iter().map(|sample| sample / 16).collect();
        assert_eq!(heard(&quiet).as_deref(), Some(ANSWER));
        let mut shifted = vec![0; 1_237];
        shifted.extend(&phoned);
        assert_eq!(heard(&shifted).as_deref(), Some(ANSWER));
    }

    #[test]
    fn words_survive_a_wider_and_a_stereo_file() {
        let sound = speech(ANSWER, Some(6.0));
        // Twice the rate, with what lies between two samples half-way between them.
        let wide: Vec<i16> = sound
            .windows(2)
            .flat_map(|pair| {
                [
                    pair[0],
                    ((i32::from(pair[0]) + i32::from(pair[1])) / 2) as i16,
                ]
            })
            .collect();
        let wide = Sound {
            rate: 16_000,
            channels: 1,
            samples: wide,
        };
        assert_eq!(wide.heard().as_deref(), Some(ANSWER));
        let both = Sound::stereo(&sound, &speech("and you", None));
        let file = both.to_wav(Encoding::MuLaw).unwrap();
        let expected = format!("{ANSWER} and you");
        assert_eq!(Sound::read(&file).unwrap().heard(), Some(expected));
    }

    #[test]
    fn who_is_cut_off_has_said_the_words_before() {
        let sound = speech("one two three four", Some(4.0));
        let half = heard(&sound[..sound.len() / 2]).unwrap();
        assert!("one two three four".starts_with(&half) && half.starts_with("one two"));
        assert_eq!(heard(&sound[..200]), None);
    }

    #[test]
    fn several_things_are_heard_one_after_the_other() {
        let mut sound = speech("yes", None);
        sound.extend([0; 4_000]);
        sound.extend(speech("of course", None));
        assert_eq!(heard(&sound).as_deref(), Some("yes of course"));
    }

    #[test]
    fn nothing_is_made_up() {
        assert_eq!(heard(&[]), None);
        assert_eq!(heard(&[0; 8_000]), None);
        assert_eq!(heard(&speech("", Some(10.0))), None);
        // Noise, and tones as a telephone makes them.
        let mut state = 1u32;
        let noise: Vec<i16> = (0..80_000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16
            })
            .collect();
        assert_eq!(heard(&noise), None);
        for pitch in [350.0, 440.0, 697.0, 1_000.0, 1_477.0, 2_000.0] {
            let turn = std::f64::consts::TAU * pitch / 8_000.0;
            let tone: Vec<i16> = (0..16_000)
                .map(|at| (9_000.0 * (turn * f64::from(at)).sin()) as i16)
                .collect();
            assert_eq!(heard(&tone), None);
        }
    }

    #[test]
    fn it_sounds_all_the_time_it_lasts() {
        let sound = speech(ANSWER, Some(12.0));
        let quietest = sound
            .chunks(800)
            .map(|tenth| tenth.iter().map(|sample| sample.unsigned_abs()).max())
            .min();
        assert!(quietest > Some(Some(1_000)));
    }
}
