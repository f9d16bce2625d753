use std::f64::consts::TAU;

use crate::RATE;
use crate::packet::{BIT, LONGEST, WAVES, bits, length};

/// How loud the tones and the buzz are.
const TONE: f64 = 9_000.0;
const BUZZ: f64 = 11_000.0;

/// How long a syllable lasts, and the breath at its end, in samples.
const SYLLABLE: usize = 1_300;
const BREATH: usize = 200;

/// The two lowest resonances of five vowels (a, e, i, o, u), in Hz, roughly as phonetics books give them for a man.
const VOWELS: [[f64; 2]; 5] = [
    [730.0, 1_090.0],
    [530.0, 1_840.0],
    [270.0, 2_290.0],
    [570.0, 840.0],
    [300.0, 870.0],
];

/// How long a voice needs for a text, at about 15 characters in a second.
#[must_use]
pub fn speaking_s(text: &str) -> f64 {
    (text.chars().count() as f64 / 15.0).max(0.5)
}

/// How long [`speech`] will be: as long as wanted, unless the words do not fit (about 100 letters go into a second).
#[must_use]
pub fn speech_s(text: &str, seconds: Option<f64>) -> f64 {
    samples(&pieces(text), text, seconds) as f64 / f64::from(RATE)
}

/// A simulated voice that says a text, at 8 kHz in one channel: see the crate's documentation. The same text gives the same sound.
#[must_use]
pub fn speech(text: &str, seconds: Option<f64>) -> Vec<i16> {
    let pieces = pieces(text);
    let total = samples(&pieces, text, seconds);
    let packed = pieces.iter().map(|piece| packed(piece)).sum::<usize>();
    let letters = pieces.iter().map(String::len).sum::<usize>();
    let mut sound = Vec::with_capacity(total);
    let mut said = 0;
    for piece in &pieces {
        tones(&mut sound, piece);
        let voiced = |letters_said: usize| (total - packed) * letters_said / letters;
        let length = voiced(said + piece.len()) - voiced(said);
        said += piece.len();
        buzz(&mut sound, piece, length);
    }
    // Without words it is all buzz.
    let rest = total - sound.len();
    buzz(&mut sound, text, rest);
    sound
}

fn samples(pieces: &[String], text: &str, seconds: Option<f64>) -> usize {
    let wanted = seconds
        .unwrap_or_else(|| speaking_s(text))
        .clamp(0.0, 3_600.0);
    let packed = pieces.iter().map(|piece| packed(piece)).sum::<usize>();
    ((wanted * f64::from(RATE)).round() as usize).max(packed)
}

fn packed(piece: &str) -> usize {
    (length(piece.len()) + 1) * BIT
}

/// Words, each with the space after it; very long ones in parts.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for word in text.split_whitespace() {
        let mut piece = String::new();
        for letter in word.chars() {
            if piece.len() + letter.len_utf8() > LONGEST {
                pieces.push(std::mem::take(&mut piece));
            }
            piece.push(letter);
        }
        piece.push(' ');
        pieces.push(piece);
    }
    pieces
}

/// A word's packet, after one bit that lets the ear settle.
fn tones(sound: &mut Vec<i16>, piece: &str) {
    for bit in std::iter::once(false).chain(bits(piece.as_bytes())) {
        let turn = TAU * WAVES[usize::from(bit)] / BIT as f64;
        sound.extend((0..BIT).map(|at| (TONE * (turn * at as f64).sin()) as i16));
    }
}

/// Syllables: one period of a vowel again and again, swelling and fading.
fn buzz(sound: &mut Vec<i16>, piece: &str, samples: usize) {
    let letters = piece.as_bytes();
    for (count, start) in (0..samples).step_by(SYLLABLE).enumerate() {
        let length = SYLLABLE.min(samples - start);
        let letter = letters
            .get(count % letters.len().max(1))
            .copied()
            .unwrap_or(b'a');
        let period = period(letter);
        let voiced = length.saturating_sub(BREATH).max(1);
        sound.extend((0..length).map(|at| {
            let swell = if at < voiced {
                (TAU * at as f64 / (2 * voiced) as f64).sin()
            } else {
                0.0
            };
            (BUZZ * swell * period[at % period.len()]) as i16
        }));
    }
}

/// One period of a voice, about 115 to 145 Hz, for a letter.
fn period(letter: u8) -> Vec<f64> {
    let length = 56 + usize::from(letter % 14);
    let resonances = VOWELS[usize::from(letter % 5)];
    let pitch = f64::from(RATE) / length as f64;
    let strength = |frequency: f64| -> f64 {
        resonances
            .iter()
            .map(|resonance| 1.0 / (1.0 + ((frequency - resonance) / 120.0).powi(2)))
            .sum()
    };
    let overtones: Vec<(f64, f64)> = (1..)
        .map(|overtone| f64::from(overtone) * pitch)
        .take_while(|frequency| *frequency < 3_300.0)
        .map(|frequency| (frequency, strength(frequency)))
        .collect();
    let loudest = overtones.iter().map(|(_, strength)| strength).sum::<f64>();
    (0..length)
        .map(|at| {
            let time = at as f64 / f64::from(RATE);
            let sum: f64 = overtones
                .iter()
                .map(|(frequency, strength)| strength * (TAU * frequency * time).sin())
                .sum();
            sum / loudest
        })
        .collect()
}
