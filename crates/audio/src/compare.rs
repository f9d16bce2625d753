//! Comparing two recordings of one call by their waveforms: which began later, how alike they are, and what one has that the other lacks.

use crate::level::PEAKS_PER_SECOND;

/// Hundredths of a second in a block; the first search compares blocks.
const BLOCK: usize = 10;
/// Two recordings of a call begin at most so far apart, in blocks: two minutes.
const FARTHEST: i64 = 1_200;
/// A peak as loud as this (of 255) is sound; line noise is below it.
const SOUND: u8 = 3;
/// Sound is looked for this far around a moment, in hundredths: words have pauses, and two recordings are never cut alike.
const AROUND: usize = 15;
/// A gap is this long at least, in hundredths.
const SHORTEST: usize = 30;
/// Between two words of one gap there is no more silence than this, in hundredths.
const PAUSE: usize = 60;

/// How two recordings of one call compare. Times are seconds from the beginning of the first one.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// When the second one begins; negative: before the first.
    pub offset_s: f64,
    /// The correlation of their waveforms where both are there: 1, the same; 0, nothing in common.
    pub similarity: f64,
    /// How long both are there.
    pub overlap_s: f64,
    /// Where only one of them has sound, the earliest first.
    pub gaps: Vec<Gap>,
}

/// Sound that one of two recordings has, and the other has not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gap {
    /// Which one lacks it.
    pub missing: Missing,
    /// When it begins.
    pub from_s: f64,
    /// How long it lasts.
    pub seconds: f64,
}

/// The one of two recordings that lacks something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The first one.
    First,
    /// The second one.
    Second,
}

impl Comparison {
    /// Compares two waveforms of one channel each, as [`crate::Peaks`] makes them. `None`: one of them is silent, so there is nothing to
    /// compare. The time that it takes grows with their lengths, by about a tenth of a second for an hour.
    #[must_use]
    pub fn of(first: &[u8], second: &[u8]) -> Option<Self> {
        let offset = offset(first, second)?;
        let (begin, end) = (
            offset.max(0),
            (first.len() as i64).min(offset + second.len() as i64),
        );
        let seconds = |hundredths: i64| hundredths as f64 / f64::from(PEAKS_PER_SECOND);
        Some(Self {
            offset_s: seconds(offset),
            similarity: similarity(first, second, offset),
            overlap_s: seconds((end - begin).max(0)),
            gaps: gaps(first, second, offset),
        })
    }
}

/// The waveform of several channels as if they were one: the loudest of them at each moment.
#[must_use]
pub fn one_waveform(channels: &[Vec<u8>]) -> Vec<u8> {
    let length = channels.iter().map(Vec::len).max().unwrap_or_default();
    let loudest = |at: usize| channels.iter().filter_map(|channel| channel.get(at)).max();
    (0..length)
        .map(|at| loudest(at).copied().unwrap_or_default())
        .collect()
}

/// A waveform as ears hear it: twice as loud is one step more.
fn heard(peaks: &[u8]) -> Vec<f32> {
    peaks
        .iter()
        .map(|peak| (1.0 + f32::from(*peak)).log2())
        .collect()
}

/// The means of blocks.
fn blocks(values: &[f32], length: usize) -> Vec<f32> {
    values
        .chunks(length)
        .map(|block| block.iter().sum::<f32>() / block.len() as f32)
        .collect()
}

/// When the second one begins, in hundredths: where the two waveforms are most alike.
fn offset(first: &[u8], second: &[u8]) -> Option<i64> {
    let (first, second) = (heard(first), heard(second));
    let coarse = Correlation::new(blocks(&first, BLOCK), blocks(&second, BLOCK));
    let near = coarse.best(-FARTHEST..=FARTHEST)? * BLOCK as i64;
    let fine = Correlation::new(first, second);
    let around = 2 * BLOCK as i64;
    fine.best(near - around..=near + around)
}

/// How alike they are at this offset: by twentieths of a second, in which a shift of less than a hundredth does not matter.
fn similarity(first: &[u8], second: &[u8], offset: i64) -> f64 {
    let (first, second) = (heard(first), heard(second));
    let skipped = |values: &[f32], by: i64| -> Vec<f32> {
        let by = usize::try_from(by).unwrap_or_default().min(values.len());
        blocks(&values[by..], 5)
    };
    let correlation = Correlation::new(skipped(&first, offset), skipped(&second, -offset));
    correlation
        .at(0)
        .map_or(0.0, |likeness| likeness.clamp(0.0, 1.0))
}

/// The correlation (Pearson's) of two series at any offset.
struct Correlation {
    first: Vec<f32>,
    second: Vec<f32>,
    /// Sums of the values and of their squares before each place.
    sums: [Vec<(f64, f64)>; 2],
}

impl Correlation {
    fn new(first: Vec<f32>, second: Vec<f32>) -> Self {
        Self {
            sums: [&first, &second].map(|values| {
                let mut sums = vec![(0.0, 0.0)];
                let (mut sum, mut squares) = (0.0, 0.0);
                for value in values.iter().copied().map(f64::from) {
                    sum += value;
                    squares += value * value;
                    sums.push((sum, squares));
                }
                sums
            }),
            first,
            second,
        }
    }

    /// The offset at which they are most alike. Less than half of the shorter one in common counts for less: by chance a few words are
    /// like a few others.
    fn best(&self, offsets: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let shorter = self.first.len().min(self.second.len()) as f64;
        let weighed = |offset: i64| {
            let common = self.common(offset)?;
            let share = (2.0 * common.2 as f64 / shorter).min(1.0);
            Some((offset, self.at(offset)? * share))
        };
        offsets
            .filter_map(weighed)
            // Of equals the one nearest to none.
            .max_by(|one, other| {
                let near = other.0.abs().cmp(&one.0.abs());
                one.1.total_cmp(&other.1).then(near)
            })
            .filter(|(_, likeness)| *likeness > 0.0)
            .map(|(offset, _)| offset)
    }

    /// Where both are there: the places in each, and the length.
    fn common(&self, offset: i64) -> Option<(usize, usize, usize)> {
        let begin = (
            usize::try_from(offset.max(0)).ok()?,
            usize::try_from((-offset).max(0)).ok()?,
        );
        let left = (
            self.first.len().checked_sub(begin.0)?,
            self.second.len().checked_sub(begin.1)?,
        );
        let length = left.0.min(left.1);
        (length > 1).then_some((begin.0, begin.1, length))
    }

    /// `None` where one of them does not change.
    fn at(&self, offset: i64) -> Option<f64> {
        let (first, second, length) = self.common(offset)?;
        // In pieces: 32 bits are quick, and exact enough for a few values.
        let pieces = self.first[first..first + length]
            .chunks(256)
            .zip(self.second[second..second + length].chunks(256));
        let product: f64 = pieces
            .map(|(one, other)| {
                let products = one.iter().zip(other).map(|(one, other)| one * other);
                f64::from(products.sum::<f32>())
            })
            .sum();
        let count = length as f64;
        let moments = |sums: &[(f64, f64)], begin: usize| {
            let (from, until) = (sums[begin], sums[begin + length]);
            let (sum, squares) = (until.0 - from.0, until.1 - from.1);
            (sum, squares - sum * sum / count)
        };
        let (one, other) = (
            moments(&self.sums[0], first),
            moments(&self.sums[1], second),
        );
        // Rounding leaves a little of nothing.
        let enough = 1e-6 * count;
        if one.1 <= enough || other.1 <= enough {
            return None;
        }
        Some((product - one.0 * other.0 / count) / (one.1 * other.1).sqrt())
    }
}

/// Where only one of them has sound.
fn gaps(first: &[u8], second: &[u8], offset: i64) -> Vec<Gap> {
    let begin = offset.min(0);
    let end = (first.len() as i64).max(offset + second.len() as i64);
    let length = usize::try_from(end - begin).unwrap_or_default();
    let placed = |peaks: &[u8], at: i64| -> Vec<bool> {
        let mut sound = vec![false; length];
        let place = usize::try_from(at - begin).unwrap_or_default();
        for (is_sound, peak) in sound.iter_mut().skip(place).zip(peaks) {
            *is_sound = *peak >= SOUND;
        }
        sound
    };
    let (one, other) = (placed(first, 0), placed(second, offset));
    let mut found = lacking(&one, &other, Missing::Second, begin);
    found.extend(lacking(&other, &one, Missing::First, begin));
    found.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
    found
}

/// What is in `whole` and not in `other`.
fn lacking(whole: &[bool], other: &[bool], missing: Missing, begin: i64) -> Vec<Gap> {
    let near = widened(other);
    let mut found = Vec::new();
    let mut run: Option<(usize, usize)> = None;
    for at in 0..=whole.len() {
        let is_lacking = at < whole.len() && whole[at] && !near[at];
        run = match run {
            None if is_lacking => Some((at, at)),
            Some((from, _)) if is_lacking => Some((from, at)),
            // The other one has sound again, or there was none for longer than a pause.
            Some((from, last)) if at == whole.len() || near[at] || at - last > PAUSE => {
                found.push((from, last + 1));
                None
            }
            run => run,
        };
    }
    let second = f64::from(PEAKS_PER_SECOND);
    found
        .into_iter()
        .filter(|(from, until)| until - from >= SHORTEST)
        .map(|(from, until)| Gap {
            missing,
            from_s: (from as i64 + begin) as f64 / second,
            seconds: (until - from) as f64 / second,
        })
        .collect()
}

/// True where something is true nearby.
fn widened(values: &[bool]) -> Vec<bool> {
    let mut wide = vec![false; values.len()];
    let mut until = 0;
    for (at, _) in values.iter().enumerate().filter(|(_, value)| **value) {
        let end = (at + AROUND + 1).min(values.len());
        wide[at.saturating_sub(AROUND).max(until)..end].fill(true);
        until = end;
    }
    wide
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Peaks, RATE};

    fn peaks(samples: &[i16]) -> Vec<u8> {
        let mut peaks = Peaks::new(RATE, 1);
        peaks.push(samples);
        peaks.finish().channels().remove(0)
    }

    /// Something like speech: bursts of noise of different lengths and loudness, with pauses between them.
    fn talk(seed: u32, seconds: usize) -> Vec<i16> {
        let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
        let mut next = move |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let length = seconds * RATE as usize;
        let mut samples = Vec::with_capacity(length + 8_000);
        while samples.len() < length {
            let loud = 2_000 + next(14_000) as i32;
            for _ in 0..800 + next(4_000) {
                samples.push((next(2 * loud as u32) as i32 - loud) as i16);
            }
            samples.extend(std::iter::repeat_n(0, 400 + next(3_200) as usize));
        }
        samples.truncate(length);
        samples
    }

    fn silence(seconds: f64) -> Vec<i16> {
        vec![0; (seconds * f64::from(RATE)) as usize]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn shift_is_found_whichever_began_first(seed in 0u32..1_000_000, shift in 0usize..80_000, is_first in any::<bool>(), quieter in 1i16..6) {
            let whole = talk(seed, 40);
            let part: Vec<i16> = whole[shift..].iter().map(|sample| sample / quieter).collect();
            let (whole, part) = (peaks(&whole), peaks(&part));
            let expected = shift as f64 / f64::from(RATE);
            let (found, expected) = match is_first {
                true => (Comparison::of(&part, &whole), -expected),
                false => (Comparison::of(&whole, &part), expected),
            };
            let found = found.unwrap();
            prop_assert!((found.offset_s - expected).abs() <= 0.02, "{} {expected}", found.offset_s);
            prop_assert!(found.similarity > 0.9, "{}", found.similarity);
            // What came before the later one began is what it lacks.
            let lacking = match is_first { true => Missing::First, false => Missing::Second };
            prop_assert!(found.gaps.iter().all(|gap| gap.missing == lacking), "{:?}", found.gaps);
            let before = f64::max(-found.offset_s, found.offset_s);
            let lacks: f64 = found.gaps.iter().map(|gap| gap.seconds).sum();
            prop_assert!(lacks <= before + 0.02);
        }

        #[test]
        fn gap_is_found_where_it_is_and_nothing_else(seed in 0u32..1_000_000, shift in 0usize..16_000, from in 80_000usize..160_000, length in 16_000usize..40_000, is_first in any::<bool>()) {
            let whole = talk(seed, 40);
            let mut holed = whole[shift..].to_vec();
            holed[from - shift..from - shift + length].fill(0);
            let (one, other) = (peaks(&whole), peaks(&holed));
            let found = match is_first {
                true => Comparison::of(&other, &one),
                false => Comparison::of(&one, &other),
            }.unwrap();
            prop_assert!(found.similarity > 0.5, "{}", found.similarity);
            // In the time of the whole one.
            let zero = if is_first { shift as f64 / f64::from(RATE) } else { 0.0 };
            let (from, until) = (from as f64 / f64::from(RATE), (from + length) as f64 / f64::from(RATE));
            let lacking = match is_first { true => Missing::First, false => Missing::Second };
            let inside = |gap: &&Gap| {
                let begin = gap.from_s + zero;
                begin >= from - 0.05 && begin + gap.seconds <= until + 0.05
            };
            let missing: f64 = found.gaps.iter().filter(inside).map(|gap| gap.seconds).sum();
            // Pauses at its ends are no loss, nor what is near the sound of the other.
            prop_assert!(missing >= until - from - 1.25, "{missing} {from} {until} {:?}", found.gaps);
            for gap in &found.gaps {
                prop_assert_eq!(gap.missing, lacking);
                let in_head = gap.from_s + zero <= shift as f64 / f64::from(RATE) + 0.02;
                prop_assert!(inside(&gap) || in_head, "{gap:?} {from} {until}");
            }
        }

        #[test]
        fn waveforms_of_any_kind_are_compared(first in prop::collection::vec(any::<u8>(), 0..400), second in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Some(found) = Comparison::of(&first, &second) {
                prop_assert!((0.0..=1.0).contains(&found.similarity));
                prop_assert!(found.overlap_s <= first.len().min(second.len()) as f64 / 100.0 + 1e-9);
            }
        }
    }

    #[test]
    fn same_recording_is_the_same() {
        let one = peaks(&talk(7, 30));
        let found = Comparison::of(&one, &one).unwrap();
        assert_eq!((found.offset_s, found.overlap_s), (0.0, 30.0));
        assert!(found.similarity > 0.999);
        assert_eq!(found.gaps, []);
    }

    #[test]
    fn different_talk_is_not_alike() {
        let (one, other) = (peaks(&talk(1, 60)), peaks(&talk(2, 60)));
        let found = Comparison::of(&one, &other).unwrap();
        assert!(found.similarity < 0.5, "{}", found.similarity);
    }

    #[test]
    fn silence_is_compared_with_nothing() {
        let sound = peaks(&talk(3, 10));
        assert_eq!(Comparison::of(&sound, &peaks(&silence(10.0))), None);
        assert_eq!(Comparison::of(&[], &sound), None);
        assert_eq!(Comparison::of(&[], &[]), None);
    }

    #[test]
    fn recording_that_ends_early_lacks_the_rest() {
        let whole = talk(4, 30);
        let (one, other) = (peaks(&whole), peaks(&whole[..RATE as usize * 20]));
        let found = Comparison::of(&one, &other).unwrap();
        assert_eq!((found.offset_s, found.overlap_s), (0.0, 20.0));
        let first = found.gaps[0];
        assert_eq!(first.missing, Missing::Second);
        assert!(first.from_s >= 20.0 && first.from_s < 21.0, "{first:?}");
        let last = found.gaps.last().unwrap();
        assert!(last.from_s + last.seconds > 28.0, "{last:?}");
    }

    #[test]
    fn hour_with_twelve_minutes_between_them_is_not_searched() {
        // Beyond two minutes nothing is looked for: they are no recordings of one call's same time.
        let whole = talk(5, 900);
        let (one, other) = (peaks(&whole), peaks(&whole[RATE as usize * 720..]));
        let found = Comparison::of(&one, &other).unwrap();
        assert!(found.similarity < 0.5, "{}", found.similarity);
    }

    #[test]
    fn channels_become_one_waveform() {
        assert_eq!(one_waveform(&[vec![1, 5, 2], vec![3, 0]]), [3, 5, 2]);
        assert_eq!(one_waveform(&[]), [] as [u8; 0]);
    }
}
