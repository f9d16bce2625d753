//! How loud sound is.

/// Peaks of a waveform for each second of sound.
pub const PEAKS_PER_SECOND: u32 = 100;

/// The root mean square of some samples, 0 to 32,768; 0 of none.
#[must_use]
pub fn rms(samples: &[i16]) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    // Exact: 2^30 for each sample leaves room for 2^34 of them.
    let sum: u64 = samples
        .iter()
        .map(|sample| u64::from(sample.unsigned_abs()).pow(2))
        .sum();
    (sum as f64 / samples.len() as f64).sqrt() as f32
}

/// The level in dBFS: 0 is the loudest square wave, -96 and less is silence.
#[must_use]
pub fn dbfs(samples: &[i16]) -> f32 {
    20.0 * (rms(samples) / 32_768.0).max(1e-6).log10()
}

/// The sum of two samples, clipped where it is louder than a sample can be.
#[must_use]
pub const fn mixed(one: i16, other: i16) -> i16 {
    one.saturating_add(other)
}

/// Adds samples to those that are there, moment by moment; the longer one's rest stays as it is.
pub fn mix_into(target: &mut [i16], added: &[i16]) {
    for (target, added) in target.iter_mut().zip(added) {
        *target = mixed(*target, *added);
    }
}

/// Peaks of a channel that lie in one piece of memory.
const TOGETHER: usize = 1 << 16;

/// The peaks of one channel so far, in pieces that never move: one that doubled would hold three times of what a call of a day has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Track {
    full: Vec<Vec<u8>>,
    last: Vec<u8>,
}

impl Track {
    fn len(&self) -> usize {
        self.full.len() * TOGETHER + self.last.len()
    }

    fn push(&mut self, peak: u8) {
        if self.last.len() == TOGETHER {
            let next = Vec::with_capacity(TOGETHER);
            self.full.push(std::mem::replace(&mut self.last, next));
        }
        self.last.push(peak);
    }

    fn pieces(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.full.iter().chain(std::iter::once(&self.last))
    }

    fn truncate(&mut self, length: usize) {
        let before = self.full.len() * TOGETHER;
        if length >= before {
            self.last.truncate(length - before);
        } else {
            self.full.truncate(length / TOGETHER + 1);
            self.last = self.full.pop().unwrap_or_default();
            self.last.truncate(length % TOGETHER);
        }
    }
}

/// The waveform of a piece of sound: for each channel the loudest magnitude of each hundredth of a second, in 8 bits. It stays in
/// the pieces in which it was made: one piece for all would need its memory twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waveform(Vec<Track>);

impl Waveform {
    /// Peaks in each channel.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.first().map_or(0, Track::len)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what comes after so many peaks.
    pub fn truncate(&mut self, length: usize) {
        for track in &mut self.0 {
            track.truncate(length);
        }
    }

    /// The peaks of each channel, each in one piece of memory.
    #[must_use]
    pub fn channels(&self) -> Vec<Vec<u8>> {
        let whole = |track: &Track| track.pieces().flatten().copied().collect();
        self.0.iter().map(whole).collect()
    }

    /// The JSON document that is kept beside a file, `{"bits": 8, "channels": [[...], ...], "per_second": 100}`, in pieces: a call of
    /// a day has millions of peaks in each channel, and the whole document would take thirty times their size.
    pub fn json(&self) -> impl Iterator<Item = String> {
        let listed = self.0.iter().enumerate().flat_map(|(nth, track)| {
            let open = if nth == 0 { "[" } else { ",[" };
            let pieces = track.pieces().flat_map(|piece| piece.chunks(PIECE));
            let pieces = pieces.enumerate().map(|(at, piece)| {
                let numbers: Vec<String> = piece.iter().map(u8::to_string).collect();
                let comma = if at == 0 { "" } else { "," };
                format!("{comma}{}", numbers.join(","))
            });
            let pieces = std::iter::once(open.to_owned()).chain(pieces);
            pieces.chain(std::iter::once("]".to_owned()))
        });
        let head = std::iter::once(r#"{"bits":8,"channels":["#.to_owned());
        head.chain(listed).chain(std::iter::once(format!(
            r#"],"per_second":{PEAKS_PER_SECOND}}}"#
        )))
    }
}

/// The waveform of sound that comes in pieces: for each channel the loudest magnitude of each hundredth of a second, in 8 bits.
///
/// Pieces may end anywhere, in the middle of a moment too. The memory that it takes is 100 bytes for each second and channel, and
/// a fixed piece more.
#[derive(Debug, Clone)]
pub struct Peaks {
    rate: u64,
    channels: Vec<Track>,
    /// The loudest magnitude of each channel in the hundredth that is not over.
    loudest: Vec<u16>,
    /// The channel of the next sample.
    channel: usize,
    moments: u64,
}

impl Peaks {
    /// Nothing yet. A rate or a number of channels of 0 counts as 1.
    #[must_use]
    pub fn new(rate: u32, channels: u16) -> Self {
        let channels = usize::from(channels.max(1));
        Self {
            rate: u64::from(rate.max(1)),
            channels: vec![Track::default(); channels],
            loudest: vec![0; channels],
            channel: 0,
            moments: 0,
        }
    }

    /// The next samples, those of one moment side by side.
    pub fn push(&mut self, samples: &[i16]) {
        for sample in samples {
            let loudest = &mut self.loudest[self.channel];
            *loudest = (*loudest).max(sample.unsigned_abs());
            self.channel += 1;
            if self.channel == self.channels.len() {
                self.channel = 0;
                self.moments += 1;
                let begun = self.moments * u64::from(PEAKS_PER_SECOND) / self.rate;
                // More than one at rates below 100: then a moment stands for several.
                while (self.channels[0].len() as u64) < begun {
                    self.emit();
                }
                if self.is_boundary() {
                    self.loudest.fill(0);
                }
            }
        }
    }

    /// The peaks of each channel; the last one may stand for less than a hundredth of a second.
    #[must_use]
    pub fn finish(mut self) -> Waveform {
        if !self.is_boundary() {
            self.emit();
        }
        Waveform(self.channels)
    }

    /// Whether the last whole moment ended a hundredth of a second.
    fn is_boundary(&self) -> bool {
        let per_second = u64::from(PEAKS_PER_SECOND);
        self.moments * per_second / self.rate
            != self.moments.saturating_sub(1) * per_second / self.rate
            || self.moments == 0
    }

    fn emit(&mut self) {
        for (peaks, loudest) in self.channels.iter_mut().zip(&self.loudest) {
            // 32,768 is 255 as well as 32,767.
            peaks.push((loudest >> 7).min(255) as u8);
        }
    }
}

/// Numbers in one piece of [`Waveform::json`].
const PIECE: usize = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rms_of_a_square_wave_is_its_height() {
        assert_eq!(rms(&[]), 0.0);
        assert_eq!(rms(&[i16::MIN; 480_000]), 32_768.0);
        assert_eq!(rms(&[500, -500]), 500.0);
        assert_eq!(dbfs(&[i16::MIN; 160]), 0.0);
        assert!((dbfs(&[3_277, -3_277]) + 20.0).abs() < 0.01);
        assert!(dbfs(&[0; 160]) < -96.0);
    }

    #[test]
    fn mixing_clips_and_never_wraps() {
        let mut target = [30_000, -30_000, 5, 7];
        mix_into(&mut target, &[30_000, -30_000, -2]);
        assert_eq!(target, [i16::MAX, i16::MIN, 3, 7]);
    }

    #[test]
    fn peaks_are_a_hundred_a_second_for_each_channel() {
        let mut peaks = Peaks::new(8_000, 2);
        let samples: Vec<i16> = (0..8_000 * 2)
            .map(|at| if at % 2 == 0 { 1_280 } else { i16::MIN })
            .collect();
        // Pieces of a size that fits nothing.
        for piece in samples.chunks(77) {
            peaks.push(piece);
        }
        let channels = peaks.finish().channels();
        assert_eq!(channels, [vec![10; 100], vec![255; 100]]);
    }

    #[test]
    fn peaks_of_a_rate_that_hundred_does_not_divide_keep_their_time() {
        let mut peaks = Peaks::new(11_025, 1);
        let mut samples = vec![0; 11_025 * 3];
        samples[11_025 * 2] = 12_800;
        peaks.push(&samples);
        let peaks = peaks.finish().channels().remove(0);
        assert_eq!(peaks.len(), 300);
        assert_eq!(peaks.iter().position(|peak| *peak == 100), Some(200));
    }

    #[test]
    fn peaks_of_a_long_call_keep_their_order() {
        let mut peaks = Peaks::new(100, 2);
        let length = TOGETHER * 2 + 5;
        for at in 0..length {
            let loud = i16::try_from(at % 251).unwrap() << 7;
            peaks.push(&[loud, 0]);
        }
        let channels = peaks.finish().channels();
        let expected: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        assert_eq!(channels, [expected, vec![0; length]]);
    }

    #[test]
    fn peaks_of_a_piece_of_a_hundredth_are_kept() {
        let mut peaks = Peaks::new(8_000, 1);
        peaks.push(&[0; 80]);
        peaks.push(&[25_600]);
        assert_eq!(peaks.finish().channels(), [vec![0, 200]]);
        assert_eq!(Peaks::new(8_000, 1).finish().channels(), [Vec::<u8>::new()]);
    }

    fn waveform(channels: &[&[u8]]) -> Waveform {
        let track = |peaks: &&[u8]| {
            let mut track = Track::default();
            peaks.iter().for_each(|peak| track.push(*peak));
            track
        };
        Waveform(channels.iter().map(track).collect())
    }

    #[test]
    fn waveform_that_is_truncated_keeps_its_beginning() {
        let whole: Vec<u8> = (0..TOGETHER * 2 + 5).map(|at| (at % 251) as u8).collect();
        let lengths = [0, 1, TOGETHER, TOGETHER * 2, TOGETHER * 3];
        for length in lengths
            .into_iter()
            .flat_map(|it| [it.saturating_sub(1), it, it + 1])
        {
            let mut truncated = waveform(&[&whole]);
            truncated.truncate(length);
            let kept = &whole[..length.min(whole.len())];
            assert_eq!(truncated.channels(), [kept], "{length}");
            assert_eq!(truncated.len(), kept.len());
        }
    }

    #[test]
    fn waveform_as_json_in_pieces_is_one_document() {
        let short: String = waveform(&[&[0, 255], &[], &[7]]).json().collect();
        assert_eq!(
            short,
            r#"{"bits":8,"channels":[[0,255],[],[7]],"per_second":100}"#
        );
        let length = TOGETHER + PIECE * 2 + 1;
        let long: Vec<String> = waveform(&[&vec![1; length]]).json().collect();
        assert!(long.iter().all(|piece| piece.len() <= PIECE * 4));
        let long = long.concat();
        let ones = length + "100".matches('1').count();
        assert_eq!(long.matches('1').count(), ones);
        assert!(!long.contains(",,"));
    }
}
