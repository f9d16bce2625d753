//! Why a request or an answer will not do, with Twilio's code.

/// What Twilio's debugger would show (specification, section 6, "Codes").
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: u32,
    pub(crate) words: String,
}

impl Failure {
    pub(crate) fn new(code: u32, words: impl Into<String>) -> Self {
        Self {
            code,
            words: words.into(),
        }
    }

    pub(crate) fn invalid_url(url: &str) -> Self {
        Self::new(11100, format!("not an absolute http(s) url: {url:?}"))
    }
}
