//! What the application answered.

use url::Url;

/// An answer of the application.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    /// Of a sound the beginning.
    pub(crate) body: String,
    /// Where it came from, after redirects: what relative URLs in it are relative to.
    pub(crate) url: Url,
}

impl Answer {
    pub(crate) fn is_sound(&self) -> bool {
        let kind = self.content_type.as_deref().unwrap_or_default();
        kind.trim_start().to_ascii_lowercase().starts_with("audio/")
    }
}
