use std::fmt;

/// Why a file cannot be read or written.
#[derive(Debug)]
pub enum Error {
    /// It begins neither as a WAV nor as an MP3 file does.
    NotSound,
    /// It begins as an MP3 file does, and has no frame that can be decoded.
    NoFrames,
    /// A part that every WAV file has is not there.
    Missing(&'static str),
    /// It is compressed in a way that is not known here: the format tag of its header.
    Compressed(u16),
    /// A rate or a number of channels that no sound has.
    Shape {
        /// Samples in a second.
        rate: u32,
        /// Channels.
        channels: u16,
    },
    /// The PCM reader or writer gave up.
    Pcm(hound::Error),
    /// The MP3 encoder gave up, or cannot write this rate or number of channels.
    Mp3(Box<dyn std::error::Error + Send + Sync>),
    /// There is no MP3 encoder: the crate was built without its feature `mp3`.
    NoMp3,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSound => write!(f, "neither a wav nor an mp3 file"),
            Self::NoFrames => write!(f, "the mp3 file has no frame that can be decoded"),
            Self::Missing(part) => write!(f, "the wav file has no {part} chunk"),
            Self::Compressed(tag) => write!(
                f,
                "the wav file has format {tag:#06x}; pcm (0x0001) and mu-law (0x0007) can be read"
            ),
            Self::Shape { rate, channels } => {
                write!(
                    f,
                    "{rate} samples a second in {channels} channels is no sound"
                )
            }
            Self::Pcm(_) => write!(f, "the wav file's samples cannot be read"),
            Self::Mp3(_) => write!(f, "the sound cannot be written as an mp3 file"),
            Self::NoMp3 => write!(
                f,
                "this build writes no mp3 files: build it with the feature mp3"
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Pcm(source) => Some(source),
            Self::Mp3(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}
