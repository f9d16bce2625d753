//! Ids that follow from what they are ids of, so that a repeat has the same.

use sha2::{Digest, Sha256};

/// An id made of what it follows from.
pub fn derive_id(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..13])
}

/// The id of the call that Twilio knows by this CallSid. A call answers to both.
pub fn call_id(call_sid: &str) -> String {
    derive_id(&["call", call_sid])
}
