//! Every row of the table, and what is answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events::v1::{
    TwilioCallStatus, TwilioDialFinished, TwilioMessageStatus, TwilioSmsInbound,
    TwilioVoiceInbound, TwilioWhisper,
};

use testkit::eventually;

use crate::interviews::{self, INTERVIEWS};
use crate::lab::{
    ANSWER, Answer, CALL, CALLER, Form, Lab, MESSAGE, NUMBER, OTHER, OWNER, call_form, encode,
    text_form, with, without,
};

pub const XML: &str = "text/xml; charset=utf-8";
pub const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>";

pub fn xml(body: &str) -> Answer {
    Answer {
        status: 200,
        kind: XML.into(),
        body: body.into(),
    }
}

pub fn nothing() -> Answer {
    Answer {
        status: 204,
        kind: String::new(),
        body: String::new(),
    }
}

pub fn ringing() -> Form {
    call_form(&[("CallStatus", "ringing")])
}

fn dial_status() -> (String, Form) {
    let more = [
        ("CallStatus", "in-progress"),
        ("DialCallStatus", "no-answer"),
        ("DialBridged", "false"),
    ];
    (
        format!("/webhooks/twilio/call/status/{CALL}"),
        call_form(&more),
    )
}

fn inbound_text() -> Form {
    text_form(&[
        ("From", CALLER),
        ("To", NUMBER),
        ("Body", "h\u{e9}llo + 100% \n"),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
    ])
}

/// Path, form, type of the event, its key, the answer.
pub type Row = (String, Form, &'static str, &'static str, Answer);

fn rows() -> Vec<Row> {
    let (dial_path, dial) = dial_status();
    let whisper = format!("/webhooks/twilio/call/whisper/{CALL}");
    let query = "?number=%2B15550100001";
    // The leg's own webhooks name its own call.
    let leg = with(&ringing(), "CallSid", "CA00000000000000000000000000000009");
    vec![
        (
            "/webhooks/twilio/call".into(),
            ringing(),
            "twilio.voice.inbound",
            CALL,
            xml(ANSWER),
        ),
        (
            "/webhooks/twilio/call".into(),
            with(&ringing(), "CallStatus", "completed"),
            "twilio.call.status",
            CALL,
            xml(EMPTY),
        ),
        (dial_path, dial, "twilio.dial.finished", CALL, xml(EMPTY)),
        (
            format!("{whisper}{query}"),
            leg.clone(),
            "twilio.whisper",
            CALL,
            xml(ANSWER),
        ),
        (
            format!("{whisper}/answer{query}"),
            with(&leg, "Digits", "1"),
            "twilio.whisper",
            CALL,
            xml(ANSWER),
        ),
        (
            "/webhooks/twilio/sms".into(),
            inbound_text(),
            "twilio.sms.inbound",
            MESSAGE,
            xml(EMPTY),
        ),
        (
            "/webhooks/twilio/sms/status".into(),
            text_form(&[
                ("MessageStatus", "delivered"),
                ("From", NUMBER),
                ("To", CALLER),
            ]),
            "twilio.message.status",
            MESSAGE,
            nothing(),
        ),
    ]
}

pub async fn every_row_becomes_its_event(lab: Arc<Lab>) {
    lab.listen("test.texts", &["twilio.message.status"]).await;
    lab.listen("test.interviews", INTERVIEWS).await;
    let rows: Vec<Row> = rows().into_iter().chain(interviews::rows()).collect();
    for webhook in ingress::WEBHOOKS {
        let path = webhook.path.replace("{call_sid}", CALL);
        let is_it = |row: &Row| row.0.split('?').next() == Some(path.as_str());
        assert!(rows.iter().any(is_it), "{path} is tested");
    }
    for (path, form, kind, key, answer) in rows {
        let slashed = path.split_once('?').map_or_else(
            || format!("{path}/"),
            |(path, query)| format!("{path}/?{query}"),
        );
        for (method, path) in [
            ("POST", &path),
            ("POST", &slashed),
            ("GET", &path),
            ("GET", &slashed),
        ] {
            let got = match method {
                "POST" => lab.post(path, &form).await,
                _ => lab.get(path, &form).await,
            };
            assert_eq!(got, answer, "{method} {path}");
            let envelope = lab.desk.take(1).await.remove(0);
            assert_eq!(
                (envelope.kind.as_str(), envelope.key.as_deref()),
                (kind, Some(key)),
                "{method} {path}"
            );
            assert_eq!(
                (envelope.source.as_str(), envelope.time),
                ("trunkline/ingress", lab.clock.now())
            );
        }
    }
    assert!(lab.desk.heard().is_empty());
    assert!(lab.spooled().is_empty());
}

pub async fn parameters_become_fields(lab: Arc<Lab>) {
    lab.post("/webhooks/twilio/call", &ringing()).await;
    let (envelope, event) = lab.desk.take_as::<TwilioVoiceInbound>().await;
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
        Some(lab.clock.now() + chrono::TimeDelta::milliseconds(2500)),
        "in the lab, time is short by half"
    );

    // Who calls may be anybody, and how it stands any word.
    let odd = with(
        &with(&ringing(), "From", "anonymous"),
        "CallStatus",
        "new-word",
    );
    assert_eq!(lab.post("/webhooks/twilio/call", &odd).await, xml(ANSWER));
    assert_eq!(
        lab.desk
            .take_as::<TwilioVoiceInbound>()
            .await
            .1
            .voice
            .unwrap()
            .from,
        "anonymous"
    );

    let (path, form) = dial_status();
    lab.post(&path, &with(&form, "DialCallDuration", "9")).await;
    let dial = lab
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
    lab.post("/webhooks/twilio/call", &ended).await;
    let status = lab.desk.take_as::<TwilioCallStatus>().await.1;
    assert_eq!(
        (status.duration_s, status.timestamp.as_str()),
        (Some(61), "2026-11-21T09:59:58+00:00")
    );

    let path = format!("/webhooks/twilio/call/whisper/{CALL}/answer?number=%2B15550100001");
    lab.post(&path, &with(&ringing(), "Digits", "1")).await;
    let whisper = lab.desk.take_as::<TwilioWhisper>().await.1;
    assert_eq!(
        (
            whisper.parent_call_sid.as_str(),
            whisper.digits.as_str(),
            whisper.answered
        ),
        (CALL, "1", true)
    );
    assert_eq!(whisper.webhook.unwrap().query[0].value, NUMBER);

    lab.post("/webhooks/twilio/sms", &inbound_text()).await;
    let text = lab.desk.take_as::<TwilioSmsInbound>().await.1.text.unwrap();
    assert_eq!(
        (text.body.as_str(), text.from.as_str()),
        ("h\u{e9}llo + 100% \n", CALLER)
    );

    lab.listen("test.texts", &["twilio.message.status"]).await;
    let form = text_form(&[("MessageStatus", "failed"), ("ErrorCode", "30003")]);
    lab.post("/webhooks/twilio/sms/status", &form).await;
    let status = lab.desk.take_as::<TwilioMessageStatus>().await.1;
    assert_eq!(
        (status.message_status.as_str(), status.error_code),
        ("failed", Some(30003))
    );
}

pub async fn bad_parameters_never_break_a_live_call(lab: Arc<Lab>) {
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
        let answer = lab.post(path, &form).await;
        assert!(spoken(&answer) && answer.kind == XML, "{path}: {answer:?}");
    }
    assert_eq!(
        lab.post(
            "/webhooks/twilio/sms",
            &without(&inbound_text(), "MessageSid")
        )
        .await,
        xml(EMPTY)
    );
    let answer = lab
        .post("/webhooks/twilio/sms/status", &text_form(&[]))
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.contains("MessageStatus is missing"),
        "{}",
        answer.body
    );
    assert!(lab.desk.heard().is_empty() && lab.spooled().is_empty());
    let counted = lab
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

pub async fn what_cannot_be_read_is_not_believed(lab: Arc<Lab>) {
    let large = with(&ringing(), "Padding", &"x".repeat(64 * 1024));
    let answer = lab.post("/webhooks/twilio/call", &large).await;
    assert_eq!(answer.status, 413, "{}", answer.body);
    let many: Form = (0..501).map(|n| (format!("P{n}"), String::new())).collect();
    assert_eq!(lab.post("/webhooks/twilio/call", &many).await.status, 400);
    let body = format!("{}&Bad=%FF", encode(&ringing())).into_bytes();
    let headers = [
        ("X-Twilio-Signature", "x"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    assert_eq!(
        lab.send("POST", "/webhooks/twilio/call", &headers, body)
            .await
            .status,
        400
    );
    let answer = lab
        .send("POST", "/webhooks/twilio/call?x=%FF", &headers, Vec::new())
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.body.starts_with(r#"{"error":{"code":"bad_request""#),
        "{}",
        answer.body
    );
    assert_eq!(
        lab.send("PUT", "/webhooks/twilio/call", &[], Vec::new())
            .await
            .status,
        405
    );
    assert!(lab.desk.heard().is_empty() && lab.spooled().is_empty());
}

pub async fn whoever_waits_too_long_gets_the_fallback(lab: Arc<Lab>) {
    lab.desk.silent.store(true, Ordering::Relaxed);
    let answer = lab.post("/webhooks/twilio/call", &ringing()).await;
    let dial = format!(
        "action=\"/webhooks/twilio/call/status/{CALL}\" method=\"POST\" timeout=\"20\"><Number>{OWNER}</Number>"
    );
    assert!(
        answer.status == 200 && answer.body.contains(&dial),
        "{answer:?}"
    );
    for number in [OTHER, "+15559999999"] {
        let answer = lab
            .post("/webhooks/twilio/call", &with(&ringing(), "To", number))
            .await;
        assert!(
            answer.status == 200 && answer.body.contains("<Say>We are sorry"),
            "{answer:?}"
        );
    }
    // Whoever picked up is connected: better his voicemail than nobody.
    let path = format!("/webhooks/twilio/call/whisper/{CALL}?number=%2B15550100001");
    assert_eq!(lab.post(&path, &ringing()).await, xml(EMPTY));
    assert_eq!(
        lab.desk.take(4).await.len(),
        4,
        "each will be decided on all the same"
    );
    assert!(lab.spooled().is_empty());
    assert!(lab.counter("webhooks_total", &["outcome=\"late\""]).await >= 4);
}

pub async fn the_same_webhook_is_the_same_event(lab: Arc<Lab>) {
    let (path, form) = dial_status();
    let token = |token| [("I-Twilio-Idempotency-Token", token)];
    let ids = async |path: &str, form: &Form, headers: &[(&str, &str)]| {
        lab.post_signed(crate::lab::TOKEN, path, form, headers)
            .await;
        lab.desk.take(1).await.remove(0).id
    };
    // Without a mark: by what it says.
    let first = ids(&path, &form, &[]).await;
    assert_eq!(ids(&path, &form, &[]).await, first);
    assert_ne!(
        ids(&path, &with(&form, "DialCallStatus", "busy"), &[]).await,
        first
    );
    assert_ne!(ids(&format!("{path}?question=2"), &form, &[]).await, first);
    // With a mark: by it, within one call.
    let marked = ids(&path, &form, &token("t1")).await;
    assert_eq!(
        ids(&path, &with(&form, "CallerCity", "Rome"), &token("t1")).await,
        marked
    );
    assert_ne!(ids(&path, &form, &token("t2")).await, marked);
    let other_call = with(&form, "CallSid", "CA00000000000000000000000000000002");
    assert_ne!(ids(&path, &other_call, &token("t1")).await, marked);
    // Where Twilio waits for a fresh decision, only the mark says that it is a repeat.
    let voice = "/webhooks/twilio/call";
    assert_ne!(
        ids(voice, &ringing(), &[]).await,
        ids(voice, &ringing(), &[]).await
    );
    assert_eq!(
        ids(voice, &ringing(), &token("t3")).await,
        ids(voice, &ringing(), &token("t3")).await
    );
}

/// A role that was never started keeps its own webhooks waiting, and nobody else's.
pub async fn what_has_nowhere_to_go_holds_nobody_up(lab: Arc<Lab>) {
    let status = |word: &str| text_form(&[("MessageStatus", word)]);
    for word in ["sent", "delivered"] {
        assert_eq!(
            lab.post("/webhooks/twilio/sms/status", &status(word)).await,
            nothing()
        );
    }
    assert_eq!(lab.spooled().len(), 2);
    let (path, form) = dial_status();
    for n in 0..3 {
        let form = with(&form, "DialCallDuration", &n.to_string());
        assert_eq!(lab.post(&path, &form).await, xml(EMPTY));
    }
    let heard = lab.desk.take(3).await;
    assert!(
        heard
            .iter()
            .all(|envelope| envelope.kind == "twilio.dial.finished")
    );
    lab.listen("test.texts", &["twilio.message.status"]).await;
    // Another that arrives shows that they have somewhere to go by now.
    lab.post("/webhooks/twilio/sms/status", &status("read"))
        .await;
    lab.desk.take(1).await;
    lab.stop().await;
    lab.up().await;
    lab.listen("test.texts", &["twilio.message.status"]).await;
    eventually("the spool is empty", async || lab.spooled().is_empty()).await;
}
