//! Messages: what comes in, and what became of ours.

use super::*;
use crate::{Keyword, MessageStatus};

#[test]
fn inbound_messages() {
    let it = InboundMessage::parse(&message(&[
        ("Body", " Hi \n"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("FromCity", ""),
    ]))
    .unwrap();
    assert_eq!(
        (it.body(), it.media().len(), it.segments(), it.keyword()),
        (" Hi \n", 0, Some(1), None)
    );
    assert!(!format!("{it:?}").contains("Hi"));
    assert_eq!(InboundMessage::parse(&message(&[])).unwrap().body(), "");
    assert_eq!(
        InboundMessage::parse(&message(&[("Body", "stop")]))
            .unwrap()
            .keyword(),
        Some(Keyword::Stop)
    );
    let it = InboundMessage::parse(&message(&[("Body", "arrêt"), ("OptOutType", "STOP")])).unwrap();
    assert_eq!(
        (it.opt_out_type(), it.keyword()),
        (Some(Keyword::Stop), Some(Keyword::Stop))
    );
}

#[test]
fn media_of_messages() {
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1";
    let it = InboundMessage::parse(&message(&[
        ("NumMedia", "2"),
        ("MediaUrl0", url),
        ("MediaContentType0", "image/png"),
        ("MediaUrl1", url),
    ]))
    .unwrap();
    let types: Vec<_> = it.media().iter().map(Media::content_type).collect();
    assert_eq!(types, [Some("image/png"), None]);
    assert_eq!(it.media()[0].url().as_str(), url);
    let error = InboundMessage::parse(&message(&[("NumMedia", "4000000000"), ("MediaUrl0", url)]))
        .unwrap_err();
    assert_eq!(error.to_string(), "MediaUrl1 is missing");
    let error = InboundMessage::parse(&message(&[("NumMedia", "1"), ("MediaUrl0", "gopher://x")]))
        .unwrap_err();
    assert_eq!(error.parameter(), "MediaUrl0");
}

#[test]
fn message_bodies_have_a_limit() {
    let body = |length: usize| message(&[("Body", &"é".repeat(length))]);
    assert!(InboundMessage::parse(&body(1600)).is_ok());
    let error = InboundMessage::parse(&body(1601)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Body has 1601 characters, more than 1600"
    );
    let channel = |length| replaced(&body(length), "From", Some("whatsapp:+15550109999"));
    assert!(InboundMessage::parse(&channel(4096)).is_ok());
    assert!(InboundMessage::parse(&channel(4097)).is_err());
}

#[test]
fn message_callbacks() {
    let it = MessageStatusCallback::parse(&message(&[
        ("MessageStatus", "undelivered"),
        ("ErrorCode", "30003"),
        ("To", ""),
    ]))
    .unwrap();
    assert_eq!(
        (it.status(), it.error_code()),
        (&MessageStatus::Undelivered, Some(30003))
    );
    let former: Params = [
        ("AccountSid", AC),
        ("SmsSid", "SM00000000000000000000000000000001"),
        ("SmsStatus", "sent"),
    ]
    .into_iter()
    .collect();
    let it = MessageStatusCallback::parse(&former).unwrap();
    assert_eq!((it.status(), it.to()), (&MessageStatus::Sent, None));
    let error = MessageStatusCallback::parse(&message(&[])).unwrap_err();
    assert_eq!(error.parameter(), "MessageStatus");
}
