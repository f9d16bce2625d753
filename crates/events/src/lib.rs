#![doc = include_str!("../README.md")]

mod envelope;
mod id;
mod reflect;

pub use envelope::{Envelope, Error, ReplyTo};
pub use id::{call_id, derive_id};
pub use reflect::{descriptors, to_json};

use v1::*;

/// The messages of `proto/trunkline/v1`.
#[expect(missing_docs, reason = "generated; the proto files carry the words")]
pub mod v1 {
    include!(concat!(env!("OUT_DIR"), "/trunkline.v1.rs"));
}

/// A message that travels on the bus by itself.
pub trait Event: prost::Message + Default + Send + Sync + 'static {
    /// Its CloudEvents `type`, which is its routing key.
    const TYPE: &'static str;
}

/// A row of the [`CATALOGUE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The CloudEvents `type`.
    pub kind: &'static str,
    /// The full name of the proto message.
    pub message: &'static str,
    /// Whether a consumer must be there to take it; a fact may go unheard.
    pub command: bool,
}

/// The row of an event's type; a type with a suffix (`voice.inbound.forward`) has the row of its stem.
pub fn entry(kind: &str) -> Option<&'static Entry> {
    let stem = |entry: &&Entry| {
        kind.strip_prefix(entry.kind)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    CATALOGUE
        .iter()
        .filter(stem)
        .max_by_key(|entry| entry.kind.len())
}

/// Whether it is an error that nobody takes an event of this type: so it is with commands, and with types that are not
/// in the catalogue. A fact may go unheard.
pub fn must_be_taken(kind: &str) -> bool {
    entry(kind).is_none_or(|entry| entry.command)
}

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
