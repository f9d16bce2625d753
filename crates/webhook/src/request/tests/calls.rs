//! Calls: how one comes in, what was dialled, pressed and said, how it ended.

use phone::Address;

use super::*;
use crate::{AnsweredBy, CallStatus, DialCallStatus, Direction, StreamEvent, parse_form};

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
fn voice_request_takes_any_caller_and_any_state() {
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
fn voice_request_needs_its_identifiers() {
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
    let it = VoiceRequest::parse(&call(&[("CallerName", &long), ("ParentCallSid", "x")])).unwrap();
    let name = it.call().caller_name().unwrap();
    assert_eq!(
        name.chars().count(),
        TEXT_LIMIT,
        "no call is lost for a long name"
    );
    assert!(name.ends_with(crate::CUT) && it.call().parent().is_none());
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
    let odd = result(&[
        ("DialCallStatus", "busy"),
        ("DialCallSid", "x"),
        ("RecordingUrl", "x"),
    ]);
    assert!(odd.is_missed() && odd.dialled().is_none() && odd.recording_url().is_none());
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
