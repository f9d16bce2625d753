//! MP3 files: their frames counted and decoded while they pass by (ISO 11172-3, 2.4.1.3 and 2.4.2.3; ISO 13818-3 for the lower rates).

use nanomp3::{Decoder, MAX_SAMPLES_PER_FRAME, VbrTag};

use crate::Error;
use crate::level::{PEAKS_PER_SECOND, Peaks, Waveform};

/// Bits in a second, in thousands, by the header's index from 1.
const MPEG1: [u32; 14] = [
    32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
];
const MPEG2: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
/// Samples in a second of MPEG 1; MPEG 2 halves them, and MPEG 2.5 again.
const RATES: [u32; 3] = [44_100, 48_000, 32_000];

/// Of a header.
const HEADER: usize = 4;
/// What every decoder of layer III adds at the beginning, in samples.
const DECODER_DELAY: u64 = 529;

/// A whole file, decoded: rate, channels and samples. What the encoder added at both ends is cut off where the file says so.
pub(crate) fn read(file: &[u8]) -> Result<(u32, u16, Vec<i16>), Error> {
    let decoded = nanomp3::decode_all::<i16>(file);
    let channels = decoded.channels.ok_or(Error::NoFrames)?;
    Ok((
        decoded.sample_rate,
        u16::from(channels.num()),
        decoded.samples,
    ))
}

/// Frames of a file that comes in pieces: one of them is in memory at a time.
#[derive(Debug, Default)]
pub(crate) struct Mp3Frames {
    /// Bytes of the tag that is passing by and still to come.
    skip: u64,
    /// The beginning of a header, or of a tag's; the beginning of the frame whose rest is still to come.
    kept: Vec<u8>,
    /// The frame whose rest is still to come.
    open: Option<Frame>,
    begun: bool,
    first: Option<Frame>,
    samples: u64,
    /// Samples at the beginning and the end that the encoder has added, by its tag.
    added: (u64, u64),
    sound: Option<Decoding>,
}

/// What decodes.
struct Decoding {
    decoder: Box<Decoder>,
    peaks: Peaks,
    /// Moments at the beginning that are the encoder's.
    skip: u64,
}

impl std::fmt::Debug for Decoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoding").finish_non_exhaustive()
    }
}

/// The frames of a whole file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counted {
    pub(crate) rate: u32,
    pub(crate) channels: u16,
    pub(crate) seconds: f64,
    pub(crate) peaks: Waveform,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Frame {
    rate: u32,
    channels: u16,
    samples: u64,
    length: usize,
}

impl Mp3Frames {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn push(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let length = usize::try_from(self.skip).map_or(bytes.len(), |n| n.min(bytes.len()));
                self.skip -= length as u64;
                bytes = &bytes[length..];
                continue;
            }
            if let Some(frame) = self.open {
                let length = (frame.length - self.kept.len()).min(bytes.len());
                self.kept.extend_from_slice(&bytes[..length]);
                bytes = &bytes[length..];
                if self.kept.len() == frame.length {
                    self.take(frame);
                    self.kept.clear();
                    self.open = None;
                }
                continue;
            }
            self.kept.push(bytes[0]);
            bytes = &bytes[1..];
            self.look();
        }
    }

    /// Whether what is kept is a header by now.
    fn look(&mut self) {
        let is_tag = !self.begun && self.kept.starts_with(b"ID3");
        if self.kept.len() < if is_tag { 10 } else { HEADER } {
            return;
        }
        if is_tag {
            // A length of four times seven bits after six bytes (ID3v2.4, section 3.1); a footer doubles the header.
            let length = self.kept[6..10]
                .iter()
                .fold(0u64, |sum, byte| sum << 7 | u64::from(byte & 0x7F));
            let footer = if self.kept[5] & 0x10 == 0 { 0 } else { 10 };
            (self.skip, self.begun) = (length + footer, true);
            self.kept.clear();
            return;
        }
        match frame(&self.kept) {
            Some(frame) => (self.begun, self.open) = (true, Some(frame)),
            // Not here: perhaps a byte later.
            None => drop(self.kept.remove(0)),
        }
    }

    /// A whole frame.
    fn take(&mut self, frame: Frame) {
        let Some(first) = self.first else {
            self.first = Some(frame);
            let tag = VbrTag::parse(&self.kept);
            if let Some((delay, padding)) = tag.and_then(|tag| tag.encoder_delay_padding) {
                self.added = (
                    u64::from(delay) + DECODER_DELAY,
                    u64::from(padding).saturating_sub(DECODER_DELAY),
                );
            }
            self.sound = Some(Decoding {
                decoder: Box::new(Decoder::new()),
                peaks: Peaks::new(frame.rate, frame.channels),
                skip: self.added.0,
            });
            // The tag's frame is no sound.
            if tag.is_none() {
                self.decode(frame);
            }
            return;
        };
        // What is no frame, but looks like one, has mostly another rate or number of channels.
        if (first.rate, first.channels) == (frame.rate, frame.channels) {
            self.decode(frame);
        }
    }

    fn decode(&mut self, frame: Frame) {
        self.samples += frame.samples;
        let Some(sound) = &mut self.sound else {
            return;
        };
        let mut pcm = [0i16; MAX_SAMPLES_PER_FRAME];
        // A frame that cannot be decoded is silence: what follows keeps its time.
        if sound.decoder.decode(&self.kept, &mut pcm).1.is_err() {
            pcm.fill(0);
        }
        let skipped = sound.skip.min(frame.samples);
        sound.skip -= skipped;
        let channels = usize::from(frame.channels);
        sound
            .peaks
            .push(&pcm[skipped as usize * channels..frame.samples as usize * channels]);
    }

    /// `None` of a file without a frame.
    pub(crate) fn finish(self) -> Option<Counted> {
        let first = self.first?;
        let moments = self.samples.saturating_sub(self.added.0 + self.added.1);
        let mut peaks = self.sound.map(|sound| sound.peaks.finish())?;
        let wanted = (moments * u64::from(PEAKS_PER_SECOND)).div_ceil(u64::from(first.rate));
        peaks.truncate(wanted as usize);
        Some(Counted {
            rate: first.rate,
            channels: first.channels,
            seconds: moments as f64 / f64::from(first.rate),
            peaks,
        })
    }
}

/// What a frame's header says, of layer III.
fn frame(header: &[u8]) -> Option<Frame> {
    let [sync, second, third, fourth, ..] = header else {
        return None;
    };
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    if *sync != 0xFF || second & 0xE0 != 0xE0 || version == 1 || layer != 1 {
        return None;
    }
    let is_mpeg1 = version == 3;
    let table = if is_mpeg1 { MPEG1 } else { MPEG2 };
    let bits = table.get(usize::from(third >> 4).checked_sub(1)?)? * 1_000;
    let rate = RATES.get(usize::from(third >> 2 & 3))?
        >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        };
    let samples = if is_mpeg1 { 1_152 } else { 576 };
    let padding = u64::from(third >> 1 & 1);
    Some(Frame {
        rate,
        channels: if fourth >> 6 == 3 { 1 } else { 2 },
        samples,
        length: (samples / 8 * u64::from(bits) / u64::from(rate) + padding) as usize,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MPEG 2, layer III, 32 kbit/s, 22.05 kHz, mono: 104 bytes, 576 samples.
    const HEAD: [u8; 4] = [0xFF, 0xF3, 0x40, 0xC0];

    fn file(frames: usize) -> Vec<u8> {
        let mut frame = HEAD.to_vec();
        frame.resize(104, 0x55);
        frame.repeat(frames)
    }

    fn counted(file: &[u8], length: usize) -> Option<Counted> {
        let mut frames = Mp3Frames::new();
        for piece in file.chunks(length) {
            frames.push(piece);
        }
        frames.finish()
    }

    #[test]
    fn frames_are_counted_in_pieces_of_any_length() {
        let expected = (22_050, 1, 38.0 * 576.0 / 22_050.0, 100);
        let plain = file(38);
        let mut tagged = b"ID3\x04\0\0\0\0\x01\0".to_vec();
        tagged.resize(10 + 128, 0xFF);
        tagged.extend_from_slice(&plain);
        for file in [plain, tagged] {
            for length in [1, 2, 5, 103, 104, 105, 10_000] {
                let found = counted(&file, length).unwrap();
                let found = (found.rate, found.channels, found.seconds, found.peaks.len());
                assert_eq!(found, expected, "{length}");
            }
        }
    }

    #[test]
    fn file_without_a_frame_has_no_length() {
        assert_eq!(counted(b"ID3\x04\0\0\0\0\0\0", 4), None);
        assert_eq!(counted(&[0xFF; 64], 64), None);
    }

    #[test]
    fn header_tells_rate_channels_and_length() {
        let it = frame(&[0xFF, 0xFB, 0x90, 0x64]).unwrap();
        assert_eq!(
            (it.rate, it.channels, it.samples, it.length),
            (44_100, 2, 1_152, 417)
        );
        assert_eq!(frame(&HEAD).unwrap().length, 104);
        assert!(frame(&[0xFF, 0xFB, 0xF0, 0x64]).is_none());
        assert!(frame(&[0xFF, 0xFB, 0x00, 0x64]).is_none());
    }
}
