//! The webhooks of phone interviews: what they are, and that a live one survives whatever is away.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use events::v1::TwilioRecordingStatus;
use testkit::eventually;
use twiml::{Response, Verb};

use crate::rows::{EMPTY, Row, XML, nothing, ringing, xml};
use crate::test_app::{
    ACCOUNT, ANSWER, Answer, CALL, Form, JONES_ACCOUNT, JONES_TOKEN, TestApp, call_form, log, with,
    without,
};

pub const RECORDING: &str = "RE00000000000000000000000000000001";
pub const QUERY: &str = "?interview_id=01j%2Fx&question_number=2";

/// What the role that holds interviews listens to.
pub const INTERVIEWS: &[&str] = &[
    "twilio.gather.finished",
    "twilio.record.finished",
    "twilio.call.continued",
    "twilio.recording.status",
];

pub fn url() -> String {
    format!("https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}")
}

pub fn talking(more: &[(&str, &str)]) -> Form {
    let mut all = vec![("CallStatus", "in-progress")];
    all.extend_from_slice(more);
    call_form(&all)
}

pub fn pressed() -> Form {
    talking(&[("Digits", "1"), ("FinishedOnKey", "")])
}

pub fn recorded() -> Form {
    let more = [("RecordingUrl", &*url()), ("RecordingDuration", "12")];
    talking(&more)
}

pub fn ended() -> Form {
    call_form(&[("CallStatus", "completed"), ("CallDuration", "61")])
}

/// Twilio names neither end of the call.
pub fn recording_status() -> Form {
    let more = [
        ("RecordingSid", RECORDING),
        ("RecordingUrl", &*url()),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "11"),
        ("RecordingChannels", "1"),
        ("RecordingSource", "RecordVerb"),
    ];
    without(&without(&call_form(&more), "From"), "To")
}

/// As for the other rows.
pub fn rows() -> Vec<Row> {
    let row = |path: &str, form, kind, answer| (path.to_owned(), form, kind, CALL, answer);
    let asks = |path: &str, form, kind| row(path, form, kind, xml(ANSWER));
    let tells = |path: &str, form, kind| row(path, form, kind, nothing());
    let api = |name: &str| format!("/api/webhooks/{name}{QUERY}");
    vec![
        asks("/webhook/voice", ringing(), "twilio.voice.inbound"),
        row("/webhook/voice", ended(), "twilio.call.status", xml(EMPTY)),
        asks("/webhook/menu", pressed(), "twilio.gather.finished"),
        asks("/start-interview", talking(&[]), "twilio.call.continued"),
        asks("/continue-interview", talking(&[]), "twilio.call.continued"),
        asks("/webhook/response", recorded(), "twilio.record.finished"),
        tells("/webhook/status", ended(), "twilio.call.status"),
        asks(
            &api("record-response"),
            recorded(),
            "twilio.record.finished",
        ),
        tells(&api("call-status"), ended(), "twilio.call.status"),
        tells(
            &api("recording-status"),
            recording_status(),
            "twilio.recording.status",
        ),
        tells(
            "/recording/status",
            recording_status(),
            "twilio.recording.status",
        ),
    ]
}

/// What our own URLs carry is described, on both methods; whatever else a URL carries is Twilio's affair, and read all the same.
pub async fn queries_of_our_own_urls_are_described_and_not_insisted_on(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    let (_, document) = app.call("GET", "/api/openapi.json", "", None).await;
    let (place, asked) = (
        vec!["interview_id", "question_number"],
        vec!["interview_id", "question_number", "try"],
    );
    let whisper = vec!["again", "by", "number"];
    let nothing = Vec::new();
    for (path, expected) in [
        ("/api/webhooks/record-response", &asked),
        ("/continue-interview", &asked),
        ("/start-interview", &asked),
        ("/webhook/menu", &asked),
        ("/webhook/response", &asked),
        ("/api/webhooks/recording-status", &place),
        ("/api/webhooks/call-status", &place),
        ("/webhooks/twilio/call/whisper/{call_sid}", &whisper),
        ("/webhooks/twilio/call/whisper/{call_sid}/answer", &whisper),
        ("/webhooks/twilio/call", &nothing),
    ] {
        for method in ["get", "post"] {
            let parameters = &document["paths"][path][method]["parameters"];
            let parameters = parameters.as_array().into_iter().flatten();
            let mut found: Vec<_> = parameters
                .filter(|it| it["in"] == "query")
                .map(|it| it["name"].as_str().unwrap())
                .collect();
            found.sort_unstable();
            assert_eq!(&found, expected, "{method} {path}");
        }
    }
    for query in ["", QUERY, "?interview_id=1&question_number=two&colour=red"] {
        let response = format!("/api/webhooks/record-response/{query}");
        assert_eq!(
            app.post(&response, &recorded()).await,
            xml(ANSWER),
            "{query}"
        );
    }
}

/// Where the caller is sent after being asked to wait.
fn sent_on(answer: &Answer) -> Option<String> {
    assert_eq!(
        (answer.status, answer.kind.as_str()),
        (200, XML),
        "{answer:?}"
    );
    match Response::from_xml(&answer.body).unwrap().verbs.last() {
        Some(Verb::Redirect(next)) => Some(next.url.clone()),
        _ => None,
    }
}

pub async fn live_interview_is_asked_to_wait(app: Arc<TestApp>) {
    // Nobody holds interviews at all.
    let response = format!("/webhook/response{QUERY}");
    let mut answer = app.post(&response, &recorded()).await;
    let wait =
        "<Response><Say>One moment, please.</Say><Pause length=\"2\"/><Redirect method=\"POST\">";
    for tries in 1..=3 {
        assert!(answer.body.contains(wait), "{answer:?}");
        let next = sent_on(&answer).unwrap();
        let expected = format!("/continue-interview{QUERY}&try={tries}");
        assert_eq!(next, expected);
        answer = app.post(&next, &talking(&[])).await;
    }
    assert_eq!(sent_on(&answer), None);
    assert!(
        answer.body.contains("is kept. Goodbye.</Say><Hangup/>"),
        "{answer:?}"
    );
    assert_eq!(app.spooled().len(), 4, "what was said is kept");
    let fallbacks = async |reason: &str| {
        let reason = format!("reason=\"{reason}\"");
        app.counter("webhooks_fallback_total", &[&reason]).await
    };
    assert!(fallbacks("no_role").await >= 4);

    // Whoever holds them is there, but slow. A number that asks with GET is asked on with POST.
    app.desk.silent.store(true, Ordering::Relaxed);
    app.listen("test.interviews", INTERVIEWS).await;
    let (menu, start, forms) = (
        "/webhook/menu",
        "/start-interview?interview_id=7",
        talking(&[]),
    );
    let form = pressed();
    let (menu, start) = tokio::join!(app.get(menu, &form), app.post(start, &forms));
    assert_eq!(sent_on(&menu).as_deref(), Some("/continue-interview?try=1"));
    assert_eq!(
        sent_on(&start).as_deref(),
        Some("/continue-interview?interview_id=7&try=1")
    );
    assert!(fallbacks("late").await >= 2);
    assert!(log().text().contains("reason=\"late\""));
}

/// Who should decide says at once that it cannot: nobody waits for the deadline, and each row falls back in its way.
pub async fn nobody_waits_for_one_who_cannot(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    app.desk.declines.store(true, Ordering::Relaxed);
    let call = app.post("/webhooks/twilio/call", &ringing()).await;
    assert!(call.body.contains("<Dial"), "{call:?}");
    let coach = app.post("/webhook/voice", &ringing()).await;
    assert!(coach.body.contains("<Dial"), "{coach:?}");
    let menu = app.post("/webhook/menu", &pressed()).await;
    assert_eq!(sent_on(&menu).as_deref(), Some("/continue-interview?try=1"));
    app.desk.take(3).await;
    let declined = ["reason=\"declined\""];
    assert!(app.counter("webhooks_fallback_total", &declined).await >= 3);
}

/// Twilio does not say whose number a recording is about: whoever signed is passed on, to be compared with the call's.
pub async fn whose_recording_it_is(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    app.learns_of_jones().await;
    let path = "/api/webhooks/recording-status/";
    let form = with(&recording_status(), "AccountSid", JONES_ACCOUNT);
    assert_eq!(
        app.post_signed(JONES_TOKEN, path, &form, &[]).await,
        nothing()
    );
    let it = app.desk.take_as::<TwilioRecordingStatus>().await.1;
    assert_eq!(it.account_sid, JONES_ACCOUNT);
    let ours = app
        .post_signed(JONES_TOKEN, path, &recording_status(), &[])
        .await;
    assert_eq!(ours.status, 403, "another's account");
    let form = with(&pressed(), "AccountSid", JONES_ACCOUNT);
    let smiths = app
        .post_signed(JONES_TOKEN, "/webhook/menu", &form, &[])
        .await;
    assert_eq!(smiths.status, 403, "another's number");
    assert!(app.desk.heard().is_empty());
}

/// The broker goes while a caller answers, and comes back: the call goes on, and the answer is known before the next question.
pub async fn interview_survives_an_outage(app: Arc<TestApp>) {
    app.listen("test.interviews", INTERVIEWS).await;
    app.cut().await;
    let answer = app
        .post(&format!("/webhook/response{QUERY}"), &recorded())
        .await;
    let first = sent_on(&answer).unwrap();
    for status in ["in-progress", "completed"] {
        let form = with(&recording_status(), "RecordingStatus", status);
        let path = "/api/webhooks/recording-status/";
        assert_eq!(app.post(path, &form).await, nothing());
    }
    assert_eq!(app.spooled().len(), 3);

    let form = talking(&[]);
    let goes_on = async {
        let mut next = first;
        loop {
            let answer = app.post(&next, &form).await;
            if answer == xml(ANSWER) {
                return;
            }
            next = sent_on(&answer).expect("the caller is not sent away");
        }
    };
    tokio::join!(goes_on, async { app.mend() });
    let heard = app.desk.take(4).await;
    let kinds: Vec<_> = heard.iter().map(|e| e.kind.as_str()).take(4).collect();
    assert_eq!(
        kinds,
        [
            "twilio.record.finished",
            "twilio.recording.status",
            "twilio.recording.status",
            "twilio.call.continued"
        ]
    );
    let of = |n: usize| heard[n].decode::<TwilioRecordingStatus>().unwrap().status;
    assert_eq!((of(1), of(2)), ("in-progress".into(), "completed".into()));
    eventually("the spool is empty", async || app.spooled().is_empty()).await;
}
