//! Threads: what stands in them, who looks at them, how they are found.

use std::sync::Arc;

use events::v1::{Interview, InterviewEnded, Recording, RecordingStored};
use serde_json::{Value, json};

use crate::fixtures::{
    CALLER, at, ended, missed, missed_at, refused, sent, status, text, thread_id,
};
use crate::test_app::TestApp;

fn path(rest: &str) -> String {
    format!("/conversations/{}{rest}", thread_id("smith", 0, CALLER))
}

fn ids(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|it| it["customer"].as_str().unwrap())
        .collect()
}

pub async fn opt_out_is_kept_with_its_words_as_evidence(app: Arc<TestApp>) {
    let words = "Thanks, but please stop texting me!";
    app.publish(at(0), &text("SM1", CALLER, words)).await;
    assert_eq!(app.changes().await, [true]);
    app.publish(at(1), &text("SM2", CALLER, "can you stop by at 5?"))
        .await;
    app.publish(at(2), &text("SM3", CALLER, "START")).await;
    assert_eq!(app.changes().await, [true, false]);
    let page = app.get("/opt-outs/?tenant=smith").await;
    let shown: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| {
            (
                it["wish"].as_str().unwrap(),
                it["body"].as_str().unwrap(),
                it["source"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [("START", "START", "words"), ("STOP", words, "words")]
    );
    let (status, _) = app
        .call("GET", "/opt-outs/?tenant=smith", "read-jones", None)
        .await;
    assert_eq!(status, 404);
}

pub async fn number_without_conversations_keeps_only_a_stop(app: Arc<TestApp>) {
    let mut chat = text("SM1", CALLER, "hello");
    let mut stop = text("SM2", CALLER, "Stop.");
    for event in [&mut chat, &mut stop] {
        let number = event.tenant.as_mut().unwrap().number.as_mut().unwrap();
        number.sms = "none".into();
    }
    app.publish(at(0), &chat).await;
    app.rest().await;
    assert_eq!(app.get("/conversations/").await["items"], json!([]));
    app.publish(at(1), &stop).await;
    app.rest().await;
    app.publish(at(2), &missed("CA1", CALLER)).await;
    assert_eq!(app.sends().await.len(), 0);
    assert_eq!(app.thread().await["opted_out"], true);
}

pub async fn landline_is_said_once_and_not_tried_again(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", "CA1"]);
    app.publish(at(0), &sent(&id, "SM9")).await;
    app.rest().await;
    app.publish(at(1), &status("SM9", "undelivered", Some(30006)))
        .await;
    let thread = app.thread().await;
    let message = &thread["messages"][0];
    assert_eq!(message["error_code"], 30006);
    assert_eq!(message["error_message"], "Landline or unreachable carrier");
    assert_eq!(thread["attention"], "cannot_be_texted");
    app.publish(at(90), &missed("CA2", CALLER)).await;
    app.rest().await;
    app.publish(at(91), &missed_at("smith", 1, "CA3", CALLER))
        .await;
    assert_eq!(app.sends().await.len(), 1);
    let entries = app.thread().await["entries"].clone();
    let why: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["detail"]["text_back"].as_str())
        .collect();
    assert_eq!(why, [Some("sent"), Some("cannot_be_texted")]);
    let (code, answer) = app
        .post(&path("/messages"), json!({"body": "Hello?"}))
        .await;
    assert_eq!(
        (code, &answer["error"]["code"]),
        (409, &json!("cannot_be_texted"))
    );
    // A text from there says more than a code of long ago.
    app.publish(at(92), &text("SM1", CALLER, "I can read this"))
        .await;
    app.rest().await;
    assert_eq!(
        app.post(&path("/messages"), json!({"body": "Good."}))
            .await
            .0,
        201
    );
}

pub async fn refused_landline_is_remembered_too(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", "CA1"]);
    app.publish(at(0), &refused(&id, 21614, "refused_by_twilio"))
        .await;
    let thread = app.thread().await;
    assert_eq!(thread["messages"][0]["reason"], "refused_by_twilio");
    app.publish(at(90), &missed("CA2", CALLER)).await;
    assert_eq!(app.sends().await.len(), 1);
}

pub async fn calls_stand_in_the_thread_with_what_came_of_them(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    app.rest().await;
    app.publish(at(1), &missed("CA2", CALLER)).await;
    app.rest().await;
    app.publish(at(2), &ended("CA3", "answered")).await;
    app.publish(at(2), &ended("CA1", "missed")).await;
    let thread = app.thread().await;
    let entries: Vec<_> = thread["entries"].as_array().unwrap().iter().collect();
    assert_eq!(entries.len(), 3, "{entries:?}");
    let of = |sid: &str| entries.iter().find(|it| it["call_sid"] == sid).unwrap()["detail"].clone();
    assert_eq!(of("CA3")["outcome"], "answered");
    assert_eq!(
        (&of("CA1")["text_back"], &of("CA1")["duration_s"]),
        (&json!("sent"), &json!(42))
    );
    assert_eq!(of("CA2")["text_back"], "recent");
    assert!(
        of("CA2")["why"]
            .as_str()
            .unwrap()
            .contains("texted for a call")
    );
}

pub async fn call_that_was_an_interview_or_recorded_says_so(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "my sink leaks"))
        .await;
    app.rest().await;
    let interview = Interview {
        id: "i1".into(),
        tenant_id: "smith".into(),
        call_sid: "CA1".into(),
        kind: "screener".into(),
        flow: "plumbers".into(),
        outcome: "completed".into(),
        direction: "outbound-api".into(),
        from: "+15550100001".into(),
        to: CALLER.into(),
        ended_at: "2025-06-15T15:09:40Z".into(),
        ..Interview::default()
    };
    let ended = InterviewEnded {
        interview: Some(interview),
    };
    app.publish(at(3), &ended).await;
    app.rest().await;
    let recording = |call_sid: &str| RecordingStored {
        recording: Some(Recording {
            id: "r1".into(),
            call_sid: call_sid.into(),
            tenant_id: "smith".into(),
            ..Recording::default()
        }),
    };
    app.publish(at(4), &recording("CA1")).await;
    app.publish(at(4), &recording("CA-of-nobody")).await;
    let entries = app.thread().await["entries"].clone();
    assert_eq!(entries.as_array().unwrap().len(), 1);
    let detail = &entries[0]["detail"];
    assert_eq!(
        (
            &detail["interview"]["outcome"],
            &detail["interview"]["flow"]
        ),
        (&json!("completed"), &json!("plumbers"))
    );
    assert_eq!(detail["recorded"], true);
}

pub async fn thread_is_closed_by_an_operator_and_opened_by_a_text(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "my sink leaks"))
        .await;
    app.rest().await;
    let (code, head) = app
        .call(
            "PUT",
            &path("/status"),
            "write-smith",
            Some(json!({"status": "completed"})),
        )
        .await;
    assert_eq!((code, &head["status"]), (200, &json!("completed")));
    let thread = app.thread().await;
    assert!(thread["closed_at"].is_string() && thread["reply_due_at"].is_null());
    let (code, _) = app
        .call(
            "PUT",
            &path("/status"),
            "write-smith",
            Some(json!({"status": "open"})),
        )
        .await;
    assert_eq!(code, 422);
    app.publish(at(9), &text("SM2", CALLER, "it leaks again"))
        .await;
    let thread = app.thread().await;
    assert_eq!(thread["status"], "active");
    assert_eq!(thread["opened_at"], "2025-06-15T15:15:40Z");
    assert_eq!(
        app.get("/conversations/").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let told: Vec<_> = app.told().await.into_iter().map(|it| it.0).collect();
    assert_eq!(told, ["completed", "reopened"]);
}

pub async fn list_is_narrowed_by_each_filter(app: Arc<TestApp>) {
    let caller = |n: u32| format!("+1555010{n:04}");
    for (n, body) in [
        (1, "my sink leaks"),
        (2, "I smell gas"),
        (3, "50% off_of \\ something"),
        (4, "hello"),
    ] {
        app.publish(at(i64::from(n)), &text(&format!("SM{n}"), &caller(n), body))
            .await;
    }
    app.rest().await;
    let of = |n: u32| thread_id("smith", 0, &caller(n));
    app.call(
        "POST",
        &format!("/conversations/{}/ai/deactivate", of(4)),
        "write-smith",
        None,
    )
    .await;
    app.call(
        "POST",
        &format!("/conversations/{}/read", of(4)),
        "write-smith",
        None,
    )
    .await;
    let closed = Some(json!({"status": "abandoned"}));
    app.call(
        "PUT",
        &format!("/conversations/{}/status", of(3)),
        "write-smith",
        closed,
    )
    .await;
    for (query, found) in [
        ("status=active", vec![4, 2, 1]),
        ("status=abandoned", vec![3]),
        ("answering=human", vec![4]),
        ("urgency=emergency", vec![2]),
        ("urgency=urgent&status=active", vec![1]),
        ("unread=true", vec![3, 2, 1]),
        ("unread=false", vec![4]),
        ("q=SINK", vec![1]),
        ("q=50%25%20off_", vec![3]),
        ("q=5%25o", vec![]),
        ("q=0100002", vec![2]),
        ("q=%2B15550100003", vec![3]),
        ("q=nothing", vec![]),
    ] {
        let page = app
            .get(&format!("/conversations/?tenant=smith&{query}"))
            .await;
        let mut shown = ids(&page);
        let mut wanted: Vec<String> = found.into_iter().map(caller).collect();
        shown.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(shown, wanted, "{query}");
    }
    for query in [
        "status=open",
        "answering=robot",
        "urgency=high",
        "unread=maybe",
    ] {
        let path = format!("/conversations/?{query}");
        let (code, body) = app.call("GET", &path, "read-smith", None).await;
        assert_eq!(
            (code, &body["error"]["code"]),
            (422, &json!("invalid")),
            "{query}"
        );
    }
}

pub async fn messages_page_backwards(app: Arc<TestApp>) {
    for n in 0..7 {
        app.publish(
            at(n),
            &text(&format!("SM{n}"), CALLER, &format!("text {n}")),
        )
        .await;
    }
    app.rest().await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get(&path(&format!("?limit=3{cursor}"))).await;
        let bodies = page["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["body"].as_str().unwrap().to_owned());
        let mut bodies: Vec<String> = bodies.collect();
        bodies.append(&mut seen);
        seen = bodies;
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(
        seen,
        (0..7).map(|n| format!("text {n}")).collect::<Vec<_>>()
    );
}

pub async fn tapback_is_a_reaction_and_no_text(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    app.rest().await;
    app.publish(
        at(1),
        &text(
            "SM1",
            CALLER,
            "Loved “Hi! Sorry we missed your call at Smith Plumbing. How can…”",
        ),
    )
    .await;
    app.rest().await;
    app.publish(
        at(2),
        &text(
            "SM1",
            CALLER,
            "Loved “Hi! Sorry we missed your call at Smith Plumbing. How can…”",
        ),
    )
    .await;
    app.publish(
        at(3),
        &text("SM2", CALLER, "Questioned “Hi! Sorry we missed your call”"),
    )
    .await;
    let thread = app.thread().await;
    assert_eq!(thread["messages"].as_array().unwrap().len(), 1);
    let reactions = thread["messages"][0]["reactions"].as_array().unwrap();
    let signs: Vec<_> = reactions
        .iter()
        .map(|it| it["sign"].as_str().unwrap())
        .collect();
    assert_eq!(signs, ["❤️", "❓"]);
    assert_eq!(
        (&thread["attention"], &thread["reply_due_at"]),
        (&json!("questioned"), &json!(null))
    );
}
