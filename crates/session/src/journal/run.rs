//! A call that is run again: its inputs go into a machine of the same engine and configuration, each at its time.

use std::time::Duration;

use super::reader::{Damaged, Entry, Reader};
use crate::{Machine, Output};

/// What comes of a journal, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replayed<'a> {
    /// An output, at the time of the input that it follows.
    Output(Duration, Box<Output>),
    /// A note that the journal holds at this place.
    Note {
        /// Its name.
        name: &'a str,
        /// What it says.
        text: &'a str,
    },
}

/// Runs a call again; says how many inputs there were. What lies behind the first beginning that a journal names is of that call.
///
/// # Errors
/// Where the bytes are no journal.
pub fn run<'a>(bytes: &'a [u8], mut each: impl FnMut(Replayed<'a>)) -> Result<u64, Damaged> {
    let mut reader = Reader::new(bytes);
    let mut inputs = 0;
    let Some((_, Entry::Begin { is_relay, config })) = reader.next()? else {
        return Err(Damaged { at: 0 });
    };
    let mut machine = match is_relay {
        true => Machine::relay(config),
        false => Machine::media(config),
    };
    while let Some((at, entry)) = reader.next()? {
        match entry {
            Entry::Input(input) => {
                inputs += 1;
                machine.handle(at, input);
            }
            Entry::Longest(seconds) => machine.set_longest(seconds),
            Entry::Note { name, text } => each(Replayed::Note { name, text }),
            // Nothing writes a second one.
            Entry::Begin { .. } => {}
        }
        while let Some(output) = machine.poll() {
            each(Replayed::Output(at, Box::new(output)));
        }
    }
    Ok(inputs)
}
