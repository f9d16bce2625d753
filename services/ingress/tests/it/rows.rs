//! Every row of the table, and what is answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use testkit::eventually;

use crate::interviews::{self, INTERVIEWS};
use crate::test_app::{
    ANSWER, Answer, CALL, CALLER, Form, MESSAGE, NUMBER, OTHER, OWNER, TestApp, call_form,
    text_form, with,
};

pub const XML: &str = "text/xml; charset=utf-8";
pub const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>";

pub fn xml(body: &str) -> Answer {
    Answer {
        status: 200,
        kind: XML.into(),
        retry_after: None,
        body: body.into(),
    }
}

pub fn nothing() -> Answer {
    Answer {
        status: 204,
        kind: String::new(),
        retry_after: None,
        body: String::new(),
    }
}

pub fn ringing() -> Form {
    call_form(&[("CallStatus", "ringing")])
}

pub fn dial_status() -> (String, Form) {
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

pub fn inbound_text() -> Form {
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
    let asks = |path: &str| {
        let answer = xml(ANSWER);
        (
            path.to_owned(),
            ringing(),
            "twilio.voice.inbound",
            CALL,
            answer,
        )
    };
    vec![
        asks("/webhooks/twilio/call"),
        asks("/voice"),
        asks("/twiml"),
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

pub async fn every_row_becomes_its_event(app: Arc<TestApp>) {
    app.listen("test.texts", &["twilio.message.status"]).await;
    app.listen("test.interviews", INTERVIEWS).await;
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
                "POST" => app.post(path, &form).await,
                _ => app.get(path, &form).await,
            };
            assert_eq!(got, answer, "{method} {path}");
            let envelope = app.desk.take(1).await.remove(0);
            assert_eq!(
                (envelope.kind.as_str(), envelope.key.as_deref()),
                (kind, Some(key)),
                "{method} {path}"
            );
            assert_eq!(
                (envelope.source.as_str(), envelope.time),
                ("trunkline/ingress", app.clock.now())
            );
        }
    }
    assert!(app.desk.heard().is_empty());
    assert!(app.spooled().is_empty());
}

pub async fn whoever_waits_too_long_gets_the_fallback(app: Arc<TestApp>) {
    app.desk.silent.store(true, Ordering::Relaxed);
    let answer = app.post("/webhooks/twilio/call", &ringing()).await;
    let dial = format!(
        "action=\"/webhooks/twilio/call/status/{CALL}\" method=\"POST\" timeout=\"20\"><Number>{OWNER}</Number>"
    );
    assert!(
        answer.status == 200 && answer.body.contains(&dial),
        "{answer:?}"
    );
    for number in [OTHER, "+15559999999"] {
        let answer = app
            .post("/webhooks/twilio/call", &with(&ringing(), "To", number))
            .await;
        assert!(
            answer.status == 200 && answer.body.contains("<Say>We are sorry"),
            "{answer:?}"
        );
    }
    // Whoever picked up is connected: better a voicemail than nobody.
    let path = format!("/webhooks/twilio/call/whisper/{CALL}?number=%2B15550100001");
    assert_eq!(app.post(&path, &ringing()).await, xml(EMPTY));
    assert_eq!(
        app.desk.take(4).await.len(),
        4,
        "each will be decided on all the same"
    );
    assert!(app.spooled().is_empty());
    assert!(app.counter("webhooks_total", &["outcome=\"late\""]).await >= 4);
}

pub async fn same_webhook_is_the_same_event(app: Arc<TestApp>) {
    let (path, form) = dial_status();
    let token = |token| [("I-Twilio-Idempotency-Token", token)];
    let ids = async |path: &str, form: &Form, headers: &[(&str, &str)]| {
        app.post_signed(crate::test_app::TOKEN, path, form, headers)
            .await;
        app.desk.take(1).await.remove(0).id
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
pub async fn what_has_nowhere_to_go_holds_nobody_up(app: Arc<TestApp>) {
    let status = |word: &str| text_form(&[("MessageStatus", word)]);
    for word in ["sent", "delivered"] {
        assert_eq!(
            app.post("/webhooks/twilio/sms/status", &status(word)).await,
            nothing()
        );
    }
    assert_eq!(app.spooled().len(), 2);
    let (path, form) = dial_status();
    for n in 0..3 {
        let form = with(&form, "DialCallDuration", &n.to_string());
        assert_eq!(app.post(&path, &form).await, xml(EMPTY));
    }
    let heard = app.desk.take(3).await;
    assert!(
        heard
            .iter()
            .all(|envelope| envelope.kind == "twilio.dial.finished")
    );
    app.listen("test.texts", &["twilio.message.status"]).await;
    // Another that arrives shows that they have somewhere to go by now.
    app.post("/webhooks/twilio/sms/status", &status("read"))
        .await;
    app.desk.take(1).await;
    app.stop().await;
    app.up().await;
    app.listen("test.texts", &["twilio.message.status"]).await;
    eventually("the spool is empty", async || app.spooled().is_empty()).await;
}
