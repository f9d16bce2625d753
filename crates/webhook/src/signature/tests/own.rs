//! Vectors of our own, computed with an official library.

use super::*;

#[test]
fn vector_15_a_message() {
    let pairs = [
        ("ToCountry", "US"),
        ("ToState", "CA"),
        ("SmsMessageSid", SM),
        ("NumMedia", "0"),
        ("ToCity", ""),
        ("FromZip", ""),
        ("SmsSid", SM),
        ("FromState", "NY"),
        ("SmsStatus", "received"),
        ("FromCity", ""),
        ("Body", "Héllo & bye + 100% ✓"),
        ("FromCountry", "US"),
        ("To", "+15005550006"),
        ("MessagingServiceSid", "MG00000000000000000000000000000001"),
        ("ToZip", ""),
        ("NumSegments", "1"),
        ("MessageSid", SM),
        ("AccountSid", AC),
        ("From", "+12125550123"),
        ("ApiVersion", "2010-04-01"),
    ];
    let url = "https://api.example.test/webhooks/twilio/sms";
    form(OWN, url, &pairs, "0h90eBJ9R9TFvF1ky0rPIPvo0oc=");
    let blanks_dropped: Vec<_> = pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect();
    refuses(OWN, url, &blanks_dropped, "0h90eBJ9R9TFvF1ky0rPIPvo0oc=");
}

#[test]
fn vector_16_get() {
    let url = "https://api.example.test/webhooks/twilio/call?tenant=acme&CallSid=CA00000000000000000000000000000001&From=%2B12125550123&To=%2B15005550006&CallStatus=ringing";
    let signature = "USrVaNO0N5ApRRbDcTyrLqRjJ7c=";
    assert_eq!(sign_url(&token(OWN), url), signature);
    assert!(verify(OWN, url, Body::Empty, signature).is_ok());
    let decoded = url.replace("%2B", "+");
    assert_eq!(
        verify(OWN, &decoded, Body::Empty, signature),
        Err(Rejected::Mismatch)
    );
}

#[test]
fn vector_17_query_and_form() {
    let url = "https://api.example.test/webhooks/record-response?interview_id=42&question_number=3";
    let recording = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001";
    let pairs = [
        ("CallSid", CA),
        ("RecordingUrl", recording),
        ("RecordingDuration", "12"),
        ("Digits", ""),
    ];
    form(OWN, url, &pairs, "maVqYcUpeVjGW6kguOScV25pWuc=");
    form(
        OWN,
        &format!("{url}#rc=2&rp=all"),
        &pairs,
        "maVqYcUpeVjGW6kguOScV25pWuc=",
    );
    refuses(
        OWN,
        &url.replace("record-response?", "record-response/?"),
        &pairs,
        "maVqYcUpeVjGW6kguOScV25pWuc=",
    );
}

#[test]
fn vector_18_another_port() {
    let pairs = [("CallSid", "CA1")];
    let (plain, port) = (
        "https://api.example.test/voice",
        "https://api.example.test:8443/voice",
    );
    form(OWN, plain, &pairs, "sEV5HlGKW/pJeTXMFxTj5YHmhok=");
    form(OWN, port, &pairs, "mXT693sc4Ohaz6FAAlZc4Wu8g9k=");
    accepts(OWN, port, &pairs, "sEV5HlGKW/pJeTXMFxTj5YHmhok=");
    refuses(OWN, plain, &pairs, "mXT693sc4Ohaz6FAAlZc4Wu8g9k=");
}

#[test]
fn vectors_19_and_20_sockets() {
    let (plain, slash) = (
        "wss://api.example.test/ws/twilio/abc123",
        "wss://api.example.test/ws/twilio/abc123/",
    );
    let signatures = [
        "2uSDLPbW1PAbdUCuKUzuWWe96ik=",
        "o3bWxqmgcvBf7aNEY9xoi7Rq0wk=",
    ];
    assert_eq!(
        [plain, slash].map(|url| sign_url(&token(OWN), url)),
        signatures
    );
    for signature in signatures {
        assert!(verify(OWN, plain, Body::Empty, signature).is_ok());
        assert!(verify(OWN, slash, Body::Empty, signature).is_ok());
    }
    let signature = "mnX2jmcXRYkHNJKLx1Bw3hDoDlA=";
    assert_eq!(
        sign_url(&token(OWN), "wss://api.example.test:443/ws"),
        signature
    );
    for url in [
        "wss://api.example.test/ws",
        "wss://api.example.test:443/ws/",
        "wss://api.example.test/ws/",
    ] {
        // The official libraries add :80 here.
        assert!(verify(OWN, url, Body::Empty, signature).is_ok(), "{url}");
    }
    let port_80 = sign_url(&token(OWN), "wss://api.example.test:80/ws");
    assert_eq!(
        verify(OWN, "wss://api.example.test/ws", Body::Empty, &port_80),
        Err(Rejected::Mismatch)
    );
}

#[test]
fn vector_21_json() {
    let body = br#"{"CallSid":"CA00000000000000000000000000000001","n":1}"#;
    let signed = sign_json(&token(OWN), "https://api.example.test/events", body);
    assert_eq!(
        signed.url,
        "https://api.example.test/events?bodySHA256=1e970cf687b00f030d9b75142ffb0e2b2e90911adc7526c70791b6aa2e32afe3"
    );
    assert_eq!(signed.signature, "fF7A/j6fQ8oefirefZ3dKrWXAQ8=");
}

#[test]
fn vector_22_order() {
    let pairs = [("b", "1"), ("B", "2"), ("a", "3"), ("_", "4"), ("Z", "5")];
    form(
        OWN,
        "https://api.example.test/x",
        &pairs,
        "geaKdjjHJfTDcSId91EpazVOYkc=",
    );
}

#[test]
fn vectors_23_and_24_calls() {
    let call = [
        ("AccountSid", AC),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", CA),
        ("CallStatus", "ringing"),
        ("Called", "+15005550006"),
        ("CalledCity", ""),
        ("Caller", "+12125550123"),
        ("CallerName", ""),
        ("Direction", "inbound"),
        ("From", "+12125550123"),
        ("To", "+15005550006"),
    ];
    form(
        OWN,
        "https://api.example.test/webhooks/twilio/call",
        &call,
        "341T5jQ46iHlF3ApEvremTQD9mY=",
    );
    let dial = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("CallStatus", "in-progress"),
        ("DialBridged", "false"),
        ("DialCallSid", "CA00000000000000000000000000000002"),
        ("DialCallStatus", "no-answer"),
        ("Direction", "inbound"),
        ("From", "+12125550123"),
        ("To", "+15005550006"),
    ];
    let url = format!("https://api.example.test/webhooks/twilio/call/status/{CA}");
    form(OWN, &url, &dial, "1DLpDSCbqbMnrO0PiZIumLEQRrU=");
}

#[test]
fn vector_25_white_space() {
    let url = "https://api.example.test/webhooks/twilio/sms";
    let from = ("From", "+12125550123");
    form(
        OWN,
        url,
        &[("Body", "  two  spaces \n"), from],
        "3JiLgEvJy+FTNzufquSwMSCqCn8=",
    );
    refuses(
        OWN,
        url,
        &[("Body", "two  spaces"), from],
        "3JiLgEvJy+FTNzufquSwMSCqCn8=",
    );
}

#[test]
fn vector_26_rotation() {
    let url = "https://api.example.test/webhooks/twilio/sms";
    let zeros = "0".repeat(32);
    let pairs = [("Body", "hi")];
    form(&zeros, url, &pairs, "5E67CZl2yZ8k0C5MA4jao84s3F4=");
    form(OWN, url, &pairs, "N5vNuTjO3+a5r1K+YDCcIGiIPXM=");
    let both = Validator::new([token(OWN), token(&zeros)]);
    let params = params(&pairs);
    for (index, signature) in [
        "N5vNuTjO3+a5r1K+YDCcIGiIPXM=",
        "5E67CZl2yZ8k0C5MA4jao84s3F4=",
    ]
    .into_iter()
    .enumerate()
    {
        let request = Request {
            url,
            signature: Some(signature),
            body: Body::Form(&params),
        };
        assert_eq!(both.verify(&request), Ok(Verified { token: index }));
    }
    refuses(OWN, url, &pairs, "5E67CZl2yZ8k0C5MA4jao84s3F4=");
}
