//! Whether Twilio sent a request, and if not, why.

use std::sync::Arc;

use directory::Account;
use role::Parts;
use webhook::signature::{Request, Token, Validator};
use webhook::{Clues, Effort, Seen, diagnose};

use crate::request::{SIGNATURE, SignedRequest};

/// Bytes that are signed to explain one refusal: a millisecond.
const EFFORT: Effort = Effort(1 << 20);
/// The most accounts whose tokens are tried to explain one.
const OTHERS: usize = 2_000;

/// Why a request is turned away, for the log: never a value.
#[derive(Debug)]
pub struct Refusal {
    /// A short word, for counting.
    pub reason: &'static str,
    /// A sentence for people, with the remedy.
    pub explanation: String,
}

/// A request that is not believed.
pub enum Rejected {
    /// For this reason.
    For(Refusal),
    /// The signature does not match this account's tokens. [`explain`] finds out why, which costs more than the check.
    Signature(Arc<Account>),
    /// No account is known yet, this process having begun a moment ago.
    NotYet,
}

impl From<Refusal> for Rejected {
    fn from(refusal: Refusal) -> Self {
        Self::For(refusal)
    }
}

/// It has no signature.
pub fn missing_header() -> Refusal {
    Refusal {
        reason: "missing_header",
        explanation: format!(
            "the request has no {SIGNATURE}; only Twilio's own requests carry one"
        ),
    }
}

/// Its body is JSON.
pub fn json_body() -> Refusal {
    Refusal {
        reason: "json_body",
        explanation: "the body is JSON, and Twilio posts these webhooks as forms; Event Streams and Studio's JSON requests have no webhook here".to_owned(),
    }
}

/// It fits nothing, and nobody looks into it: there are too many of its kind.
pub fn unexplained() -> Refusal {
    Refusal {
        reason: "unexplained",
        explanation: String::new(),
    }
}

/// Checks the signature with the tokens of the account that the request names. Which account it was is returned, so
/// that the number can be checked against it.
pub async fn verify(parts: &Parts, request: &SignedRequest) -> Result<Arc<Account>, Rejected> {
    if request.signature.is_none() {
        return Err(missing_header().into());
    }
    let sid = request.get("AccountSid").unwrap_or_default();
    let shown = if settings::is_account_sid(sid) {
        sid
    } else if sid.is_empty() {
        "(no AccountSid)"
    } else {
        "(not an AccountSid)"
    };
    // Twilio always names the account; a request without one can only be checked against ours.
    let account = parts.directory.account_of_stranger(sid).await;
    let Some(account) = account else {
        if !parts.directory.is_loaded() && shown == sid {
            return Err(Rejected::NotYet);
        }
        return Err(Rejected::For(Refusal {
            reason: "unknown_account",
            explanation: format!(
                "no auth token is known for account {shown}; set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or give the tenant its account"
            ),
        }));
    };
    let validator = validator(&account);
    for base in bases(parts, request) {
        let url = format!("{base}{}", request.wire);
        if validator.verify(&signed(request, &url)).is_ok() {
            return Ok(account);
        }
    }
    Err(Rejected::Signature(account))
}

/// Finds out why a signature does not match.
pub fn explain(parts: &Parts, request: &SignedRequest, account: &Account) -> Refusal {
    let url = format!("{}{}", parts.settings.public_url(), request.wire);
    let read = |token: &settings::Secret| Token::new(token.reveal()).ok();
    let replaced = parts.directory.replaced_tokens(&account.sid);
    let replaced: Vec<Token> = replaced.iter().filter_map(read).collect();
    let others = parts.directory.accounts().into_iter();
    let others: Vec<Token> = others
        .filter(|other| other.sid != account.sid)
        .take(OTHERS)
        .flat_map(|other| other.tokens.iter().filter_map(read).collect::<Vec<_>>())
        .collect();
    let seen = [Seen {
        source: "the Host and X-Forwarded headers",
        scheme: request.scheme.as_deref(),
        host: request.host.as_deref(),
        path_and_query: None,
    }];
    let clues = Clues {
        seen: &seen,
        tokens: &replaced,
        others: &others,
        effort: EFFORT,
    };
    let diagnosis = diagnose(&validator(account), &signed(request, &url), &clues);
    Refusal {
        reason: diagnosis.code(),
        explanation: diagnosis.to_string(),
    }
}

fn signed<'a>(request: &'a SignedRequest, url: &'a str) -> Request<'a> {
    Request {
        url,
        signature: request.signature.as_deref(),
        body: request.body(),
    }
}

/// The public addresses that Twilio may have been given. Without a setting it is a laptop, reached under any of its
/// names; the host is then taken from the request, which proves nothing by itself but needs the token all the same.
fn bases(parts: &Parts, request: &SignedRequest) -> Vec<String> {
    let mut bases = vec![parts.settings.public_url()];
    if parts.settings.webhook_base_url.is_none()
        && let Some(host) = &request.host
    {
        let scheme = request.scheme.as_deref();
        let scheme = scheme.filter(|s| *s == "https").unwrap_or("http");
        bases.push(format!("{scheme}://{host}"));
    }
    bases.dedup();
    bases
}

fn validator(account: &Account) -> Validator {
    Validator::new(
        account
            .tokens
            .iter()
            .filter_map(|token| Token::new(token.reveal()).ok()),
    )
}
