//! What must not be accepted, and what official libraries get wrong.

use super::*;

#[test]
fn address_that_is_a_number_of_colons() {
    // Libraries that split at the first colon break these.
    for url in [
        "https://user:pass@h.test:8443/p",
        "https://[::1]:8443/p",
        "http://[::1]/p",
    ] {
        let signature = sign_form(&token(OWN), url, &params(P));
        accepts(OWN, url, P, &signature);
    }
    let signature = sign_form(&token(OWN), "https://[::1]/p", &params(P));
    accepts(OWN, "https://[::1]:8443/p", P, &signature);
}

#[test]
fn refuses_every_change() {
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    for url in [
        "http://mycompany.com/myapp.php?foo=1&bar=2",
        "https://mycompany.com/myapp.php?foo=1&bar=3",
        "https://mycompany.com/myapp.php?bar=2&foo=1",
        "https://mycompany.com/myapp.php/?foo=1&bar=2",
        "https://mycompany.com/myapp.php",
        "https://mycompany.com.evil.test/myapp.php?foo=1&bar=2",
        "https://MyCompany.com/myapp.php?foo=1&bar=2",
    ] {
        refuses(OFFICIAL, url, P, signature);
    }
    refuses("12346", U, P, signature);
    for index in 0..P.len() {
        let mut pairs = P.to_vec();
        pairs[index].1 = "x";
        refuses(OFFICIAL, U, &pairs, signature);
        pairs.remove(index);
        refuses(OFFICIAL, U, &pairs, signature);
    }
    let mut more = P.to_vec();
    more.push(("Zusatz", ""));
    refuses(OFFICIAL, U, &more, signature);
    let params = params(P);
    for (url, body) in [(U, Body::Empty), (U, Body::Json(b""))] {
        assert_eq!(
            verify(OFFICIAL, url, body, signature),
            Err(Rejected::Mismatch)
        );
    }
    for malformed in [
        "",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8",
        "RSOYDt4T1cUTdK1PDd93/VVr8B8= ",
        "RSOYDt4T1cUTdK1PDd93_VVr8B8=",
        "RSOYDt4T1cUTdK1PDd93/VVr8B9=",
        "AAAA",
        "éééééééééééééé",
    ] {
        assert_eq!(
            verify(OFFICIAL, U, Body::Form(&params), malformed),
            Err(Rejected::Malformed),
            "{malformed}"
        );
    }
    let request = Request {
        url: U,
        signature: None,
        body: Body::Form(&params),
    };
    assert_eq!(
        Validator::new([token(OFFICIAL)]).verify(&request),
        Err(Rejected::MissingHeader)
    );
    let request = Request {
        signature: Some(signature),
        ..request
    };
    assert_eq!(Validator::new([]).verify(&request), Err(Rejected::NoToken));
}

#[test]
fn tokens_of_any_length_and_none_shown() {
    // A key may be shorter than a block of the hash, as long, or longer; the crate's own padding is the reference.
    for length in [1, 32, 63, 64, 65, 200] {
        let secret = "k".repeat(length);
        let reference = <Hmac<Sha1> as Mac>::new_from_slice(secret.as_bytes()).unwrap();
        let expected: [u8; 20] = reference.chain_update("x").finalize().into_bytes().into();
        assert_eq!(token(&secret).mac(|mac| mac.update(b"x")), expected);
    }
    assert_eq!(Token::new("").err(), Some(EmptyToken));
    let secret = "a-very-secret-token";
    let validator = Validator::new([token(secret)]);
    let params = params(P);
    let request = Request {
        url: U,
        signature: None,
        body: Body::Form(&params),
    };
    let shown = format!("{:?} {validator:?} {request:?}", token(secret));
    assert!(
        !shown.contains("secret") && !shown.contains("1415"),
        "{shown}"
    );
}
