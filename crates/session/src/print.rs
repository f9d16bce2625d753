//! An output as a line of text: what a call's outputs are compared by.

use std::fmt;

use crate::{Heard, Output};

/// Bytes as hexadecimal digits.
struct Hex<'a>(&'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Display for Output {
    /// One line, with everything that the output has: two outputs with the same line are the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Frame(frame) => write!(f, "frame {}", Hex(frame)),
            Self::Mark(name) => write!(f, "mark {name:?}"),
            Self::Clear => f.write_str("clear"),
            Self::Transcribe { utterance, sound } => {
                write!(f, "transcribe {utterance} {}", Hex(sound))
            }
            Self::Ask { turn, heard } => match heard {
                Heard::Begin => write!(f, "ask {turn} begin"),
                Heard::Words(words) => write!(f, "ask {turn} words {words:?}"),
                Heard::Digits(digits) => write!(f, "ask {turn} digits {digits:?}"),
                Heard::Silence => write!(f, "ask {turn} silence"),
            },
            Self::Speak { line, text } => write!(f, "speak {line} {text:?}"),
            Self::Text {
                text,
                last,
                interruptible,
            } => write!(f, "text {text:?} last={last} interruptible={interruptible}"),
            Self::Interrupted { turn } => write!(f, "interrupted {turn}"),
            Self::Said { turn, text, cut } => write!(f, "said {turn} {text:?} cut={cut}"),
            Self::Record { step, caller, ours } => {
                write!(f, "record {step} {} {}", Hex(caller), Hex(ours))
            }
            Self::Turn(timing) => write!(f, "turn {timing:?}"),
            Self::End(reason) => write!(f, "end {}", reason.as_str()),
        }
    }
}
