//! The parameters of phone interviews: which become fields, and what becomes of those that are wrong.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{
    Parameter, TwilioCallContinued, TwilioCallStatus, TwilioGatherFinished, TwilioRecordFinished,
    TwilioRecordingStatus,
};

use crate::interviews::{
    INTERVIEWS, QUERY, RECORDING, ended, pressed, recorded, recording_status, rows, talking, url,
};
use crate::rows::{XML, nothing, xml};
use crate::test_app::{ACCOUNT, ANSWER, CALL, CALLER, NUMBER, TestApp, encode, with, without};

pub async fn interview_parameters_become_fields(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    let menu = format!("/webhook/menu{QUERY}");
    app.post(&menu, &pressed()).await;
    let (envelope, gather) = app.desk.take_as::<TwilioGatherFinished>().await;
    let (voice, webhook) = (gather.voice.unwrap(), gather.webhook.unwrap());
    assert_eq!((gather.digits.as_str(), gather.speech.as_str()), ("1", ""));
    assert_eq!((voice.from.as_str(), voice.to.as_str()), (CALLER, NUMBER));
    assert_eq!(webhook.path, "/webhook/menu");
    let place = |(name, value): (&str, &str)| Parameter {
        name: name.into(),
        value: value.into(),
    };
    let query = [("interview_id", "01j/x"), ("question_number", "2")];
    assert_eq!(webhook.query, query.map(place));
    assert_eq!(
        envelope.deadline,
        Some(app.clock.now() + TimeDelta::milliseconds(4500)),
        "a question may take its time"
    );

    // Words, and neither words nor keys.
    let words = [
        ("Digits", ""),
        ("SpeechResult", "Yes."),
        ("Confidence", "0.9"),
    ];
    app.post(&menu, &talking(&words)).await;
    let gather = app.desk.take_as::<TwilioGatherFinished>().await.1;
    assert_eq!(
        (gather.digits.as_str(), gather.speech.as_str()),
        ("", "Yes.")
    );
    assert_eq!(gather.confidence, Some(0.9));
    let blank = [("Digits", ""), ("SpeechResult", ""), ("Confidence", "much")];
    app.post(&menu, &without(&talking(&blank), "CallStatus"))
        .await;
    let gather = app.desk.take_as::<TwilioGatherFinished>().await.1;
    assert_eq!((gather.digits.as_str(), gather.confidence), ("", None));
    assert_eq!(gather.voice.unwrap().call_status, "in-progress");

    // A recording: whole, after which the caller hung up, none.
    let response = format!("/api/webhooks/record-response/{QUERY}");
    for (form, sid, at, duration_s, digits) in [
        (recorded(), RECORDING, url(), Some(12), ""),
        (
            with(&recorded(), "Digits", "hangup"),
            RECORDING,
            url(),
            Some(12),
            "hangup",
        ),
        (
            with(&recorded(), "RecordingDuration", ""),
            RECORDING,
            url(),
            None,
            "",
        ),
        (
            with(&recorded(), "RecordingSid", "odd"),
            RECORDING,
            url(),
            Some(12),
            "",
        ),
        (
            with(&recorded(), "RecordingUrl", ""),
            "",
            String::new(),
            Some(12),
            "",
        ),
        (talking(&[("Digits", "#")]), "", String::new(), None, "#"),
    ] {
        assert_eq!(app.post(&response, &form).await, xml(ANSWER));
        let record = app.desk.take_as::<TwilioRecordFinished>().await.1;
        let file = record.recording.unwrap();
        assert_eq!((file.recording_sid.as_str(), file.url), (sid, at));
        assert_eq!(
            (file.duration_s, record.digits.as_str()),
            (duration_s, digits)
        );
        assert_eq!(record.webhook.unwrap().query, query.map(place));
    }

    // A callee of ours picked up; a word that is new is passed on.
    for who in ["human", "machine_end_beep", "martian", ""] {
        let mut form = with(
            &talking(&[("AnsweredBy", who)]),
            "Direction",
            "outbound-api",
        );
        form = with(&with(&form, "From", NUMBER), "To", CALLER);
        app.post(&format!("/start-interview{QUERY}"), &form).await;
        let continued = app.desk.take_as::<TwilioCallContinued>().await.1;
        assert_eq!(continued.answered_by, who);
        assert_eq!(continued.voice.unwrap().direction, "outbound-api");
    }
    app.post("/start-interview", &talking(&[])).await;
    assert_eq!(
        app.desk
            .take_as::<TwilioCallContinued>()
            .await
            .1
            .answered_by,
        ""
    );

    let status = format!("/api/webhooks/recording-status/{QUERY}");
    app.post(&status, &recording_status()).await;
    let (envelope, it) = app.desk.take_as::<TwilioRecordingStatus>().await;
    assert_eq!(
        (it.account_sid.as_str(), it.call_sid.as_str()),
        (ACCOUNT, CALL)
    );
    assert_eq!(
        (it.status.as_str(), it.source.as_str()),
        ("completed", "RecordVerb")
    );
    let file = it.recording.unwrap();
    assert_eq!((file.recording_sid.as_str(), file.url), (RECORDING, url()));
    assert_eq!((file.duration_s, it.error_code), (Some(11), None));
    assert_eq!(envelope.deadline, None, "nobody waits");
    let absent = without(
        &with(&recording_status(), "RecordingStatus", "absent"),
        "RecordingUrl",
    );
    let absent = with(
        &with(&absent, "ErrorCode", "13223"),
        "RecordingDuration",
        "",
    );
    app.post(&status, &absent).await;
    let it = app.desk.take_as::<TwilioRecordingStatus>().await.1;
    let file = it.recording.unwrap();
    assert_eq!((it.status.as_str(), it.error_code), ("absent", Some(13223)));
    assert_eq!((file.url.as_str(), file.duration_s), ("", None));

    app.post(
        &format!("/api/webhooks/call-status/{QUERY}"),
        &with(&ended(), "AnsweredBy", "human"),
    )
    .await;
    let it = app.desk.take_as::<TwilioCallStatus>().await.1;
    assert_eq!(
        (it.duration_s, it.answered_by.as_str()),
        (Some(61), "human")
    );
    assert_eq!(it.webhook.unwrap().query, query.map(place));
}

pub async fn bad_parameters_of_interviews(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    for (path, form, kind, _, answer) in rows() {
        let mut bad = vec![
            without(&form, "CallSid"),
            with(&form, "CallSid", "nonsense"),
        ];
        match kind {
            "twilio.record.finished" => bad.push(with(&form, "RecordingUrl", "file:///etc/passwd")),
            "twilio.recording.status" => bad.push(without(&form, "RecordingSid")),
            // Whatever was pressed or said, a caller is on the line.
            "twilio.gather.finished" => {}
            _ => bad.push(without(&form, "CallStatus")),
        }
        for form in bad {
            let got = app.post(&path, &form).await;
            if answer == nothing() {
                assert_eq!(got.status, 400, "{path}: {got:?}");
                assert!(got.body.contains(r#""code":"bad_request""#), "{got:?}");
            } else {
                assert_eq!(
                    (got.status, got.kind.as_str()),
                    (200, XML),
                    "{path}: {got:?}"
                );
                assert!(got.body.contains("</Say><Hangup/>"), "{path}: {got:?}");
            }
        }
        let headers = [
            ("X-Twilio-Signature", "x"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        let body = format!("{}&SpeechResult=%FF", encode(&form)).into_bytes();
        assert_eq!(app.send("POST", &path, &headers, body).await.status, 400);
        let forged = app.post_as("x", &path, &form, &[]).await;
        assert_eq!(forged.status, 403, "{path}");
    }
    assert!(app.desk.heard().is_empty() && app.spooled().is_empty());
    let labels = ["outcome=\"invalid\"", "path=\"/webhook/menu\""];
    assert!(app.counter("webhooks_total", &labels).await >= 2);
}
