//! What the fuzz targets and `services/trunkline/tests/fuzz` both run: one function for each reader of bytes from outside.
//! None may panic, hang, or take more memory than a bounded multiple of what it reads.

use audio::{Judged, Measure, Sound};
use flow::Flow;
use serde_json::Value;
use webhook::signature::{Body, Request, Token, Validator, sign_form, sign_url};
use webhook::{BODY_LIMIT, parse_form};

/// A reader's name and the function that feeds it.
pub type Entry = (&'static str, fn(&[u8]));

/// Every one.
pub const ENTRIES: &[Entry] = &[
    ("signature", signature),
    ("form", form),
    ("twiml", twiml),
    ("stream_messages", stream_messages),
    ("sound", sound),
    ("flows", flows),
    ("apply", apply),
];

/// An address and a form, split at the first line's end: what we have signed we take, for a changed token we do not.
pub fn signature(data: &[u8]) {
    let (url, body) = match data.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &[][..]),
    };
    let url = String::from_utf8_lossy(url);
    let (Ok(token), Ok(other)) = (Token::new("token"), Token::new("another")) else {
        return;
    };
    let validator = Validator::new([token.clone()]);
    let verify = |signature: &str, body: Body<'_>| {
        let request = Request {
            url: &url,
            signature: Some(signature),
            body,
        };
        validator.verify(&request).is_ok()
    };
    verify(&String::from_utf8_lossy(body), Body::Empty);
    assert!(!verify(&sign_url(&other, &url), Body::Empty), "{url:?}");
    if let Ok(params) = parse_form(body, BODY_LIMIT) {
        let signed = sign_form(&token, &url, &params);
        assert!(
            verify(&signed, Body::Form(&params)) || !is_address(&url),
            "{url:?}"
        );
        let forged = sign_form(&other, &url, &params);
        assert!(!verify(&forged, Body::Form(&params)), "{url:?}");
    }
}

/// Whether Twilio could have been given it.
fn is_address(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && rest
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"./-".contains(&byte))
    })
}

/// A body as every webhook reads it.
pub fn form(data: &[u8]) {
    let Ok(params) = parse_form(data, BODY_LIMIT) else {
        return;
    };
    assert!(params.len() <= 500);
    let _ = webhook::VoiceRequest::parse(&params);
    let _ = webhook::CallStatusCallback::parse(&params);
    let _ = webhook::DialResult::parse(&params);
    let _ = webhook::GatherResult::parse(&params);
    let _ = webhook::RecordResult::parse(&params);
    let _ = webhook::RecordingStatusCallback::parse(&params);
    let _ = webhook::InboundMessage::parse(&params);
    let _ = webhook::MessageStatusCallback::parse(&params);
    let _ = webhook::StreamStatusCallback::parse(&params);
    let cleaned = params.without_nul();
    for (name, value) in cleaned.iter() {
        assert!(!name.contains('\0') && !value.contains('\0'));
        let _ = webhook::opt_out_keyword(value);
        let _ = webhook::segments(value);
    }
}

/// A document of TwiML, and what is written of it.
pub fn twiml(data: &[u8]) {
    let Ok(document) = twiml::Response::from_xml(&String::from_utf8_lossy(data)) else {
        return;
    };
    let _ = document.unknown();
    if let Ok(written) = document.to_xml() {
        let _ = twiml::Response::from_xml(&written);
    }
}

/// A message on a stream's WebSocket, of Media Streams and of ConversationRelay.
pub fn stream_messages(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    streams::test_support::read_message(&text);
}

/// A file that is said to be a recording, whole and in pieces.
pub fn sound(data: &[u8]) {
    let size = data.len() as u64;
    let _ = Judged::of(data, size, None);
    let read = Sound::read(data);
    let mut measure = Measure::new();
    for piece in data.chunks(7) {
        measure.push(piece);
    }
    assert_eq!(measure.size(), size);
    let _ = measure.finish(None);
    let Ok(sound) = read else { return };
    // MP3 expands: 4 bytes may be a frame of 1,152 samples of two channels.
    assert!(sound.samples.len() <= data.len().saturating_mul(2_304) + 2_304);
    let _ = sound.heard();
}

/// The definition of a flow, as JSON, and what is kept of it.
pub fn flows(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    if let Ok(flow) = Flow::read(&value) {
        let _ = Flow::read(&flow.to_value());
    }
}

/// An apply file, as YAML or JSON.
pub fn apply(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(api::Strict(value)) = serde_yaml_ng::from_str::<api::Strict>(text) else {
        return;
    };
    let _ = tenants::app::document::document(&value, None);
}
