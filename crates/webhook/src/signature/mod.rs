//! `X-Twilio-Signature`: Base64 of HMAC-SHA1 with the account's auth token, over the URL and the sorted parameters.
//!
//! Source: Twilio's security page and the tests of its official libraries, whose vectors are ours too.

mod address;
mod validator;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::{Digest, Sha1};
use sha2::Sha256;

pub(crate) use address::Address;
use address::Form;

use crate::Params;
pub use validator::{Body, Rejected, Request, Validator, Verified};
pub(crate) use validator::{Digits, sorted};

/// The query parameter that covers a JSON body.
pub(crate) const BODY_HASH: &str = "bodySHA256";

/// An auth token, ready to sign with. It cannot be read back, printed or compared.
#[derive(Clone)]
pub struct Token(Hmac<Sha1>);

/// A token was empty: anybody could sign with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an auth token is not empty")]
pub struct EmptyToken;

impl Token {
    /// Takes a token as Twilio shows it.
    ///
    /// # Errors
    ///
    /// [`EmptyToken`].
    pub fn new(secret: &str) -> Result<Self, EmptyToken> {
        if secret.is_empty() {
            return Err(EmptyToken);
        }
        // RFC 2104: a key is padded with zeros to a block of 64 bytes; a longer one is hashed first.
        let mut key = [0; 64];
        match key.get_mut(..secret.len()) {
            Some(start) => start.copy_from_slice(secret.as_bytes()),
            None => key[..20].copy_from_slice(&Sha1::digest(secret)),
        }
        Ok(Self(<Hmac<Sha1> as KeyInit>::new(&key.into())))
    }

    fn mac(&self, feed: impl FnOnce(&mut Hmac<Sha1>)) -> [u8; 20] {
        let mut mac = self.0.clone();
        feed(&mut mac);
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// Signs a form: the URL as given, and every parameter.
#[must_use]
pub fn sign_form(token: &Token, url: &str, params: &Params) -> String {
    STANDARD.encode(digest(
        token,
        &Address::split(url),
        Form::AS_IS,
        &sorted(params.iter()),
    ))
}

/// Signs a request without a body, a GET or a WebSocket's handshake: the URL as given, its query included.
#[must_use]
pub fn sign_url(token: &Token, url: &str) -> String {
    STANDARD.encode(digest(token, &Address::split(url), Form::AS_IS, &[]))
}

/// A JSON request, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedJson {
    /// The URL to post to: the one given, with `bodySHA256` added.
    pub url: String,
    /// The signature of that URL.
    pub signature: String,
}

/// Signs a JSON body by adding its hash to the URL, unless that has one.
#[must_use]
pub fn sign_json(token: &Token, url: &str, body: &[u8]) -> SignedJson {
    let address = Address::split(url);
    let mut url = address.to_string();
    if address.query_value(BODY_HASH).is_none() {
        url.push(if address.query.is_empty() { '?' } else { '&' });
        url.push_str(BODY_HASH);
        url.push('=');
        url.push_str(&body_hash(body));
    }
    let signature = sign_url(token, &url);
    SignedJson { url, signature }
}

pub(crate) fn body_hash(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

/// The bytes of a signature. `params` are sorted and without duplicates.
pub(crate) fn digest(
    token: &Token,
    url: &Address<'_>,
    form: Form,
    params: &[(&str, &str)],
) -> [u8; 20] {
    token.mac(|mac| {
        url.pieces(form, |piece| mac.update(piece.as_bytes()));
        for (name, value) in params {
            mac.update(name.as_bytes());
            mac.update(value.as_bytes());
        }
    })
}

#[cfg(test)]
mod tests;
