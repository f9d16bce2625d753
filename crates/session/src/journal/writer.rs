//! Entries are appended to bytes that another keeps.

use std::time::Duration;

use super::Tag;
use crate::{Config, Input, Limits, Machine, Then};

/// Appends entries; knows the time of the last one.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    last: Duration,
}

impl Writer {
    /// The first entry: which engine, and how it is configured.
    pub fn begin(&mut self, machine: &Machine, config: &Config, to: &mut Vec<u8>) {
        self.entry(Tag::Begin, Duration::ZERO, to);
        let Config {
            lead_ms,
            barge_in_ms,
            supersede,
            record,
            limits,
        } = config;
        to.push(u8::from(matches!(machine, Machine::Relay(_))));
        number(*lead_ms, to);
        number(*barge_in_ms, to);
        to.push(u8::from(*supersede));
        to.push(u8::from(*record));
        let Limits {
            start,
            media,
            transcript,
            decision,
            speech,
            call_s,
            silence,
        } = limits;
        for limit in [start, media, transcript, decision, speech, silence] {
            nanoseconds(*limit, to);
        }
        number(*call_s, to);
    }

    /// An input, at the time that the session is given with it.
    pub fn input(&mut self, at: Duration, input: &Input<'_>, to: &mut Vec<u8>) {
        match input {
            Input::Started => self.entry(Tag::Started, at, to),
            Input::Media {
                timestamp_ms,
                payload,
            } => {
                self.entry(Tag::Media, at, to);
                // 0 is none.
                number(timestamp_ms.map_or(0, |it| it.saturating_add(1)), to);
                bytes(payload, to);
            }
            Input::Mark(name) => {
                self.entry(Tag::Mark, at, to);
                bytes(name.as_bytes(), to);
            }
            Input::Digit(key) => {
                self.entry(Tag::Digit, at, to);
                number(u64::from(u32::from(*key)), to);
            }
            Input::Stopped => self.entry(Tag::Stopped, at, to),
            Input::Transcript { utterance, text } => {
                self.entry(Tag::Transcript, at, to);
                number(*utterance, to);
                bytes(text.as_bytes(), to);
            }
            Input::Decision { turn, lines, then } => {
                self.entry(Tag::Decision, at, to);
                number(*turn, to);
                number(lines.len() as u64, to);
                for line in lines {
                    bytes(line.as_bytes(), to);
                }
                follows(*then, to);
            }
            Input::Undecided { turn } => {
                self.entry(Tag::Undecided, at, to);
                number(*turn, to);
            }
            Input::Speech { line, chunk, last } => {
                self.entry(Tag::Speech, at, to);
                number(*line, to);
                to.push(u8::from(*last));
                bytes(chunk, to);
            }
            Input::Speechless { line } => {
                self.entry(Tag::Speechless, at, to);
                number(*line, to);
            }
            Input::Words(text) => {
                self.entry(Tag::Words, at, to);
                bytes(text.as_bytes(), to);
            }
            Input::Interrupted(until) => {
                self.entry(Tag::Interrupted, at, to);
                bytes(until.as_bytes(), to);
            }
            Input::Tick => self.entry(Tag::Tick, at, to),
        }
    }

    /// How long the call may be on the line was set, in seconds.
    pub fn longest(&mut self, seconds: u64, to: &mut Vec<u8>) {
        self.entry(Tag::Longest, self.last, to);
        number(seconds, to);
    }

    /// Something about the call that is no input: its name, and what it says.
    pub fn note(&mut self, name: &str, text: &str, to: &mut Vec<u8>) {
        self.entry(Tag::Note, self.last, to);
        bytes(name.as_bytes(), to);
        bytes(text.as_bytes(), to);
    }

    fn entry(&mut self, tag: Tag, at: Duration, to: &mut Vec<u8>) {
        to.push(tag as u8);
        nanoseconds(at.saturating_sub(self.last), to);
        // A session takes an earlier time as the last one.
        self.last = self.last.max(at);
    }
}

fn follows(then: Option<Then>, to: &mut Vec<u8>) {
    match then {
        None => to.push(0),
        Some(Then::Listen {
            silence_ms,
            hangover_ms,
        }) => {
            to.push(1);
            number(silence_ms, to);
            number(hangover_ms, to);
        }
        Some(Then::End(reason)) => {
            to.push(2);
            bytes(reason.as_str().as_bytes(), to);
        }
    }
}

fn nanoseconds(time: Duration, to: &mut Vec<u8>) {
    number(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), to);
}

fn bytes(it: &[u8], to: &mut Vec<u8>) {
    number(it.len() as u64, to);
    to.extend_from_slice(it);
}

fn number(mut value: u64, to: &mut Vec<u8>) {
    while value >= 0x80 {
        to.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}
