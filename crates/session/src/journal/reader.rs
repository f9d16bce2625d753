//! Entries are read from bytes.

use std::fmt;
use std::time::Duration;

use super::Tag;
use crate::{Config, EndReason, Input, Limits, Then};

/// A journal that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Damaged {
    /// Where, in bytes from its beginning.
    pub at: usize,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the journal of inputs cannot be read from byte {} on; it was written by another version, or damaged",
            self.at
        )
    }
}

impl std::error::Error for Damaged {}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry<'a> {
    Begin { is_relay: bool, config: Config },
    Input(Input<'a>),
    Longest(u64),
    Note { name: &'a str, text: &'a str },
}

/// Why an entry is not read.
enum Broken {
    /// The bytes end in the middle of it.
    Off,
    /// It is none.
    Wrong,
}

/// Reads one entry after the other.
pub(super) struct Reader<'a> {
    all: &'a [u8],
    rest: &'a [u8],
    now: Duration,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            all: bytes,
            rest: bytes,
            now: Duration::ZERO,
        }
    }

    /// The next entry and its time; `None` at the end, also where the bytes end in the middle of one.
    pub(super) fn next(&mut self) -> Result<Option<(Duration, Entry<'a>)>, Damaged> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let at = self.all.len() - self.rest.len();
        match self.entry() {
            Ok(entry) => Ok(Some((self.now, entry))),
            Err(Broken::Off) => Ok(None),
            Err(Broken::Wrong) => Err(Damaged { at }),
        }
    }

    fn entry(&mut self) -> Result<Entry<'a>, Broken> {
        let tag = Tag::of(self.byte()?).ok_or(Broken::Wrong)?;
        let since = self.time()?;
        self.now = self.now.checked_add(since).ok_or(Broken::Wrong)?;
        let input = match tag {
            Tag::Begin => return self.begin(),
            Tag::Longest => return Ok(Entry::Longest(self.number()?)),
            Tag::Note => {
                let name = self.text()?;
                let text = self.text()?;
                return Ok(Entry::Note { name, text });
            }
            Tag::Started => Input::Started,
            Tag::Media => Input::Media {
                timestamp_ms: self.number()?.checked_sub(1),
                payload: self.bytes()?,
            },
            Tag::Mark => Input::Mark(self.text()?),
            Tag::Digit => Input::Digit(self.key()?),
            Tag::Stopped => Input::Stopped,
            Tag::Transcript => Input::Transcript {
                utterance: self.number()?,
                text: self.text()?.to_owned(),
            },
            Tag::Decision => self.decision()?,
            Tag::Undecided => Input::Undecided {
                turn: self.number()?,
            },
            Tag::Speech => {
                let line = self.number()?;
                let last = self.flag()?;
                let chunk = self.bytes()?;
                Input::Speech { line, chunk, last }
            }
            Tag::Speechless => Input::Speechless {
                line: self.number()?,
            },
            Tag::Words => Input::Words(self.text()?),
            Tag::Interrupted => Input::Interrupted(self.text()?),
            Tag::Tick => Input::Tick,
        };
        Ok(Entry::Input(input))
    }

    fn begin(&mut self) -> Result<Entry<'a>, Broken> {
        let is_relay = self.flag()?;
        let lead_ms = self.number()?;
        let barge_in_ms = self.number()?;
        let supersede = self.flag()?;
        let record = self.flag()?;
        let limits = Limits {
            start: self.time()?,
            media: self.time()?,
            transcript: self.time()?,
            decision: self.time()?,
            speech: self.time()?,
            silence: self.time()?,
            call_s: self.number()?,
        };
        let config = Config {
            lead_ms,
            barge_in_ms,
            supersede,
            record,
            limits,
        };
        Ok(Entry::Begin { is_relay, config })
    }

    fn decision(&mut self) -> Result<Input<'a>, Broken> {
        let turn = self.number()?;
        let count = self.number()?;
        let lines: Result<Vec<String>, Broken> =
            (0..count).map(|_| Ok(self.text()?.to_owned())).collect();
        let lines = lines?;
        let then = match self.byte()? {
            0 => None,
            1 => Some(Then::Listen {
                silence_ms: self.number()?,
                hangover_ms: self.number()?,
            }),
            2 => {
                let word = self.text()?;
                let reason = EndReason::ALL.into_iter().find(|it| it.as_str() == word);
                Some(Then::End(reason.ok_or(Broken::Wrong)?))
            }
            _ => return Err(Broken::Wrong),
        };
        Ok(Input::Decision { turn, lines, then })
    }

    fn key(&mut self) -> Result<char, Broken> {
        let code = u32::try_from(self.number()?).ok();
        code.and_then(char::from_u32).ok_or(Broken::Wrong)
    }

    fn flag(&mut self) -> Result<bool, Broken> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Broken::Wrong),
        }
    }

    fn time(&mut self) -> Result<Duration, Broken> {
        Ok(Duration::from_nanos(self.number()?))
    }

    fn text(&mut self) -> Result<&'a str, Broken> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Broken::Wrong)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(self.number()?).map_err(|_| Broken::Wrong)?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Broken::Off)?;
        self.rest = rest;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Broken> {
        let (first, rest) = self.rest.split_first().ok_or(Broken::Off)?;
        self.rest = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, Broken> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7F);
            if shift == 63 && part > 1 {
                return Err(Broken::Wrong);
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Broken::Wrong)
    }
}
