//! Requests as Twilio sends them, and as it does not.

use phone::Address;

use super::*;
use crate::{
    AnsweredBy, CallStatus, DialCallStatus, Direction, Keyword, MessageStatus, Params,
    RecordingStatus, StreamEvent, parse_form,
};

const AC: &str = "AC00000000000000000000000000000001";
const CA: &str = "CA00000000000000000000000000000001";
const RE: &str = "RE00000000000000000000000000000001";
const RECORDING: &str = "https://api.twilio.com/2010-04-01/Accounts/AC00000000000000000000000000000001/Recordings/RE00000000000000000000000000000001";

/// What every voice webhook has, and more.
fn call(more: &[(&str, &str)]) -> Params {
    let mut params: Params = [
        ("AccountSid", AC),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", CA),
        ("CallStatus", "in-progress"),
        ("Called", "+15550100001"),
        ("CalledCity", ""),
        ("Direction", "inbound"),
        ("From", "+15550109999"),
        ("FromCity", "NEW YORK"),
        ("FromState", ""),
        ("To", "+15550100001"),
        ("SomethingNew", "x"),
    ]
    .into_iter()
    .collect();
    for (name, value) in more {
        params.push(*name, *value);
    }
    params
}

fn message(more: &[(&str, &str)]) -> Params {
    let mut params: Params = [
        ("AccountSid", AC),
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("From", "+15550109999"),
        ("To", "+15550100001"),
    ]
    .into_iter()
    .collect();
    for (name, value) in more {
        params.push(*name, *value);
    }
    params
}

fn replaced(params: &Params, name: &str, value: Option<&str>) -> Params {
    params
        .iter()
        .filter_map(|(n, v)| match n == name {
            true => value.map(|value| (n.to_owned(), value.to_owned())),
            false => Some((n.to_owned(), v.to_owned())),
        })
        .collect()
}

#[test]
fn a_voice_request() {
    let it = VoiceRequest::parse(&call(&[
        ("AnsweredBy", "machine_end_beep"),
        ("StirVerstat", "TN-Validation-Passed-A"),
    ]))
    .unwrap();
    assert_eq!(it.call().sid().as_str(), CA);
    assert_eq!(it.call().account().as_str(), AC);
    assert_eq!(it.call().from().as_str(), "+15550109999");
    assert_eq!(it.call().direction(), Some(&Direction::Inbound));
    assert_eq!(it.call().from_place().city(), Some("NEW YORK"));
    assert_eq!(it.call().from_place().state(), None);
    assert_eq!(it.call().stir_verstat(), Some("TN-Validation-Passed-A"));
    assert_eq!(it.status(), &CallStatus::InProgress);
    assert!(it.answered_by().is_some_and(AnsweredBy::is_machine));
    let shown = format!("{it:?}");
    assert!(
        !shown.contains("1555") && !shown.contains("YORK"),
        "{shown}"
    );
}

#[test]
fn a_voice_request_takes_any_caller_and_any_state() {
    for from in [
        "anonymous",
        "",
        "client:alice",
        "sip:a@b",
        "40404",
        "0049 123",
        "unknown",
    ] {
        let it = VoiceRequest::parse(&replaced(&call(&[]), "From", Some(from))).unwrap();
        assert_eq!(it.call().from(), &Address::parse(from));
    }
    let it = VoiceRequest::parse(&replaced(&call(&[]), "From", None)).unwrap();
    assert!(it.call().from().is_anonymous());
    for status in ["queued", "initiated", "ringing", "levitating"] {
        let it = VoiceRequest::parse(&replaced(&call(&[]), "CallStatus", Some(status))).unwrap();
        assert_eq!(it.status().as_str(), status);
    }
}

#[test]
fn a_voice_request_needs_its_identifiers() {
    for (name, value, message) in [
        ("CallSid", None, "CallSid is missing"),
        ("CallSid", Some(""), "CallSid is missing"),
        (
            "CallSid",
            Some("+15550109999"),
            "CallSid is not an identifier such as CA..",
        ),
        (
            "AccountSid",
            Some(CA),
            "AccountSid is not an identifier such as AC..",
        ),
        ("To", None, "To is missing"),
        ("CallStatus", Some(""), "CallStatus is missing"),
    ] {
        let error = VoiceRequest::parse(&replaced(&call(&[]), name, value)).unwrap_err();
        assert_eq!(
            (error.parameter(), error.to_string().as_str()),
            (name, message)
        );
    }
    let long = "x".repeat(TEXT_LIMIT + 1);
    let error = VoiceRequest::parse(&call(&[("CallerName", &long)])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "CallerName has 4097 characters, more than 4096"
    );
}

#[test]
fn call_status_callbacks() {
    let progress = CallStatusCallback::parse(&call(&[
        ("CallDuration", "61"),
        ("Duration", "2"),
        ("SipResponseCode", "487"),
        ("SequenceNumber", "3"),
        ("Timestamp", "Tue, 01 Sep 2026 20:36:28 +0000"),
        ("CallbackSource", "call-progress-events"),
        ("RecordingUrl", RECORDING),
    ]))
    .unwrap();
    assert_eq!(
        (progress.duration_s(), progress.sip_response_code()),
        (Some(61), Some(487))
    );
    assert_eq!(
        progress.timestamp().unwrap().to_rfc3339(),
        "2026-09-01T20:36:28+00:00"
    );
    assert_eq!(progress.dedupe_key(), format!("{CA}:3"));
    assert_eq!(progress.recording().unwrap().sid().unwrap().as_str(), RE);

    let odd = CallStatusCallback::parse(&call(&[
        ("Timestamp", "yesterday"),
        ("CallDuration", ""),
        ("SequenceNumber", "x"),
    ]))
    .unwrap();
    assert_eq!((odd.timestamp(), odd.duration_s()), (None, None));
    assert_eq!(odd.dedupe_key(), format!("{CA}:in-progress"));
}

#[test]
fn dial_results() {
    let result = |more: &[(&str, &str)]| DialResult::parse(&call(more)).unwrap();
    let answered = result(&[
        ("DialCallStatus", "completed"),
        ("DialCallSid", "CA00000000000000000000000000000002"),
        ("DialCallDuration", "42"),
        ("DialBridged", "true"),
    ]);
    assert!(!answered.is_missed());
    assert_eq!(
        (answered.duration_s(), answered.bridged()),
        (Some(42), Some(true))
    );
    assert_eq!(answered.call().sid().as_str(), CA);
    let bare = result(&[("DialCallStatus", "completed")]);
    assert_eq!(
        (bare.is_missed(), bare.bridged(), bare.duration_s()),
        (false, None, None)
    );
    assert!(result(&[("DialCallStatus", "no-answer"), ("DialCallSid", "")]).is_missed());
    assert_eq!(
        result(&[("DialCallStatus", "answered")]).status(),
        &DialCallStatus::Answered
    );
    let error = DialResult::parse(&call(&[])).unwrap_err();
    assert_eq!(error.parameter(), "DialCallStatus");
    let error =
        DialResult::parse(&call(&[("DialCallStatus", "busy"), ("DialCallSid", "x")])).unwrap_err();
    assert_eq!(error.parameter(), "DialCallSid");
}

#[test]
fn gather_results() {
    let keys = GatherResult::parse(&call(&[("Digits", "1"), ("FinishedOnKey", "")])).unwrap();
    assert_eq!(
        (keys.digits(), keys.speech(), keys.finished_on_key()),
        (Some("1"), None, Some(""))
    );
    let words = GatherResult::parse(&call(&[
        ("Digits", ""),
        ("SpeechResult", "Yes."),
        ("Confidence", "0.9"),
    ]))
    .unwrap();
    assert_eq!(
        (words.digits(), words.speech(), words.confidence()),
        (None, Some("Yes."), Some(0.9))
    );
    assert_eq!(
        GatherResult::parse(&call(&[("Confidence", "NaN")]))
            .unwrap()
            .confidence(),
        None
    );
    assert!(!format!("{words:?}").contains("Yes"));
}

#[test]
fn record_results() {
    let it = RecordResult::parse(&call(&[
        ("RecordingUrl", RECORDING),
        ("RecordingDuration", "12"),
        ("Digits", "hangup"),
    ]))
    .unwrap();
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert_eq!((it.duration_s(), it.is_hangup()), (Some(12), true));
    let it = RecordResult::parse(&call(&[
        ("RecordingUrl", &format!("{RECORDING}.mp3")),
        ("Digits", ""),
    ]))
    .unwrap();
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert!(!it.is_hangup());
    for url in ["file:///etc/passwd", "/relative"] {
        let error = RecordResult::parse(&call(&[("RecordingUrl", url)])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RecordingUrl is not an http or https URL"
        );
    }
}

#[test]
fn a_record_result_may_lack_its_recording() {
    let result = |more: &[(&str, &str)]| RecordResult::parse(&call(more)).unwrap();
    for more in [
        &[][..],
        &[
            ("RecordingUrl", ""),
            ("RecordingSid", ""),
            ("RecordingDuration", ""),
            ("Digits", ""),
        ],
    ] {
        let it = result(more);
        assert_eq!((it.recording_url(), it.recording_sid()), (None, None));
        assert_eq!((it.duration_s(), it.digits()), (None, None));
    }
    let it = result(&[("RecordingSid", RE), ("RecordingDuration", "0")]);
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert_eq!((it.recording_url(), it.duration_s()), (None, Some(0)));
    // What is not documented may be anything; the URL tells it as well.
    let it = result(&[("RecordingUrl", RECORDING), ("RecordingSid", "none")]);
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    let it = result(&[("RecordingUrl", "https://api.twilio.com/odd/")]);
    assert_eq!(it.recording_sid(), None);
}

#[test]
fn recording_callbacks() {
    let params: Params = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("RecordingSid", RE),
        ("RecordingUrl", RECORDING),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "12"),
        ("RecordingChannels", "2"),
        ("RecordingStartTime", "Tue, 01 Sep 2026 20:36:28 +0000"),
        ("RecordingSource", "StartCallRecordingAPI"),
        ("RecordingTrack", "both"),
    ]
    .into_iter()
    .collect();
    let it = RecordingStatusCallback::parse(&params).unwrap();
    assert_eq!(
        (it.status(), it.channels(), it.duration_s()),
        (&RecordingStatus::Completed, Some(2), Some(12))
    );
    assert!(it.started_at().is_some());
    assert_eq!(it.dedupe_key(), format!("{RE}:completed"));
    for status in [
        "in-progress",
        "paused",
        "stopped",
        "processing",
        "absent",
        "failed",
        "deleted",
    ] {
        let it =
            RecordingStatusCallback::parse(&replaced(&params, "RecordingStatus", Some(status)))
                .unwrap();
        assert!(
            !matches!(it.status(), RecordingStatus::Other(_)),
            "{status}"
        );
    }
    let absent = replaced(
        &replaced(&params, "RecordingStatus", Some("absent")),
        "RecordingUrl",
        None,
    );
    assert_eq!(RecordingStatusCallback::parse(&absent).unwrap().url(), None);
}

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

#[test]
fn stream_and_machine_callbacks() {
    let params: Params = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("StreamSid", "MZ00000000000000000000000000000001"),
        ("StreamName", "bot"),
        ("StreamEvent", "stream-error"),
        ("StreamError", "31921"),
        ("Timestamp", "2026-09-01T20:36:28.123Z"),
    ]
    .into_iter()
    .collect();
    let it = StreamStatusCallback::parse(&params).unwrap();
    assert_eq!(
        (it.event(), it.error(), it.timestamp().is_some()),
        (&StreamEvent::Error, Some("31921"), true)
    );
    let params: Params = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("AnsweredBy", "human"),
        ("MachineDetectionDuration", "3200"),
    ]
    .into_iter()
    .collect();
    let it = AmdStatus::parse(&params).unwrap();
    assert_eq!(
        (it.answered_by(), it.duration_ms()),
        (&AnsweredBy::Human, Some(3200))
    );
}

#[test]
fn from_the_wire() {
    let form = format!(
        "AccountSid={AC}&CallSid={CA}&From=%2B15550109999&To=%2B15550100001&CallStatus=ringing&Direction=inbound&CallerName="
    );
    let it = VoiceRequest::parse(&parse_form(form.as_bytes(), 9999).unwrap()).unwrap();
    assert_eq!(
        (it.status(), it.call().caller_name()),
        (&CallStatus::Ringing, None)
    );
}
