//! What a `<Play>` plays.

use std::sync::Arc;

/// A file that can be played.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clip {
    pub(crate) seconds: f64,
    /// The words of a simulated voice in it.
    pub(crate) words: Option<String>,
    /// Its sound at the telephone's rate, where it can be decoded.
    pub(crate) samples: Arc<Vec<i16>>,
}

/// A file that was fetched before, with what tells whether it is still the same.
#[derive(Clone, Debug)]
pub(crate) struct Cached {
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    pub(crate) clip: Clip,
}
