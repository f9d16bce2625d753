#![doc = include_str!("../README.md")]

mod envelope;
mod reflect;

pub use envelope::{Envelope, Error, ReplyTo};
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

include!(concat!(env!("OUT_DIR"), "/catalogue.rs"));
