//! The vectors of the official libraries' own tests, and of the documentation.

use super::*;

#[test]
fn vectors_1_to_4_ports() {
    let plain = "http://mycompany.com/myapp.php?foo=1&bar=2";
    let with = |port: &str| U.replace(".com/", &format!(".com:{port}/"));
    form(OFFICIAL, U, P, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    accepts(OFFICIAL, &with("1234"), P, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    let http_1234 = plain.replace(".com/", ".com:1234/");
    form(OFFICIAL, &http_1234, P, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=");
    form(OFFICIAL, &with("443"), P, "kvajT1Ptam85bY51eRf/AJRuM3w=");
    accepts(OFFICIAL, U, P, "kvajT1Ptam85bY51eRf/AJRuM3w=");
    let http_80 = plain.replace(".com/", ".com:80/");
    form(OFFICIAL, &http_80, P, "0ZXoZLH/DfblKGATFgpif+LLRf4=");
    accepts(OFFICIAL, plain, P, "0ZXoZLH/DfblKGATFgpif+LLRf4=");
}

#[test]
fn vectors_5_to_7_credentials() {
    let with = |user: &str| U.replace("://", &format!("://{user}@"));
    form(
        OFFICIAL,
        &with("user:pass"),
        P,
        "CukzLTc1tT5dXEDIHm/tKBanW10=",
    );
    form(OFFICIAL, &with("user"), P, "2YRLlVAflCqxaNicjMpJcSTgzSs=");
    let port = with("user:pass").replace(".com/", ".com:443/");
    form(OFFICIAL, &port, P, "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=");
    accepts(
        OFFICIAL,
        &with("user:pass"),
        P,
        "ZQFR1PTIZXF2MXB8ZnKCvnnA+rI=",
    );
    // Twilio's security page: they are dropped before signing.
    accepts(
        OFFICIAL,
        &with("user:pass"),
        P,
        "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
    );
    accepts(OFFICIAL, &port, P, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    refuses(OFFICIAL, U, P, "CukzLTc1tT5dXEDIHm/tKBanW10=");
}

#[test]
fn vector_8_quotes_and_spaces_in_the_query() {
    let escaped = format!("{U}&Body=It%27s+amazing");
    let bare = format!("{U}&Body=It's+amazing");
    form(OFFICIAL, &escaped, P, "TfZzewPq8wqrGlMfyAud8+/IvJ0=");
    form(OFFICIAL, &bare, P, "dsq4Ehbj6cs+KdTkpF5sSSplOWw=");
    accepts(OFFICIAL, &bare, P, "TfZzewPq8wqrGlMfyAud8+/IvJ0=");
    accepts(OFFICIAL, &escaped, P, "dsq4Ehbj6cs+KdTkpF5sSSplOWw=");
    // A plus stands for %20, not the other way round.
    let plus = "https://example.com/?name=a+b";
    let percent = "https://example.com/?name=a%20b";
    let token = token(OFFICIAL);
    accepts(OFFICIAL, plus, P, &sign_form(&token, percent, &params(P)));
    refuses(OFFICIAL, percent, P, &sign_form(&token, plus, &params(P)));
}

#[test]
fn vectors_9_and_10_duplicates() {
    let pairs = [
        ("Sid", "CA123"),
        ("SidAccount", "AC123"),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    ];
    form(OFFICIAL, U, &pairs, "IK+Dwps556ElfBT0I3Rgjkr1wJU=");
    let name = "MessagingBinding.Address";
    let (one, two) = ((name, "+1325xxxxxxx"), (name, "+1415xxxxxxx"));
    form(OFFICIAL, U, &[one, two], "83O6e2vORAoJHUNzJjDWN1jz+BA=");
    form(OFFICIAL, U, &[two, one], "83O6e2vORAoJHUNzJjDWN1jz+BA=");
}

#[test]
fn vectors_11_to_13_json() {
    let body: &[u8] = br#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let token = token(OFFICIAL);
    let check = |url: &str, body: &[u8], hash: &str, signature: &str| {
        let signed = sign_json(&token, url, body);
        assert!(signed.url.ends_with(hash));
        assert_eq!(signed.signature, signature);
        let verified = verify(OFFICIAL, &signed.url, Body::Json(body), signature);
        assert_eq!(verified, Ok(Verified { token: 0 }));
        assert_eq!(sign_json(&token, &signed.url, body), signed);
        signed.url
    };
    let url = check(U, body, hash, "a9nBmqA0ju/hNViExpshrM61xv4=");
    check(
        "https://mycompany.com/myapp.php",
        body,
        hash,
        "y77kIzt2vzLz71DgmJGsen2scGs=",
    );
    let empty = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let with_port = U.replace(".com/", ".com:443/");
    let with_port = check(&with_port, b"{}", empty, "Ldidvp12m26NI7eqEvxnEpkd9Hc=");
    let without = check(U, b"{}", empty, "rw/jVviOgicj2+kHZULvebnA4ag=");
    for signature in [
        "Ldidvp12m26NI7eqEvxnEpkd9Hc=",
        "rw/jVviOgicj2+kHZULvebnA4ag=",
    ] {
        assert!(verify(OFFICIAL, &with_port, Body::Json(b"{}"), signature).is_ok());
        assert!(verify(OFFICIAL, &without, Body::Json(b"{}"), signature).is_ok());
    }

    let signature = "a9nBmqA0ju/hNViExpshrM61xv4=";
    for body in [Body::Json(b"{}"), Body::Json(b""), Body::Empty] {
        assert_eq!(
            verify(OFFICIAL, &url, body, signature),
            Err(Rejected::BodyHash)
        );
    }
    // A body that no hash covers.
    let unsigned = sign_url(&token, U);
    assert_eq!(
        verify(OFFICIAL, U, Body::Json(body), &unsigned),
        Err(Rejected::BodyHash)
    );
    assert!(verify(OFFICIAL, U, Body::Empty, &unsigned).is_ok());
}

#[test]
fn vector_14_the_documentation() {
    let pairs: Vec<_> = P
        .iter()
        .map(|(name, value)| match *name {
            "From" | "Caller" => (*name, "+14158675310"),
            _ => (*name, *value),
        })
        .collect();
    form(
        OFFICIAL,
        "https://example.com/myapp.php?foo=1&bar=2",
        &pairs,
        "L/OH5YylLD5NRKLltdqwSvS0BnU=",
    );
}
