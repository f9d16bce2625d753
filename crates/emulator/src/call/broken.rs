//! What cannot be had while a document runs, and the request that takes its place.

/// What a request to the fallback URL is for, in the log.
pub(crate) const FALLBACK: &str = "fallback";

/// Something in a document that could not be had, a sound for example: Twilio goes to the fallback URL with it.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) code: u32,
    pub(crate) url: String,
}
