//! Why a signature does not fit, in words that lead to the cause.
//!
//! A signature cannot be read, so each likely mistake is tried in turn: if the request fits once that mistake is undone, that was it.

mod probe;
mod words;

use crate::signature::{Body, Digits, Rejected, Request, Token, Validator};
use probe::Probe;

/// What else is known about a request that failed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clues<'a> {
    /// Other ways in which the URL was seen, such as the `Host` header or `X-Forwarded-Proto`.
    pub seen: &'a [Seen<'a>],
    /// Tokens that are not accepted here but known: replaced ones, those of other accounts.
    pub tokens: &'a [Token],
}

/// One other sight of the URL. What is `None` is as in the URL that was checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// Where it was seen, for the explanation: `the Host header`.
    pub source: &'a str,
    /// `http`, `https` or `wss`.
    pub scheme: Option<&'a str>,
    /// The host, with its port if there is one.
    pub host: Option<&'a str>,
    /// The path and the query, from the first slash on.
    pub path_and_query: Option<&'a str>,
}

/// Why a signature does not fit. It holds no token, no value, and of the request only what the signature proved or names.
///
/// `Display` is one line: the explanation and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// It does fit.
    Valid,
    /// There is none.
    MissingHeader,
    /// There is no token to check with.
    NoToken,
    /// It is not Base64.
    NotBase64,
    /// It is Base64 of something that is not 20 bytes long.
    WrongLength {
        /// How long it is.
        bytes: usize,
    },
    /// It was made over another scheme.
    Scheme {
        /// The one it was made over.
        signed: &'static str,
    },
    /// It was made over another port.
    Port {
        /// The one it was made over.
        signed: u16,
    },
    /// It was made over an address that was seen elsewhere.
    Host {
        /// The scheme and the host it was made over.
        signed: String,
        /// Where that was seen.
        source: String,
    },
    /// It was made over a path that was seen elsewhere.
    Path {
        /// Where that was seen.
        source: String,
    },
    /// It was made with a trailing slash, or without the one that is there.
    TrailingSlash,
    /// It was made over a query that the URL has lost.
    QueryLost {
        /// Where that was seen.
        source: String,
    },
    /// It was made without the URL's query.
    QueryAdded,
    /// It was made with a token that is known, and not accepted any more.
    RotatedToken {
        /// Which of the clues' tokens, counted from 0.
        index: usize,
    },
    /// It was made without this parameter.
    ExtraParameter {
        /// Its name.
        name: String,
    },
    /// It was made without the blank parameters.
    BlanksNotSigned,
    /// It was made with blank parameters that are not there any more.
    BlanksLost {
        /// Their names.
        names: Vec<&'static str>,
    },
    /// It was made over values without white space around them.
    TrimmedBySigner,
    /// It was made over a value with white space around it.
    TrimmedHere {
        /// The parameter's name.
        name: String,
    },
    /// The query's parameters have got into the body's.
    QueryInBody,
    /// It was made over the URL alone.
    BodyNotSigned,
    /// It fits, and the body does not fit `bodySHA256`.
    BodyHash,
    /// It fits, and the URL has no `bodySHA256` for the body.
    NoBodyHash,
    /// None of these.
    Unknown {
        /// The names of the parameters: one may be Twilio's new one that got lost, or one that was added on the way.
        names: Vec<String>,
    },
}

/// Finds out why a request does not verify.
///
/// It gives up after signing 4 MB, some ten milliseconds, however large the request; still, limit how often strangers can cause it.
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
    let mut probe = Probe::new(signature, validator.tokens(), request.url, params);
    probe
        .other_tokens(clues.tokens)
        .or_else(|| probe.other_urls(clues.seen))
        .or_else(|| probe.other_params())
        .unwrap_or_else(|| Diagnosis::Unknown {
            names: probe.names(),
        })
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
