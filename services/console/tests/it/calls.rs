//! What operators do with calls, dead letters and interviews, and what the roles are told.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::test_app::TestApp;
use crate::work::EVIL;

fn live() -> Value {
    json!({ "id": "c1", "call_sid": "CA1", "tenant_id": "smith", "direction": "inbound", "from": "+15550107777", "to": "+15550100001",
        "status": "in-progress", "started_at": "2027-01-15T08:00:00Z" })
}

fn line(second: u32, kind: &str, detail: Value) -> Value {
    json!({ "at": format!("2027-01-15T08:00:{second:02}Z"), "kind": kind, "detail": detail })
}

pub async fn call_that_goes_on_is_ended_or_passed_on(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.say("GET /calls/c1", 200, live());
    let streamed = json!([
        line(1, "event", json!({ "what": "a stream began" })),
        line(2, "turn", json!({ "what": "the caller spoke" })),
    ]);
    roles.list("/calls/c1/timeline", streamed);
    let owner = app.owner().await;
    let page = owner.get("/console/calls/c1").await.body;
    for part in [
        "Happening now",
        "the caller spoke",
        "/console/calls/c1/listen",
        ">Hang up</button>",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let listen = owner.get("/console/calls/c1/listen").await.body;
    assert!(listen.contains("/api/streams/calls/CA1/listen"), "{listen}");
    for (what, fields) in [
        ("hang-up", vec![]),
        ("transfer", vec![("to", "+1 (555) 010-0002")]),
    ] {
        let told = format!("POST /calls/c1/{what}");
        roles.say(&told, 202, json!({}));
        let path = format!("/console/calls/c1/{what}");
        let answer = owner.submit(&path, &fields).await;
        assert_eq!(answer.location, format!("/console/calls/c1?said={what}"));
        assert_eq!(roles.times(&told), 1);
    }
    let told = roles.told("POST /calls/c1/transfer").3;
    assert_eq!(told, json!({ "to": "+15550100002" }));
    // All of it stands in the audit log, and who only looks can do none of it.
    let audit = owner.get("/console/settings/operators").await.body;
    for action in ["call.listen", "call.hang-up", "call.transfer"] {
        assert!(audit.contains(action), "{action}");
    }
    let viewer = app.operator("Vera", "viewer", "").await;
    assert!(
        !viewer
            .get("/console/calls/c1")
            .await
            .body
            .contains(">Hang up<")
    );
    assert_eq!(viewer.get("/console/calls/c1/listen").await.status, 403);
    let refused = viewer.submit("/console/calls/c1/hang-up", &[]).await;
    assert_eq!(
        (refused.status, roles.times("POST /calls/c1/hang-up")),
        (403, 1)
    );
}

pub async fn call_shows_its_sound_its_pair_and_its_turns(app: Arc<TestApp>) {
    let roles = app.roles();
    let comparison = json!({ "verified": false, "offset_s": 0.42, "similarity": 0.31,
        "gaps": [{ "missing": "twilio", "from_s": 3.0, "seconds": 1.5 }] });
    let mut call = live();
    call["outcome"] = json!("answered");
    call["recordings"] = json!([
        { "id": "rec1", "recording_sid": "RE1", "status": "completed", "channels": 2, "metadata": { "comparison": comparison } },
        { "id": "rec2", "recording_type": EVIL, "status": "absent", "metadata": { "reason": "retention_over" } },
    ]);
    roles.say("GET /calls/c1", 200, call);
    let turn = json!({ "what": "a turn was taken", "turn": 1, "transcription_ms": 900, "response_ms": 1300,
        "budget_ms": { "transcription": 350, "response": 1115 } });
    let webhook = json!({ "what": "/webhooks/twilio/call", "noted_by": "ingress", "verdict": "valid", "took_ms": 12,
        "raw": { "From": EVIL } });
    roles.list(
        "/calls/c1/timeline",
        json!([line(1, "webhook", webhook), line(2, "turn", turn)]),
    );
    let peaks = json!({ "duration_s": 2.0, "channels": [[0.1, 0.5], [0.2, 0.9]] });
    roles.say("GET /calls/c1/recording/rec1/peaks", 200, peaks);
    let page = app.owner().await.get("/console/calls/c1").await.body;
    for part in [
        "src=\"/calls/c1/recording/rec1/play\"",
        "they differ: both are kept",
        "1.5 s from 3.0 s on are missing in Twilio&#39;s",
        "Recording not available: retention over.",
        "1300 ms of 1115 ms",
        "transcription late",
        "signature valid",
        "Parameters as they came",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains(EVIL), "parameters and names are text");
}

pub async fn dead_letters_are_replayed_one_by_one_or_by_kind(app: Arc<TestApp>) {
    let roles = app.roles();
    let dead = |id: &str, kind: &str| json!({ "id": id, "type": kind, "queue": "calls.x", "reason": EVIL, "event": { "key": "CA1" } });
    roles.list(
        "/api/dead-letters/",
        json!([
            dead("d1", "call.status"),
            dead("d2", "call.status"),
            dead("d3", "sms.inbound")
        ]),
    );
    roles.say("GET /calls/c1", 200, live());
    roles.list("/calls/c1/timeline", json!([]));
    for id in ["d1", "d2", "d3"] {
        let path = format!("POST /api/dead-letters/{id}/replay");
        roles.say(&path, 200, json!({}));
    }
    let times = |id: &str| roles.times(&format!("POST /api/dead-letters/{id}/replay"));
    let owner = app.owner().await;
    for page in ["/console/operating", "/console/calls/c1"] {
        let page = owner.get(page).await.body;
        assert!(
            page.contains("value=\"d3\"") && !page.contains(EVIL),
            "{page}"
        );
    }
    let path = "/console/operating/replay";
    let one = owner.submit(path, &[("id", "d3"), ("call", "c1")]).await;
    assert_eq!(one.location, "/console/calls/c1?said=replayed");
    assert_eq!([times("d1"), times("d2"), times("d3")], [0, 0, 1]);
    let kind = owner.submit(path, &[("kind", "call.status")]).await;
    assert_eq!(kind.location, "/console/operating?said=replayed");
    assert_eq!([times("d1"), times("d2"), times("d3")], [1, 1, 1]);
    let operator = app.operator("Oli", "operator", "").await;
    assert_eq!(operator.submit(path, &[("id", "d1")]).await.status, 403);
}

pub async fn list_of_calls_is_narrowed_and_led_on(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.say(
        "GET /calls/",
        200,
        json!({ "items": [live()], "next_cursor": "more" }),
    );
    let owner = app.owner().await;
    let path = "/console/calls?q=7777&outcome=missed&tenant=smith&from=2027-01-14&to=2027-01-15";
    let page = owner.get(path).await.body;
    let asked = roles.query("GET /calls/");
    for part in [
        "q=7777",
        "outcome=missed",
        "tenant=smith",
        "from=2027-01-14",
        "limit=50",
    ] {
        assert!(asked.contains(part), "{part} is not in {asked}");
    }
    assert!(page.contains("+1 555 010 7777"), "{page}");
    let next = page.split("rel=\"next\" href=\"").nth(1).unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    assert!(
        next.contains("cursor=more") && next.contains("outcome=missed"),
        "{next}"
    );
    owner.get(&next).await;
    assert!(roles.query("GET /calls/").contains("cursor=more"));
}

pub async fn interview_is_started_with_who_was_added(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.list("/api/interviews/", json!([]));
    roles.list("/api/candidates/", json!([{ "id": "p1", "name": "Jane" }]));
    roles.list(
        "/api/job-descriptions/",
        json!([{ "id": "j1", "title": "Plumber" }]),
    );
    let owner = app.owner().await;
    let page = owner.get("/console/interviews").await.body;
    assert!(page.contains("Jane") && page.contains("Plumber"), "{page}");
    roles.say("POST /api/candidates/", 201, json!({ "id": "p2" }));
    let fields = [("name", "Bob"), ("phone", "+15550107777"), ("once", "a")];
    let added = owner
        .submit("/console/interviews/candidates", &fields)
        .await;
    assert_eq!(added.location, "/console/interviews?said=added");
    assert_eq!(
        roles.told("POST /api/candidates/").3,
        json!({ "name": "Bob", "phone": "+15550107777" })
    );
    roles.say("POST /api/job-descriptions/", 201, json!({ "id": "j2" }));
    let fields = [
        ("title", "Roofer"),
        ("questions", "Why?\n\n How? "),
        ("once", "b"),
    ];
    owner.submit("/console/interviews/jobs", &fields).await;
    assert_eq!(
        roles.told("POST /api/job-descriptions/").3,
        json!({ "title": "Roofer", "questions": ["Why?", "How?"] })
    );
    roles.say("POST /api/trigger-interview/", 202, json!({ "id": "i9" }));
    let fields = [("candidate", "p2"), ("job", "j2"), ("once", "c")];
    let started = owner.submit("/console/interviews", &fields).await;
    assert_eq!(started.location, "/console/interviews/i9");
    assert_eq!(
        roles.told("POST /api/trigger-interview/").3,
        json!({ "candidate_id": "p2", "job_description_id": "j2" })
    );
}
