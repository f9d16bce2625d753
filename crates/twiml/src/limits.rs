//! How large a document may be.

/// Bytes a response may have: 64 kB, else Twilio's error 11750.
pub const SIZE_LIMIT: usize = 64 * 1024;

/// Characters the `Twiml` parameter of a REST request may have, else Twilio's error 32018.
pub const INLINE_LIMIT: usize = 4000;
