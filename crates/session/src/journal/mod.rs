//! The inputs of a call as bytes, and the call run again from them. Nothing is read or written here: whoever has the bytes keeps them.
//!
//! A journal begins with the engine and the configuration. Each entry is a tag, the time since the entry before in nanoseconds, and
//! what the input has; numbers are LEB128. A journal that breaks off anywhere is whole up to its last entry.

mod reader;
mod run;
mod writer;

pub use reader::Damaged;
pub use run::{Replayed, run};
pub use writer::Writer;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Tag {
    Begin = 1,
    Started,
    Media,
    Mark,
    Digit,
    Stopped,
    Transcript,
    Decision,
    Undecided,
    Speech,
    Speechless,
    Words,
    Interrupted,
    Tick,
    Longest,
    Note,
}

impl Tag {
    const ALL: [Self; 16] = [
        Self::Begin,
        Self::Started,
        Self::Media,
        Self::Mark,
        Self::Digit,
        Self::Stopped,
        Self::Transcript,
        Self::Decision,
        Self::Undecided,
        Self::Speech,
        Self::Speechless,
        Self::Words,
        Self::Interrupted,
        Self::Tick,
        Self::Longest,
        Self::Note,
    ];

    fn of(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|tag| *tag as u8 == byte)
    }
}

#[cfg(test)]
mod tests;
