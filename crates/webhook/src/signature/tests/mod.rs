//! Signatures that Twilio's official libraries make, and what must be accepted and refused.

mod official;
mod own;
mod refusals;

use super::*;

const OFFICIAL: &str = "12345";
const OWN: &str = "12345678901234567890123456789012";
const U: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";
const AC: &str = "AC00000000000000000000000000000001";
const CA: &str = "CA00000000000000000000000000000001";
const SM: &str = "SM00000000000000000000000000000001";

type Pairs<'a> = &'a [(&'a str, &'a str)];

const P: Pairs<'static> = &[
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
];

fn token(secret: &str) -> Token {
    Token::new(secret).unwrap()
}

fn params(pairs: Pairs<'_>) -> Params {
    pairs.iter().copied().collect()
}

fn verify(secret: &str, url: &str, body: Body<'_>, signature: &str) -> Result<Verified, Rejected> {
    let request = Request {
        url,
        signature: Some(signature),
        body,
    };
    Validator::new([token(secret)]).verify(&request)
}

/// Signs to the very signature, and verifies.
fn form(secret: &str, url: &str, pairs: Pairs<'_>, signature: &str) {
    let params = params(pairs);
    assert_eq!(sign_form(&token(secret), url, &params), signature, "{url}");
    accepts(secret, url, pairs, signature);
}

fn accepts(secret: &str, url: &str, pairs: Pairs<'_>, signature: &str) {
    let params = params(pairs);
    let verified = verify(secret, url, Body::Form(&params), signature);
    assert_eq!(verified, Ok(Verified { token: 0 }), "{url}");
}

fn refuses(secret: &str, url: &str, pairs: Pairs<'_>, signature: &str) {
    let params = params(pairs);
    let verified = verify(secret, url, Body::Form(&params), signature);
    assert_eq!(verified, Err(Rejected::Mismatch), "{url}");
}
