//! Measuring a file while it passes by in pieces: what it is, how long it lasts, its waveform.

use crate::judge::{FileKind, HEAD, Judged, NotAudio};
use crate::level::{Peaks, Waveform};
use crate::mp3::Mp3Frames;
use crate::{mulaw, riff};

/// A file that is looked at piece by piece, in memory that does not grow with it (but for 100 bytes of waveform for each second and
/// channel).
#[derive(Debug, Default)]
pub struct Measure {
    head: Vec<u8>,
    size: u64,
    body: Body,
}

/// What a file turned out to be when all of it had passed.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// WAV or MP3.
    pub kind: FileKind,
    /// Samples in a moment.
    pub channels: u16,
    /// Moments in a second.
    pub rate: u32,
    /// By the bytes that are there, whatever the header says.
    pub seconds: f64,
    /// For each channel the loudest magnitude of each hundredth of a second; none where the sound is not read (unusual WAV).
    pub peaks: Option<Waveform>,
}

#[derive(Debug, Default)]
enum Body {
    /// The header is not whole yet.
    #[default]
    Unknown,
    Wav(Samples),
    Mp3(Mp3Frames),
    /// Something whose beginning says enough.
    Other,
}

impl Measure {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        if self.head.len() < HEAD {
            let part = bytes.len().min(HEAD - self.head.len());
            self.head.extend_from_slice(&bytes[..part]);
        }
        match &mut self.body {
            Body::Wav(samples) => samples.push(bytes),
            Body::Mp3(frames) => frames.push(bytes),
            Body::Other => {}
            Body::Unknown => self.begin(bytes),
        }
    }

    /// The header may be whole now: then the bytes after it, of which some came earlier, are the sound's.
    fn begin(&mut self, latest: &[u8]) {
        let before = self.head.len().min(self.size as usize - latest.len());
        // What did not fit into the head comes after it.
        let rest = &latest[(self.head.len() - before).min(latest.len())..];
        match FileKind::of(&self.head) {
            Some(FileKind::Mp3) => {
                let mut frames = Mp3Frames::new();
                frames.push(&self.head);
                frames.push(rest);
                self.body = Body::Mp3(frames);
            }
            Some(FileKind::Wav) => match riff::shape(&self.head) {
                Some(shape) => {
                    let mut samples = Samples::new(&shape);
                    samples.push(&self.head[shape.data..]);
                    samples.push(rest);
                    self.body = Body::Wav(samples);
                }
                None if self.head.len() >= HEAD => self.body = Body::Other,
                None => {}
            },
            None if self.head.len() >= 12 => self.body = Body::Other,
            None => {}
        }
    }

    /// What it was. `announced`: its length, where its sender has said it.
    ///
    /// # Errors
    /// Why it is no recording; a header without sound is [`NotAudio::Nothing`].
    pub fn finish(self, announced: Option<u64>) -> Result<Measured, NotAudio> {
        match Judged::of(&self.head, self.size, announced)? {
            Judged::Empty => Err(NotAudio::Nothing),
            Judged::Wav {
                rate,
                channels,
                seconds,
            } => Ok(Measured {
                kind: FileKind::Wav,
                channels,
                rate,
                seconds,
                peaks: match self.body {
                    Body::Wav(samples) => samples.peaks.map(Peaks::finish),
                    _ => None,
                },
            }),
            Judged::Mp3 => {
                let frames = match self.body {
                    Body::Mp3(frames) => frames.finish(),
                    _ => None,
                };
                let found = frames.ok_or(NotAudio::Header)?;
                if found.seconds <= 0.0 {
                    return Err(NotAudio::Nothing);
                }
                Ok(Measured {
                    kind: FileKind::Mp3,
                    channels: found.channels,
                    rate: found.rate,
                    seconds: found.seconds,
                    peaks: Some(found.peaks),
                })
            }
        }
    }
}

/// The samples of a WAV file, as far as they are of a kind that is read: PCM of 16 bits, and mu-law.
#[derive(Debug)]
struct Samples {
    peaks: Option<Peaks>,
    is_mulaw: bool,
    /// The half of a sample whose other half has not come.
    half: Option<u8>,
    /// Bytes of sound still to come; what follows them is another chunk.
    left: u64,
}

impl Samples {
    fn new(shape: &riff::Shape) -> Self {
        let is_mulaw = shape.format == 7;
        let is_read = is_mulaw || (matches!(shape.format, 1 | 0xFFFE) && shape.bits == 16);
        // A header that lies would have peaks made that are larger than the file.
        let is_read =
            is_read && (4_000..=384_000).contains(&shape.rate) && (1..=8).contains(&shape.channels);
        Self {
            peaks: is_read.then(|| Peaks::new(shape.rate, shape.channels)),
            is_mulaw,
            half: None,
            left: match shape.claimed {
                0 => u64::MAX,
                claimed => u64::from(claimed),
            },
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        let Some(peaks) = &mut self.peaks else {
            return;
        };
        let length = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        self.left -= length as u64;
        let mut bytes = &bytes[..length];
        if self.is_mulaw {
            for piece in bytes.chunks(4096) {
                peaks.push(&mulaw::decode_all(piece));
            }
            return;
        }
        if let (Some(low), [high, rest @ ..]) = (self.half, bytes) {
            peaks.push(&[i16::from_le_bytes([low, *high])]);
            (self.half, bytes) = (None, rest);
        }
        let mut pairs = bytes.chunks_exact(2);
        let mut piece = [0i16; 2048];
        loop {
            let mut count = 0;
            for (place, pair) in piece.iter_mut().zip(pairs.by_ref()) {
                *place = i16::from_le_bytes([pair[0], pair[1]]);
                count += 1;
            }
            if count == 0 {
                break;
            }
            peaks.push(&piece[..count]);
        }
        if let [low] = pairs.remainder() {
            self.half = Some(*low);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Sound};

    fn in_pieces(file: &[u8], length: usize) -> Result<Measured, NotAudio> {
        let mut measure = Measure::new();
        for piece in file.chunks(length) {
            measure.push(piece);
        }
        assert_eq!(measure.size(), file.len() as u64);
        measure.finish(Some(file.len() as u64))
    }

    #[test]
    fn file_in_pieces_of_any_length_is_measured_alike() {
        let left: Vec<i16> = (0..20_000i16).map(|n| n.wrapping_mul(7)).collect();
        let right = vec![-300; 20_000];
        for encoding in [Encoding::Pcm16, Encoding::MuLaw] {
            let file = Sound::stereo(&left, &right).to_wav(encoding).unwrap();
            let whole = in_pieces(&file, file.len()).unwrap();
            assert_eq!((whole.channels, whole.seconds), (2, 2.5));
            let peaks = whole.peaks.as_ref().unwrap();
            assert_eq!((peaks.channels().len(), peaks.len()), (2, 250));
            for length in [1, 3, 7, 43, 44, 45, 4_096, 65_535, 65_536, 65_537] {
                assert_eq!(in_pieces(&file, length).unwrap(), whole, "{length}");
            }
        }
    }

    #[test]
    fn peaks_of_pieces_are_those_of_the_samples() {
        let samples: Vec<i16> = (0..8_000)
            .map(|n| if n < 4_000 { 0 } else { 16_384 })
            .collect();
        let file = Sound::mono(samples).to_wav(Encoding::Pcm16).unwrap();
        let peaks = in_pieces(&file, 100).unwrap().peaks.unwrap().channels();
        assert_eq!((peaks[0][49], peaks[0][51]), (0, 128));
    }

    #[test]
    fn what_is_no_sound_is_told_as_such() {
        assert_eq!(
            in_pieces(b"<?xml version=\"1.0\"?><a/>", 5),
            Err(NotAudio::Page)
        );
        assert_eq!(Measure::new().finish(None), Err(NotAudio::Nothing));
        let empty = Sound::mono(Vec::new()).to_wav(Encoding::Pcm16).unwrap();
        assert_eq!(in_pieces(&empty, 9), Err(NotAudio::Nothing));
        let mut measure = Measure::new();
        measure.push(&Sound::mono(vec![1; 80]).to_wav(Encoding::Pcm16).unwrap());
        assert!(matches!(
            measure.finish(Some(1_000)),
            Err(NotAudio::Truncated { .. })
        ));
    }

    #[test]
    fn chunk_after_the_samples_is_not_in_the_waveform() {
        let mut file = Sound::mono(vec![128; 800]).to_wav(Encoding::Pcm16).unwrap();
        file.extend_from_slice(b"LIST\x08\0\0\0\xFF\x7F\xFF\x7F\xFF\x7F\xFF\x7F");
        let measured = in_pieces(&file, 13).unwrap();
        assert_eq!(
            (measured.seconds, measured.peaks.unwrap().channels()),
            (0.1, vec![vec![1; 10]])
        );
    }
}
