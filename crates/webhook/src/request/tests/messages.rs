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
}

/// The parameters, how many media are read, and what is left out.
type Case<'a> = (&'a [(&'a str, &'a str)], usize, &'a [&'a str]);

#[test]
fn message_with_a_bad_field_keeps_its_words_and_says_what_was_left_out() {
    let url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1";
    let bad: [Case<'_>; 8] = [
        (&[("NumMedia", "2"), ("MediaUrl0", url)], 1, &["MediaUrl1"]),
        (&[("NumMedia", "2"), ("MediaUrl1", url)], 1, &["MediaUrl0"]),
        (&[("NumMedia", "abc"), ("MediaUrl0", url)], 1, &["NumMedia"]),
        (&[("MediaUrl0", url)], 1, &[]),
        (
            &[("NumMedia", "1"), ("MediaUrl0", "gopher://x")],
            0,
            &["MediaUrl0"],
        ),
        (&[("NumMedia", "-1")], 0, &["NumMedia"]),
        (
            &[("MessagingServiceSid", "odd")],
            0,
            &["MessagingServiceSid"],
        ),
        (&[("NumSegments", "many"), ("NumMedia", "0")], 0, &[]),
    ];
    for (bad, media, left_out) in bad {
        let params: Vec<_> = [bad, &[("Body", "Are you open?")]].concat();
        let it = InboundMessage::parse(&message(&params)).unwrap();
        assert_eq!(
            (it.body(), it.media().len()),
            ("Are you open?", media),
            "{bad:?}"
        );
        assert_eq!(it.left_out(), left_out, "{bad:?}");
    }
    let it = InboundMessage::parse(&message(&[("NumMedia", "4000000000"), ("MediaUrl0", url)]));
    let it = it.unwrap();
    assert_eq!(
        (it.media().len(), it.left_out().len()),
        (1, 31),
        "within bounds"
    );
}

#[test]
fn message_body_over_its_limit_is_cut_with_a_mark() {
    let body = |length: usize| message(&[("Body", &"\u{e9}".repeat(length))]);
    let channel = |length| replaced(&body(length), "From", Some("whatsapp:+15550109999"));
    for (params, length, cut) in [
        (body(1600), 1600, false),
        (body(1601), 1600, true),
        (body(20_000), 1600, true),
        (channel(4096), 4096, false),
        (channel(4097), 4096, true),
    ] {
        let it = InboundMessage::parse(&params).unwrap();
        assert_eq!(it.body().chars().count(), length);
        assert_eq!(it.body().ends_with('\u{2026}'), cut);
        assert_eq!(it.left_out().iter().any(|name| name == "Body"), cut);
    }
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
