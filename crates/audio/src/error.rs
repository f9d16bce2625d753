use std::fmt;

/// Why a file cannot be read or written.
#[derive(Debug)]
pub enum Error {
    /// It does not begin as a WAV file does.
    NotWav,
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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotWav => write!(f, "not a wav file"),
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
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Pcm(source) => Some(source),
            _ => None,
        }
    }
}
