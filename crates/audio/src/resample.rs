//! From one rate to another without aliases: a polyphase filter with a Kaiser window, for sound that comes in pieces.
//!
//! What lies below 85 % of the lower rate's half passes as it is; what lies above that half is at least 60 dB quieter. The filter's
//! delay is taken off, so that a sample of the output lies where it lay in the input.

use std::f64::consts::PI;

/// The share of the band that passes as it is.
const PASS: f64 = 0.85;
/// How much quieter aliases are, in dB; a little more than is promised.
const REJECTION_DB: f64 = 70.0;
/// Rates whose smallest common multiple is beyond this many times their greatest common divisor would need filters of megabytes.
const LONGEST: u64 = 1_000_000;

/// A stream of sound on its way to another rate.
#[derive(Debug, Clone)]
pub struct Resampler {
    /// So many output samples come for so many input samples.
    up: usize,
    down: usize,
    /// One row of taps for each phase between two input samples.
    phases: Vec<Vec<f32>>,
    /// The latest input, the oldest first.
    history: Vec<f32>,
    /// Where the next output lies, in steps of the common rate after the first input sample in `history`'s last place.
    next: usize,
    /// Before the first input.
    start: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    /// From one rate to another; `None` for rates that have too little in common.
    #[must_use]
    pub fn new(from: u32, to: u32) -> Option<Self> {
        let common = gcd(from, to);
        if common == 0 {
            return None;
        }
        let (up, down) = ((to / common) as usize, (from / common) as usize);
        if up as u64 * down as u64 > LONGEST {
            return None;
        }
        let lower = f64::from(from.min(to)) / 2.0;
        let rate = f64::from(from) * up as f64;
        let width = 2.0 * PI * lower * (1.0 - PASS) / rate;
        let wanted = ((REJECTION_DB - 8.0) / (2.285 * width) / 2.0).ceil() as usize;
        // The delay is a whole number of output samples.
        let delay = wanted.div_ceil(down) * down;
        let taps = filter(delay, lower * (1.0 + PASS) / 2.0 / rate);
        let phases = (0..up).map(|phase| {
            let row = taps.iter().skip(phase).step_by(up);
            row.map(|tap| (tap * up as f64) as f32).collect()
        });
        let phases: Vec<Vec<f32>> = phases.collect();
        let longest = phases.iter().map(Vec::len).max().unwrap_or(1);
        Some(Self {
            up,
            down,
            phases,
            history: vec![0.0; longest],
            next: delay,
            start: delay,
            taken: 0,
            given: 0,
        })
    }

    /// The next samples; what they make ready is added to `out`.
    pub fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        self.taken += samples.len() as u64;
        for sample in samples {
            self.step(f32::from(*sample), out);
        }
    }

    /// The rest, so that the whole output is as long as the whole input. What comes next is a sound of its own.
    pub fn finish(&mut self, out: &mut Vec<i16>) {
        let whole = (self.taken * self.up as u64).div_ceil(self.down as u64);
        while self.given < whole {
            self.step(0.0, out);
        }
        let surplus = self.given.saturating_sub(whole) as usize;
        out.truncate(out.len().saturating_sub(surplus));
        self.reset();
    }

    /// Forgets what came: what comes next is a sound of its own.
    pub fn reset(&mut self) {
        self.history.fill(0.0);
        self.next = self.start;
        self.taken = 0;
        self.given = 0;
    }

    /// One sample of the input, and those of the output that lie before the one after it.
    fn step(&mut self, sample: f32, out: &mut Vec<i16>) {
        self.history.rotate_left(1);
        if let Some(last) = self.history.last_mut() {
            *last = sample;
        }
        while self.next < self.up {
            let row = &self.phases[self.next];
            let latest = self.history.iter().rev();
            let sum: f32 = row.iter().zip(latest).map(|(tap, it)| tap * it).sum();
            out.push(sum.round().clamp(-32_768.0, 32_767.0) as i16);
            self.given += 1;
            self.next += self.down;
        }
        self.next -= self.up;
    }
}

/// All of a sound at another rate; `None` where the rates have too little in common.
pub(crate) fn resampled(samples: &[i16], from: u32, to: u32) -> Option<Vec<i16>> {
    let mut resampler = Resampler::new(from, to)?;
    let whole = samples.len() as u64 * u64::from(to) / u64::from(from.max(1));
    let mut out = Vec::with_capacity(whole as usize + 2);
    resampler.push(samples, &mut out);
    resampler.finish(&mut out);
    Some(out)
}

/// A low-pass filter of `2 * delay + 1` taps; `cutoff` as a share of the rate.
fn filter(delay: usize, cutoff: f64) -> Vec<f64> {
    let beta = 0.1102 * (REJECTION_DB - 8.7);
    let middle = delay as f64;
    let taps = (0..=2 * delay).map(|n| {
        let at = n as f64 - middle;
        let sinc = match at == 0.0 {
            true => 2.0 * cutoff,
            false => (2.0 * PI * cutoff * at).sin() / (PI * at),
        };
        let share = at / middle.max(1.0);
        sinc * bessel(beta * (1.0 - share * share).max(0.0).sqrt()) / bessel(beta)
    });
    taps.collect()
}

/// The modified Bessel function of the first kind and order 0.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..=32 {
        term *= (x / 2.0 / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

fn gcd(mut one: u32, mut other: u32) -> u32 {
    while other > 0 {
        (one, other) = (other, one % other);
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second of a tone.
    fn tone(rate: u32, hertz: f64) -> Vec<i16> {
        let step = 2.0 * PI * hertz / f64::from(rate);
        (0..rate)
            .map(|n| ((f64::from(n) * step).sin() * 16_000.0) as i16)
            .collect()
    }

    /// Its level against the tone's, in dB, without the ends.
    fn level_db(samples: &[i16]) -> f64 {
        let middle = &samples[samples.len() / 10..samples.len() * 9 / 10];
        let sum: f64 = middle.iter().map(|it| f64::from(*it).powi(2)).sum();
        let rms = (sum / middle.len() as f64).sqrt();
        20.0 * (rms.max(0.1) / (16_000.0 / 2f64.sqrt())).log10()
    }

    const RATES: [(u32, u32); 6] = [
        (8_000, 16_000),
        (16_000, 8_000),
        (8_000, 24_000),
        (24_000, 8_000),
        (16_000, 24_000),
        (24_000, 16_000),
    ];

    #[test]
    fn tones_in_the_band_pass_as_they_are() {
        for (from, to) in RATES {
            for hertz in [300.0, 1_000.0, 3_300.0] {
                let out = resampled(&tone(from, hertz), from, to).unwrap();
                assert_eq!(out.len(), to as usize);
                let level = level_db(&out);
                assert!(level.abs() < 0.1, "{from} {to} {hertz}: {level}");
            }
        }
    }

    #[test]
    fn aliases_are_sixty_decibels_quieter() {
        for (from, to) in RATES.into_iter().filter(|(from, to)| from > to) {
            for hertz in [4_100.0, 5_000.0, 7_000.0, 7_900.0, 9_000.0, 11_000.0] {
                if hertz > f64::from(to) / 2.0 && hertz < f64::from(from) / 2.0 {
                    let out = resampled(&tone(from, hertz), from, to).unwrap();
                    let level = level_db(&out);
                    assert!(level < -60.0, "{from} {to} {hertz}: {level}");
                }
            }
        }
    }

    #[test]
    fn images_of_a_higher_rate_are_sixty_decibels_quieter() {
        // What is left when the tone itself is taken off.
        for (from, to) in RATES.into_iter().filter(|(from, to)| from < to) {
            let out = resampled(&tone(from, 1_000.0), from, to).unwrap();
            let wanted = tone(to, 1_000.0);
            let rest: Vec<i16> = out.iter().zip(&wanted).map(|(a, b)| a - b).collect();
            let level = level_db(&rest);
            assert!(level < -60.0, "{from} {to}: {level}");
        }
    }

    #[test]
    fn pieces_make_the_same_sound_as_the_whole_and_a_reset_begins_anew() {
        let sound = tone(24_000, 440.0);
        let whole = resampled(&sound, 24_000, 8_000).unwrap();
        let mut resampler = Resampler::new(24_000, 8_000).unwrap();
        let mut junk = Vec::new();
        resampler.push(&sound[..1_001], &mut junk);
        resampler.reset();
        let mut pieces = Vec::new();
        for piece in sound.chunks(77) {
            resampler.push(piece, &mut pieces);
        }
        resampler.finish(&mut pieces);
        assert_eq!(pieces, whole);
    }

    #[test]
    fn rates_without_much_in_common_are_none_and_odd_ones_work() {
        assert!(Resampler::new(383_999, 8_000).is_none());
        assert!(Resampler::new(0, 0).is_none());
        let out = resampled(&tone(44_100, 1_000.0), 44_100, 8_000).unwrap();
        assert!(out.len() == 8_000 && level_db(&out).abs() < 0.1);
        assert_eq!(resampled(&[], 16_000, 8_000), Some(Vec::new()));
        assert_eq!(resampled(&[5; 100], 8_000, 8_000).unwrap().len(), 100);
    }
}
