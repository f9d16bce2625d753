//! Each mistake is made, and must be recognised.

use super::*;
use crate::Params;
use crate::signature::{sign_form, sign_json, sign_url};

const URL: &str = "https://app.example.test/webhooks/twilio/sms?tenant=acme";

fn token(secret: &str) -> Token {
    Token::new(secret).unwrap()
}

fn message() -> Params {
    [
        ("Body", "secret words"),
        ("From", "+15550109999"),
        ("ToCity", ""),
        ("MessageSid", "SM1"),
    ]
    .into_iter()
    .collect()
}

fn without(params: &Params, keep: impl Fn(&str, &str) -> bool) -> Params {
    params
        .iter()
        .filter(|(name, value)| keep(name, value))
        .collect()
}

/// Signed like this, and checked as it should be.
fn signed(url: &str, params: &Params, clues: &Clues<'_>) -> Diagnosis {
    check(
        URL,
        &message(),
        &sign_form(&token("now"), url, params),
        clues,
    )
}

fn check(url: &str, params: &Params, signature: &str, clues: &Clues<'_>) -> Diagnosis {
    let request = Request {
        url,
        signature: Some(signature),
        body: Body::Form(params),
    };
    let diagnosis = diagnose(&Validator::new([token("now")]), &request, clues);
    let shown = format!("{diagnosis} {diagnosis:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("1555") && !shown.contains('\n'),
        "{shown}"
    );
    assert!(!diagnosis.code().is_empty());
    diagnosis
}

fn url_signed(url: &str) -> Diagnosis {
    signed(url, &message(), &Clues::default())
}

#[test]
fn headers() {
    let params = message();
    let none = Clues::default();
    let request = Request {
        url: URL,
        signature: None,
        body: Body::Form(&params),
    };
    let validator = Validator::new([token("now")]);
    assert_eq!(
        diagnose(&validator, &request, &none),
        Diagnosis::MissingHeader
    );
    let request = Request {
        signature: Some("x"),
        ..request
    };
    assert_eq!(
        diagnose(&Validator::new([]), &request, &none),
        Diagnosis::NoToken
    );
    assert_eq!(
        check(URL, &params, "not base64!", &none),
        Diagnosis::NotBase64
    );
    assert_eq!(
        check(URL, &params, "AAAA", &none),
        Diagnosis::WrongLength { bytes: 3 }
    );
    assert_eq!(url_signed(URL), Diagnosis::Valid);
}

#[test]
fn addresses() {
    assert_eq!(
        url_signed(&URL.replace("https", "http")),
        Diagnosis::Scheme { signed: "http" }
    );
    assert_eq!(
        url_signed(&URL.replace(".test/", ".test:8443/")),
        Diagnosis::Port { signed: 8443 }
    );
    assert_eq!(
        url_signed(&URL.replace("sms?", "sms/?")),
        Diagnosis::TrailingSlash
    );
    assert_eq!(
        url_signed(&URL.replace("?tenant=acme", "")),
        Diagnosis::QueryAdded
    );
}

#[test]
fn addresses_seen_elsewhere() {
    let host = Seen {
        source: "the Host header",
        scheme: Some("http"),
        host: Some("abc.tunnel.test:8080"),
        path_and_query: None,
    };
    let path = Seen {
        source: "the request line",
        scheme: None,
        host: None,
        path_and_query: Some("/api/sms?tenant=acme&x=1"),
    };
    let query = Seen {
        path_and_query: Some("/webhooks/twilio/sms?tenant=acme&x=1"),
        ..path
    };
    let clues = [host, path, query];
    let clues = Clues {
        seen: &clues,
        ..Clues::default()
    };
    let params = message();
    let signed_over = |url: &str| signed(url, &params, &clues);
    let source = || "the Host header".to_owned();
    assert_eq!(
        signed_over("https://abc.tunnel.test:8080/webhooks/twilio/sms?tenant=acme"),
        Diagnosis::Host {
            signed: "https://abc.tunnel.test:8080".into(),
            source: source()
        }
    );
    assert_eq!(
        signed_over("http://abc.tunnel.test:8080/webhooks/twilio/sms?tenant=acme"),
        Diagnosis::Host {
            signed: "http://abc.tunnel.test:8080".into(),
            source: source()
        }
    );
    let source = || "the request line".to_owned();
    assert_eq!(
        signed_over("https://app.example.test/api/sms?tenant=acme&x=1"),
        Diagnosis::Path { source: source() }
    );
    assert_eq!(
        signed_over("https://app.example.test/webhooks/twilio/sms?tenant=acme&x=1"),
        Diagnosis::QueryLost { source: source() }
    );
}

#[test]
fn tokens() {
    let known = [token("other"), token("before")];
    let clues = Clues {
        tokens: &known,
        ..Clues::default()
    };
    let signature = sign_form(&token("before"), URL, &message());
    assert_eq!(
        check(URL, &message(), &signature, &clues),
        Diagnosis::RotatedToken { index: 1 }
    );
}

#[test]
fn token_of_another_account_is_told_apart_and_costs_no_more_than_allowed() {
    let signature = sign_form(&token("theirs"), URL, &message());
    let known: Vec<Token> = (0..300)
        .map(|n| token(&n.to_string()))
        .chain([token("theirs")])
        .collect();
    let told = |effort: usize, params: &Params, signature: &str| {
        let clues = Clues {
            others: &known,
            effort: Effort(effort),
            ..Clues::default()
        };
        check(URL, params, signature, &clues).code()
    };
    assert_eq!(told(1 << 20, &message(), &signature), "other_account");
    assert_eq!(
        told(64 << 10, &message(), &signature),
        "unknown",
        "as many as can be afforded"
    );
    let mut large = message();
    large.push("Padding", "x".repeat(OTHERS_LIMIT));
    let signature = sign_form(&token("theirs"), URL, &large);
    assert_eq!(told(usize::MAX, &large, &signature), "unknown");
}

#[test]
fn unknown_of_a_get_names_the_parameters_of_the_query() {
    let url = format!("{URL}&CallSid=CA1&From=%2B15550100002");
    let signature = sign_url(&token("nobody knows"), &url);
    let request = Request {
        url: &url,
        signature: Some(&signature),
        body: Body::Empty,
    };
    let validator = Validator::new([token("now")]);
    let Diagnosis::Unknown { names, count } = diagnose(&validator, &request, &Clues::default())
    else {
        panic!("not recognised");
    };
    assert_eq!(
        (names.join(" ").as_str(), count),
        ("tenant CallSid From", 3)
    );
}

#[test]
fn parameters_that_were_not_signed() {
    let params = message();
    let none = Clues::default();
    let less = without(&params, |name, _| name != "MessageSid");
    assert_eq!(
        signed(URL, &less, &none),
        Diagnosis::ExtraParameter {
            name: "MessageSid".into()
        }
    );
    let no_blanks = without(&params, |_, value| !value.is_empty());
    assert_eq!(signed(URL, &no_blanks, &none), Diagnosis::BlanksNotSigned);
    assert_eq!(
        signed(URL, &Params::default(), &none),
        Diagnosis::BodyNotSigned
    );

    let mut merged = message();
    merged.push("tenant", "acme");
    let signature = sign_form(&token("now"), URL, &params);
    assert_eq!(
        check(URL, &merged, &signature, &none),
        Diagnosis::QueryInBody
    );
}

#[test]
fn parameters_that_were_lost_or_changed() {
    let none = Clues::default();
    let mut padded = without(&message(), |name, _| name != "Body");
    padded.push("Body", "secret words ");
    assert_eq!(
        signed(URL, &padded, &none),
        Diagnosis::TrimmedHere {
            name: "Body".into()
        }
    );
    let signature = sign_form(&token("now"), URL, &message());
    assert_eq!(
        check(URL, &padded, &signature, &none),
        Diagnosis::TrimmedBySigner
    );

    let mut blanks = message();
    blanks.push("Digits", "");
    assert_eq!(
        signed(URL, &blanks, &none),
        Diagnosis::BlanksLost {
            names: vec!["Digits"]
        }
    );
    let mut blanks = message();
    for name in ["FromCity", "FromState", "FromZip", "FromCountry"] {
        blanks.push(name, "");
    }
    let Diagnosis::BlanksLost { names } = signed(URL, &blanks, &none) else {
        panic!("not recognised");
    };
    assert_eq!(names, ["FromCity", "FromState", "FromZip", "FromCountry"]);
}

#[test]
fn bodies() {
    let validator = Validator::new([token("now")]);
    let signed = sign_json(&token("now"), URL, b"{}");
    let request = |url, signature, body| Request {
        url,
        signature: Some(signature),
        body,
    };
    let changed = request(&signed.url, &signed.signature, Body::Json(b"[]"));
    assert_eq!(
        diagnose(&validator, &changed, &Clues::default()),
        Diagnosis::BodyHash
    );
    let bare = sign_url(&token("now"), URL);
    let uncovered = request(URL, &bare, Body::Json(b"{}"));
    assert_eq!(
        diagnose(&validator, &uncovered, &Clues::default()),
        Diagnosis::NoBodyHash
    );
    let http = sign_url(&token("now"), "https://app.example.test/ws");
    let socket = request("wss://app.example.test/ws", &http, Body::Empty);
    assert_eq!(
        diagnose(&validator, &socket, &Clues::default()),
        Diagnosis::Scheme { signed: "https" }
    );
}

#[test]
fn unknown_names_the_parameters_only() {
    let wrong = sign_form(&token("nobody knows"), URL, &message());
    let diagnosis = check(URL, &message(), &wrong, &Clues::default());
    insta::assert_snapshot!(diagnosis, @"the signature fits nothing that was tried; the parameters are Body, From, ToCity, MessageSid; compare the auth token and the URL with those in Twilio's console; see whether a parameter was added or lost on the way");
    let hostile: Params = (0..500)
        .map(|i| {
            (
                format!("\u{1b}[31m\n{i}{}", "x".repeat(1000)),
                "v".repeat(100),
            )
        })
        .collect();
    let shown = check(URL, &hostile, &wrong, &Clues::default()).to_string();
    assert!(
        shown.len() < 500 && !shown.contains('\u{1b}'),
        "{}",
        shown.len()
    );
    assert!(shown.contains(" and 480 more"), "{shown}");
}

#[test]
fn every_line_is_one_line() {
    insta::assert_snapshot!(url_signed(&URL.replace("https", "http")), @"the signature was made over http:// and not the scheme that was checked; set WEBHOOK_BASE_URL to the address that Twilio calls");
    insta::assert_snapshot!(Diagnosis::RotatedToken { index: 0 }, @"the signature was made with another known auth token, number 1; put the account's current and next auth token in TWILIO_AUTH_TOKEN, separated by a comma");
    insta::assert_snapshot!(Diagnosis::BlanksLost { names: vec!["Digits"] }, @"parameters without a value were lost: Digits; let nothing on the way drop blank parameters");
}
