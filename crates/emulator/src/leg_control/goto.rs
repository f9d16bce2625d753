//! Where a call goes on.

use crate::wire::Params;

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
