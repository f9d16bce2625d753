//! Whether bytes are a recording, before anything is stored or paid for.

use std::fmt;

/// The part of a file at its beginning that is enough for [`Judged::of`].
pub const HEAD: usize = 64 << 10;

/// A kind of file that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// RIFF WAVE.
    Wav,
    /// MPEG layer III, with or without an ID3 tag before it.
    Mp3,
}

impl FileKind {
    /// The kind, by the first bytes; `None` of anything else: an error page, JSON, sound without a header.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'A',
                b'V',
                b'E',
                ..,
            ] => Some(Self::Wav),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // The sync word, MPEG 1, 2 or 2.5, layer III, and neither a forbidden bit rate nor a forbidden sampling rate.
            [0xFF, second, third, ..]
                if second & 0xE0 == 0xE0
                    && second & 0x18 != 0x08
                    && second & 0x06 == 0x02
                    && third & 0xF0 != 0xF0
                    && third & 0x0C != 0x0C =>
            {
                Some(Self::Mp3)
            }
            _ => None,
        }
    }

    /// What HTTP calls it.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
            Self::Mp3 => "audio/mpeg",
        }
    }

    /// The ending of a file's name, without a dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }
}

/// What a whole file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Judged {
    /// Sound of a known length.
    Wav {
        /// Moments in a second.
        rate: u32,
        /// Samples in a moment.
        channels: u16,
        /// By the bytes that are there, whatever the header says.
        seconds: f64,
    },
    /// Sound; its length is known when its frames have been counted.
    Mp3,
    /// A header, and no sound after it.
    Empty,
}

/// Why bytes are no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAudio {
    /// There are none.
    Nothing,
    /// XML or HTML: an error page that was served as a success, such as Twilio's `RestException`.
    Page,
    /// JSON.
    Json,
    /// Neither a WAV nor an MP3 file.
    Unknown,
    /// A WAV file whose header cannot be read or names a format that is not taken, or an MP3 file without a frame.
    Header,
    /// It ended before the length that was announced.
    Truncated {
        /// By `Content-Length`.
        announced: u64,
        /// Bytes that came.
        got: u64,
    },
}

impl fmt::Display for NotAudio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("the file is empty"),
            Self::Page => f.write_str("the file is a page of XML or HTML, not sound"),
            Self::Json => f.write_str("the file is JSON, not sound"),
            Self::Unknown => f.write_str("the file is neither WAV nor MP3"),
            Self::Header => {
                f.write_str("the file's header cannot be read, or names a format that is not taken")
            }
            Self::Truncated { announced, got } => {
                write!(f, "the file ends after {got} of {announced} bytes")
            }
        }
    }
}

impl Judged {
    /// Judges a file by its beginning (all of it, or its first [`HEAD`] bytes), the number of bytes that came, and the number that
    /// was announced, where it was.
    ///
    /// The sizes in a RIFF header are not believed: programs that write while they record leave 0, or the largest number.
    ///
    /// # Errors
    /// Why it is no recording.
    pub fn of(head: &[u8], size: u64, announced: Option<u64>) -> Result<Self, NotAudio> {
        if let Some(announced) = announced.filter(|announced| size < *announced) {
            return Err(NotAudio::Truncated {
                announced,
                got: size,
            });
        }
        match FileKind::of(head) {
            Some(FileKind::Mp3) => Ok(Self::Mp3),
            Some(FileKind::Wav) => wav(head, size),
            None => Err(other(head)),
        }
    }
}

fn other(head: &[u8]) -> NotAudio {
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    match text.trim_ascii_start() {
        [] => NotAudio::Nothing,
        [b'<', ..] => NotAudio::Page,
        [b'{' | b'[', ..] => NotAudio::Json,
        _ => NotAudio::Unknown,
    }
}

fn wav(head: &[u8], size: u64) -> Result<Judged, NotAudio> {
    let mut format: Option<(u32, u16, u64)> = None;
    let mut at = 12usize;
    while let Some(header) = head.get(at..at + 8) {
        let claimed = u32::from_le_bytes([header[4], header[5], header[6], header[7]]);
        let begin = at + 8;
        match &header[..4] {
            b"fmt " => format = Some(shape(head.get(begin..begin + 16).ok_or(NotAudio::Header)?)?),
            b"data" => {
                let (rate, channels, step) = format.ok_or(NotAudio::Header)?;
                let there = size.saturating_sub(begin as u64);
                let bytes = match u64::from(claimed) {
                    // What comes after the samples is no sound; a claim of nothing, or of more than there is, is no claim.
                    claimed if claimed > 0 && claimed <= there => claimed,
                    _ => there,
                };
                let moments = bytes / step;
                return Ok(if moments == 0 {
                    Judged::Empty
                } else {
                    Judged::Wav {
                        rate,
                        channels,
                        seconds: moments as f64 / f64::from(rate),
                    }
                });
            }
            _ => {}
        }
        let length = claimed as usize;
        // Chunks begin at even places.
        at = begin
            .checked_add(length)
            .and_then(|end| end.checked_add(length % 2))
            .ok_or(NotAudio::Header)?;
    }
    Err(NotAudio::Header)
}

/// Rate, channels, and bytes of a moment.
fn shape(format: &[u8]) -> Result<(u32, u16, u64), NotAudio> {
    let short = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
    let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
    let (channels, bits) = (short(2), short(14));
    let known = matches!(short(0), 1 | 3 | 7 | 0xFFFE);
    let sane = (1_000..=384_000).contains(&rate) && (1..=8).contains(&channels);
    if !known || !sane || !(8..=64).contains(&bits) {
        return Err(NotAudio::Header);
    }
    Ok((
        rate,
        channels,
        u64::from(channels) * u64::from(bits.div_ceil(8)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Encoding, Sound};

    fn judged(file: &[u8]) -> Result<Judged, NotAudio> {
        Judged::of(file, file.len() as u64, None)
    }

    fn seconds(file: &[u8]) -> f64 {
        match judged(file) {
            Ok(Judged::Wav { seconds, .. }) => seconds,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn error_pages_are_not_audio() {
        let twilio = b"<?xml version=\"1.0\"?>\n<TwilioResponse><RestException><Code>20404</Code>";
        assert_eq!(judged(twilio), Err(NotAudio::Page));
        assert_eq!(
            judged(b"\xEF\xBB\xBF\n <!doctype html>"),
            Err(NotAudio::Page)
        );
        assert_eq!(judged(b"{\"code\":20404}"), Err(NotAudio::Json));
        assert_eq!(judged(b""), Err(NotAudio::Nothing));
        assert_eq!(judged(&[0x7F; 64]), Err(NotAudio::Unknown));
        assert_eq!(judged(&[0xFF; 64]), Err(NotAudio::Unknown));
    }

    #[test]
    fn header_without_samples_is_empty() {
        let file = Sound::mono(Vec::new()).to_wav(Encoding::Pcm16).unwrap();
        assert_eq!(file.len(), 44);
        assert_eq!(judged(&file), Ok(Judged::Empty));
        assert_eq!(judged(&file[..30]), Err(NotAudio::Header));
    }

    #[test]
    fn wav_length_is_that_of_the_bytes_where_the_header_is_wrong() {
        for encoding in [Encoding::Pcm16, Encoding::MuLaw] {
            let sound = Sound::stereo(&[1; 4_000], &[2; 4_000]);
            let file = sound.to_wav(encoding).unwrap();
            assert_eq!(seconds(&file), 0.5);
            let data = file.windows(4).position(|name| name == b"data").unwrap();
            for (riff, wrong) in [
                (0u32, 0u32),
                (u32::MAX, u32::MAX),
                (36, 0),
                (1 << 30, 1 << 30),
            ] {
                let mut file = file.clone();
                file[4..8].copy_from_slice(&riff.to_le_bytes());
                file[data + 4..data + 8].copy_from_slice(&wrong.to_le_bytes());
                assert_eq!(seconds(&file), 0.5, "{wrong}");
                assert_eq!(Sound::read(&file).unwrap().seconds(), 0.5, "{wrong}");
            }
        }
    }

    #[test]
    fn chunk_after_the_samples_is_not_counted() {
        let mut file = Sound::mono(vec![3; 8_000]).to_wav(Encoding::Pcm16).unwrap();
        file.extend_from_slice(b"LIST\x04\0\0\0INFO");
        assert_eq!(seconds(&file), 1.0);
    }

    #[test]
    fn file_shorter_than_announced_is_truncated() {
        let file = Sound::mono(vec![3; 8_000]).to_wav(Encoding::Pcm16).unwrap();
        let announced = file.len() as u64;
        assert!(Judged::of(&file, announced, Some(announced)).is_ok());
        assert_eq!(
            Judged::of(&file, announced - 9, Some(announced)),
            Err(NotAudio::Truncated {
                announced,
                got: announced - 9
            })
        );
        // A large file is judged by its beginning.
        assert_eq!(
            Judged::of(&file[..100], announced, Some(announced)),
            Ok(Judged::Wav {
                rate: 8_000,
                channels: 1,
                seconds: 1.0
            })
        );
    }

    #[test]
    fn header_of_nonsense_is_not_audio_and_never_panics() {
        let file = Sound::mono(vec![3; 20]).to_wav(Encoding::Pcm16).unwrap();
        for at in 0..44 {
            for value in [0, 1, 0x7F, 0xFF] {
                let mut file = file.clone();
                file[at] = value;
                let _ = judged(&file);
                for cut in 0..file.len() {
                    let _ = judged(&file[..cut]);
                }
            }
        }
    }

    #[test]
    fn mp3_is_known_by_tag_or_frame() {
        assert_eq!(judged(b"ID3\x04"), Ok(Judged::Mp3));
        assert_eq!(judged(&[0xFF, 0xFB, 0x90, 0x64]), Ok(Judged::Mp3));
        assert_eq!(judged(&[0xFF, 0xF3, 0x40, 0xC0]), Ok(Judged::Mp3));
        assert_eq!(FileKind::Mp3.content_type(), "audio/mpeg");
    }
}
