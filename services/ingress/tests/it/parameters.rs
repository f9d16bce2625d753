//! The parameters of calls and texts: which become fields, and what becomes of those that are wrong.

use std::sync::Arc;

use events::v1::{
    TwilioCallStatus, TwilioDialFinished, TwilioMessageStatus, TwilioSmsInbound,
    TwilioVoiceInbound, TwilioWhisper,
};

use crate::rows::{EMPTY, XML, dial_status, inbound_text, ringing, xml};
use crate::test_app::{
    ANSWER, Answer, CALL, CALLER, Form, NUMBER, TestApp, call_form, encode, text_form, with,
    without,
};

pub async fn parameters_become_fields(app: Arc<TestApp>) {
    app.post("/webhooks/twilio/call", &ringing()).await;
    let (envelope, event) = app.desk.take_as::<TwilioVoiceInbound>().await;
    let (voice, webhook) = (event.voice.unwrap(), event.webhook.unwrap());
    assert_eq!(
        (
            voice.from.as_str(),
            voice.to.as_str(),
            voice.call_status.as_str()
        ),
        (CALLER, NUMBER, "ringing")
    );
    let form: Form = webhook
        .parameters
        .into_iter()
        .map(|p| (p.name, p.value))
        .collect();
    assert_eq!(
        form,
        ringing(),
        "all of them, blanks and new ones too, in their order"
    );
    assert_eq!(webhook.path, "/webhooks/twilio/call");
    assert_eq!(
        envelope.deadline,
        Some(app.clock.now() + chrono::TimeDelta::milliseconds(2500)),
        "in the app, time is short by half"
    );

    // Who calls may be anybody, and how it stands any word.
    let odd = with(
        &with(&ringing(), "From", "anonymous"),
        "CallStatus",
        "new-word",
    );
    assert_eq!(app.post("/webhooks/twilio/call", &odd).await, xml(ANSWER));
    assert_eq!(
        app.desk
            .take_as::<TwilioVoiceInbound>()
            .await
            .1
            .voice
            .unwrap()
            .from,
        "anonymous"
    );

    let (path, form) = dial_status();
    app.post(&path, &with(&form, "DialCallDuration", "9")).await;
    let dial = app
        .desk
        .take_as::<TwilioDialFinished>()
        .await
        .1
        .dial
        .unwrap();
    assert_eq!(
        (dial.status.as_str(), dial.bridged, dial.duration_s),
        ("no-answer", Some(false), Some(9))
    );

    let ended = call_form(&[
        ("CallStatus", "completed"),
        ("CallDuration", "61"),
        ("Timestamp", "Sat, 21 Nov 2026 09:59:58 +0000"),
    ]);
    app.post("/webhooks/twilio/call", &ended).await;
    let status = app.desk.take_as::<TwilioCallStatus>().await.1;
    assert_eq!(
        (status.duration_s, status.timestamp.as_str()),
        (Some(61), "2026-11-21T09:59:58+00:00")
    );

    let path = format!("/webhooks/twilio/call/whisper/{CALL}/answer?number=%2B15550100001");
    app.post(&path, &with(&ringing(), "Digits", "1")).await;
    let whisper = app.desk.take_as::<TwilioWhisper>().await.1;
    assert_eq!(
        (
            whisper.parent_call_sid.as_str(),
            whisper.digits.as_str(),
            whisper.answered
        ),
        (CALL, "1", true)
    );
    assert_eq!(whisper.webhook.unwrap().query[0].value, NUMBER);

    app.post("/webhooks/twilio/sms", &inbound_text()).await;
    let text = app.desk.take_as::<TwilioSmsInbound>().await.1.text.unwrap();
    assert_eq!(
        (text.body.as_str(), text.from.as_str()),
        ("h\u{e9}llo + 100% \n", CALLER)
    );

    // PostgreSQL cannot store NUL, and nobody types one: `STOP` with one is STOP. It is signed all the same.
    let nul = with(&inbound_text(), "Body", "\0ST\0OP");
    let nul = with(&nul, "From", &format!("{CALLER}\0"));
    app.post("/webhooks/twilio/sms?a=%00b", &nul).await;
    let event = app.desk.take_as::<TwilioSmsInbound>().await.1;
    let (text, webhook) = (event.text.unwrap(), event.webhook.unwrap());
    assert_eq!((text.body.as_str(), text.from.as_str()), ("STOP", CALLER));
    let mut values = webhook.parameters.iter().chain(&webhook.query);
    assert!(values.all(|p| !p.value.contains('\0') && !p.name.contains('\0')));

    // No text is lost for one bad field.
    let bad = with(
        &with(&inbound_text(), "NumMedia", "2"),
        "Body",
        "Open today?",
    );
    let bad = with(&bad, "MediaUrl0", "https://api.twilio.com/x");
    let answer = app.post("/webhooks/twilio/sms", &bad).await;
    assert_eq!(answer, xml(EMPTY));
    let text = app.desk.take_as::<TwilioSmsInbound>().await.1.text.unwrap();
    assert_eq!((text.body.as_str(), text.media.len()), ("Open today?", 1));
    assert_eq!(text.left_out, ["MediaUrl1"]);

    app.listen("test.texts", &["twilio.message.status"]).await;
    let form = text_form(&[("MessageStatus", "failed"), ("ErrorCode", "30003")]);
    app.post("/webhooks/twilio/sms/status", &form).await;
    let status = app.desk.take_as::<TwilioMessageStatus>().await.1;
    assert_eq!(
        (status.message_status.as_str(), status.error_code),
        ("failed", Some(30003))
    );
}

pub async fn bad_parameters_never_break_a_live_call(app: Arc<TestApp>) {
    let (dial_path, dial) = dial_status();
    let spoken = |answer: &Answer| {
        answer.status == 200 && answer.body.contains("<Say>") && answer.body.contains("<Hangup/>")
    };
    for (path, form) in [
        ("/webhooks/twilio/call", without(&ringing(), "CallSid")),
        (
            "/webhooks/twilio/call",
            with(&ringing(), "CallSid", "nonsense"),
        ),
        ("/webhooks/twilio/call", without(&ringing(), "CallStatus")),
        (dial_path.as_str(), without(&dial, "DialCallStatus")),
        ("/webhooks/twilio/call/whisper/CA1", ringing()),
    ] {
        let answer = app.post(path, &form).await;
        assert!(spoken(&answer) && answer.kind == XML, "{path}: {answer:?}");
    }
    assert_eq!(
        app.post(
            "/webhooks/twilio/sms",
            &without(&inbound_text(), "MessageSid")
        )
        .await,
        xml(EMPTY)
    );
    let answer = app
        .post("/webhooks/twilio/sms/status", &text_form(&[]))
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("MessageStatus is missing"),
        "{}",
        answer.body
    );
    assert!(app.desk.heard().is_empty() && app.spooled().is_empty());
    let counted = app
        .counter(
            "webhooks_total",
            &[
                "outcome=\"invalid\"",
                "path=\"/webhooks/twilio/sms/status\"",
            ],
        )
        .await;
    assert!(counted >= 1);
}

pub async fn what_cannot_be_read_is_not_believed(app: Arc<TestApp>) {
    let large = with(&ringing(), "Padding", &"x".repeat(64 * 1024));
    let answer = app.post("/webhooks/twilio/call", &large).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    let many: Form = (0..501).map(|n| (format!("P{n}"), String::new())).collect();
    assert_eq!(app.post("/webhooks/twilio/call", &many).await.status, 400);
    let body = format!("{}&Bad=%FF", encode(&ringing())).into_bytes();
    let headers = [
        ("X-Twilio-Signature", "x"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(
        app.send("POST", "/webhooks/twilio/call", &headers, body)
            .await
            .status,
        400
    );
    let answer = app
        .send("POST", "/webhooks/twilio/call?x=%FF", &headers, Vec::new())
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.starts_with(r#"{"error":{"code":"bad_request""#),
        "{}",
        answer.body
    );
    assert_eq!(
        app.send("PUT", "/webhooks/twilio/call", &[], Vec::new())
            .await
            .status,
        405
    );
    assert!(app.desk.heard().is_empty() && app.spooled().is_empty());
}
