//! Why a signature does not fit, in words that lead to the cause.
//!
//! A signature cannot be read, so each likely mistake is tried in turn: if the request fits once that mistake is undone, that was it.

mod finding;
mod probe;
mod words;

use std::borrow::Cow;

use crate::form::{Params, parse_form};
use crate::signature::{Body, Digits, Rejected, Request, Token, Validator};
pub use finding::{Diagnosis, Effort, Seen};
pub use probe::OTHERS_LIMIT;
use probe::Probe;

/// What else is known about a request that failed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clues<'a> {
    /// Other ways in which the URL was seen, such as the `Host` header or `X-Forwarded-Proto`.
    pub seen: &'a [Seen<'a>],
    /// Tokens that the account had before.
    pub tokens: &'a [Token],
    /// Tokens of other accounts. They are tried last, and only where that is cheap: [`OTHERS_LIMIT`].
    pub others: &'a [Token],
    /// How much may be signed to find out.
    pub effort: Effort,
}

/// Finds out why a request does not verify.
///
/// It gives up after [`Clues::effort`], however large the request; still, limit how often strangers can cause it.
#[must_use]
pub fn diagnose(validator: &Validator, request: &Request<'_>, clues: &Clues<'_>) -> Diagnosis {
    match validator.verify(request) {
        Ok(_) => return Diagnosis::Valid,
        Err(Rejected::MissingHeader) => return Diagnosis::MissingHeader,
        Err(Rejected::NoToken) => return Diagnosis::NoToken,
        Err(Rejected::Malformed) => return malformed(request.signature.unwrap_or_default()),
        Err(Rejected::BodyHash) if request.url.contains(crate::signature::BODY_HASH) => {
            return Diagnosis::BodyHash;
        }
        Err(Rejected::BodyHash) => return Diagnosis::NoBodyHash,
        Err(Rejected::Mismatch) => {}
    }
    let Some(signature) = request.signature.and_then(Digits::read) else {
        return Diagnosis::MissingHeader;
    };
    let params: Vec<_> = match request.body {
        Body::Form(params) => params.iter().collect(),
        Body::Empty | Body::Json(_) => Vec::new(),
    };
    let mut probe = Probe::new(
        signature,
        validator.tokens(),
        request.url,
        params,
        clues.effort,
    );
    probe
        .former_tokens(clues.tokens)
        .or_else(|| probe.other_urls(clues.seen))
        .or_else(|| probe.other_params())
        .or_else(|| probe.other_accounts(clues.others))
        .unwrap_or_else(|| unknown(request))
}

/// The parameters of a GET stand in the query.
fn unknown(request: &Request<'_>) -> Diagnosis {
    let query = || {
        let query = request.url.split_once('?').map_or("", |(_, query)| query);
        parse_form(query.as_bytes(), usize::MAX).unwrap_or_default()
    };
    let params = match request.body {
        Body::Form(params) => Cow::Borrowed(params),
        Body::Empty => Cow::Owned(query()),
        Body::Json(_) => Cow::Owned(Params::default()),
    };
    Diagnosis::Unknown {
        names: params.names_for_log(),
        count: params.len(),
    }
}

fn malformed(signature: &str) -> Diagnosis {
    use base64::Engine;
    match base64::engine::general_purpose::STANDARD.decode(signature) {
        Ok(bytes) => Diagnosis::WrongLength { bytes: bytes.len() },
        Err(_) => Diagnosis::NotBase64,
    }
}

#[cfg(test)]
mod tests;
