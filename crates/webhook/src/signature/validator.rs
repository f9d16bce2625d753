//! Verification.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;

use super::address::Address;
use super::{BODY_HASH, Token, body_hash, digest};
use crate::Params;

/// A request as it arrived.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The URL that Twilio called: the public base address, and path and query untouched. Not what a proxy shows.
    pub url: &'a str,
    /// The header `X-Twilio-Signature`.
    pub signature: Option<&'a str>,
    /// The body.
    pub body: Body<'a>,
}

/// What came with a request.
#[derive(Clone, Copy)]
pub enum Body<'a> {
    /// Nothing: a GET, or a WebSocket's handshake. The query stays in the URL.
    Empty,
    /// A form, with the parameters of the body only.
    Form(&'a Params),
    /// Anything else, byte by byte. The URL must carry its hash as `bodySHA256`.
    Json(&'a [u8]),
}

/// A genuine request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Which of the validator's tokens signed it; the first is 0.
    pub token: usize,
}

/// Why a request is refused. [`crate::diagnose`] finds out more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// There is no signature.
    #[error("the request has no X-Twilio-Signature")]
    MissingHeader,
    /// There is no token to check with.
    #[error("no auth token is configured")]
    NoToken,
    /// The signature is not Base64 of 20 bytes.
    #[error("the signature is malformed")]
    Malformed,
    /// The signature does not fit.
    #[error("the signature does not fit the request")]
    Mismatch,
    /// The signature fits the URL, and the body is not the one whose hash the URL carries.
    #[error("the body does not fit the signed bodySHA256")]
    BodyHash,
}

/// Bytes that are signed to try other forms of the URL than the one that came: enough for all of them for what Twilio sends. A request that is
/// larger is only tried in as many as this allows, and in two at least, or a forged one would cost more than a genuine one.
const EFFORT: usize = 128 * 1024;

/// Checks signatures with one or more tokens, so that one can be rotated: Twilio signs with the primary until the secondary is promoted.
#[derive(Clone)]
pub struct Validator {
    tokens: Vec<Token>,
}

impl Validator {
    /// Checks with these tokens, the likeliest first.
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = Token>) -> Self {
        Self {
            tokens: tokens.into_iter().collect(),
        }
    }

    /// Whether Twilio sent the request. Compares in constant time.
    ///
    /// # Errors
    ///
    /// [`Rejected`]; whichever it is, the answer is 403 and nothing else happens.
    pub fn verify(&self, request: &Request<'_>) -> Result<Verified, Rejected> {
        let signature = request.signature.ok_or(Rejected::MissingHeader)?;
        if self.tokens.is_empty() {
            return Err(Rejected::NoToken);
        }
        let expected = Digits::read(signature).ok_or(Rejected::Malformed)?;
        let url = Address::split(request.url);
        let params = match request.body {
            Body::Form(params) => sorted(params.iter()),
            Body::Empty | Body::Json(_) => Vec::new(),
        };
        let token = expected
            .signer(&self.tokens, &url, &params)
            .ok_or(Rejected::Mismatch)?;
        if body_fits(&url, request.body) {
            Ok(Verified { token })
        } else {
            Err(Rejected::BodyHash)
        }
    }

    pub(crate) fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

/// A form is signed itself. Anything else is covered by its hash alone, and nothing is covered by no hash.
fn body_fits(url: &Address<'_>, body: Body<'_>) -> bool {
    let bytes = match body {
        Body::Form(_) => return true,
        Body::Json(bytes) => bytes,
        Body::Empty if url.query_value(BODY_HASH).is_none() => return true,
        Body::Empty => &[],
    };
    url.query_value(BODY_HASH)
        .is_some_and(|hash| hash.as_bytes().ct_eq(body_hash(bytes).as_bytes()).into())
}

/// The 20 bytes of a signature that came with a request.
pub(crate) struct Digits([u8; 20]);

impl Digits {
    pub(crate) fn read(signature: &str) -> Option<Self> {
        let mut bytes = [0; 24];
        if signature.len() != 28 {
            return None;
        }
        let length = STANDARD.decode_slice(signature, &mut bytes).ok()?;
        bytes[..length].try_into().ok().map(Self)
    }

    /// Which token signed the URL, in any of its forms, and the parameters.
    pub(crate) fn signer(
        &self,
        tokens: &[Token],
        url: &Address<'_>,
        params: &[(&str, &str)],
    ) -> Option<usize> {
        let size: usize = params
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let affordable = EFFORT / (size + 1).saturating_mul(tokens.len().max(1));
        url.forms().take(affordable.max(2)).find_map(|form| {
            tokens
                .iter()
                .position(|token| digest(token, url, form, params).ct_eq(&self.0).into())
        })
    }
}

/// In the order of signing: by name, byte by byte; the values of one name sorted too, and each once.
pub(crate) fn sorted<'a>(
    params: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let mut params: Vec<_> = params.collect();
    params.sort_unstable();
    params.dedup();
    params
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Validator({} tokens)", self.tokens.len())
    }
}

impl fmt::Debug for Body<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Form(params) => write!(f, "Form({params:?})"),
            Self::Json(bytes) => write!(f, "Json({} bytes)", bytes.len()),
        }
    }
}
