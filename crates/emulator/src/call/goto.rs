//! Where a call goes on, and what cannot be had on the way.

use crate::webhooks::Params;

/// What a request to the fallback URL is for, in the log.
pub(crate) const FALLBACK: &str = "fallback";

/// A request for TwiML.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// What for, for the log: `voice`, `gather`, `dial-action` and so on.
    pub(crate) kind: &'static str,
    pub(crate) url: String,
    pub(crate) method: String,
    /// What it says beside the call's own parameters.
    pub(crate) extra: Params,
}

/// Where a call goes on.
#[derive(Clone, Debug)]
pub(crate) enum Goto {
    Fetch(Ask),
    /// TwiML that came through the API.
    Inline(String),
}

/// Something in a document that could not be had, a sound for example: Twilio goes to the fallback URL with it.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    pub(crate) code: u32,
    pub(crate) url: String,
}
