use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// An account and its auth tokens: two while they are being rotated. Whichever Twilio takes is remembered and used first. Clones share that.
#[derive(Clone)]
pub struct Credentials(Arc<Inner>);

struct Inner {
    account_sid: String,
    tokens: Vec<String>,
    in_use: AtomicUsize,
    refused: AtomicBool,
}

impl Credentials {
    /// The account's tokens, the one to try first at the beginning. Without any, requests go with an empty one.
    pub fn new(account_sid: &str, tokens: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut tokens: Vec<String> = tokens.into_iter().map(Into::into).collect();
        if tokens.is_empty() {
            tokens.push(String::new());
        }
        Self(Arc::new(Inner {
            account_sid: account_sid.to_owned(),
            tokens,
            in_use: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
        }))
    }

    /// The account.
    pub fn account_sid(&self) -> &str {
        &self.0.account_sid
    }

    /// The position of the token that is used: 0 is the first.
    pub fn in_use(&self) -> usize {
        self.0.in_use.load(Ordering::Relaxed)
    }

    /// Whether Twilio refused every token when it was last asked.
    pub fn is_refused(&self) -> bool {
        self.0.refused.load(Ordering::Relaxed)
    }

    /// Whether these are the account's tokens, in this order.
    pub fn has(&self, tokens: &[&str]) -> bool {
        self.0
            .tokens
            .iter()
            .map(String::as_str)
            .eq(tokens.iter().copied())
    }

    /// The tokens in the order in which they are tried, each with its position.
    pub(crate) fn to_try(&self) -> impl Iterator<Item = (usize, &str)> {
        let (count, first) = (self.0.tokens.len(), self.in_use());
        (0..count)
            .map(move |n| (first + n) % count)
            .map(|at| (at, self.0.tokens[at].as_str()))
    }

    pub(crate) fn taken(&self, at: usize) {
        self.0.in_use.store(at, Ordering::Relaxed);
        self.0.refused.store(false, Ordering::Relaxed);
    }

    pub(crate) fn refused(&self) {
        self.0.refused.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("account_sid", &self.0.account_sid)
            .field("tokens", &self.0.tokens.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_that_was_taken_is_tried_first() {
        let credentials = Credentials::new("AC1", ["old", "new"]);
        let order = |it: &Credentials| {
            it.to_try()
                .map(|(_, token)| token.to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(order(&credentials), ["old", "new"]);
        credentials.clone().taken(1);
        assert_eq!(order(&credentials), ["new", "old"]);
        assert!(credentials.has(&["old", "new"]) && !credentials.has(&["new", "old"]));
        assert!(!format!("{credentials:?}").contains("new"));
        assert_eq!(order(&Credentials::new("AC1", [""; 0])), [""]);
    }
}
