//! The API.

use std::sync::Arc;

use clock::Clock;
use events::Envelope;
use events::v1::{TwimlReply, VoiceInbound};
use serde_json::{Value, json};
use testkit::{EventRecorder, fields};

use crate::story::{CALLER, NUMBER, at};
use crate::test_app::{COACH, OTHER, SILENT, SUSPENDED, TestApp};
use crate::told::{Told, What};
use crate::words::{dialled, inbound, tenant};

fn code(answer: &(u16, Value)) -> (u16, &str) {
    (
        answer.0,
        answer.1["error"]["code"].as_str().unwrap_or_default(),
    )
}

/// A call of a tenant's that comes in at this second.
async fn comes_in(app: &TestApp, call: &str, whose: &str, second: i64) {
    let what = What::Inbound(inbound(call, tenant(whose)));
    app.ask(&Told::new(second, &format!("{call}-inbound"), what, true))
        .await;
}

pub async fn call_has_the_shape_of_the_contract(app: Arc<TestApp>) {
    comes_in(&app, "CA1", "smith", 0).await;
    let open = app.get("/calls/CA1").await;
    assert_eq!(
        (&open["outcome"], &open["ended_at"], &open["duration_s"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    app.publish(
        "calls.dial-finished",
        at(25),
        &dialled("CA1", tenant("smith"), "busy"),
    )
    .await;
    let call = app.get("/calls/CA1").await;
    assert_eq!(
        fields(&call),
        [
            "call_sid",
            "conversation_id",
            "direction",
            "duration_s",
            "ended_at",
            "error",
            "from",
            "id",
            "interview",
            "outcome",
            "reason",
            "recordings",
            "started_at",
            "status",
            "tenant_id",
            "to"
        ]
    );
    let id = call["id"].as_str().unwrap().to_owned();
    assert_eq!(
        call,
        json!({
            "id": id, "call_sid": "CA1", "tenant_id": "smith", "direction": "inbound", "from": CALLER, "to": NUMBER,
            "status": "completed", "outcome": "missed", "reason": "busy", "error": null, "duration_s": 0,
            "started_at": "2025-06-15T15:06:40Z", "ended_at": "2025-06-15T15:07:05Z",
            "conversation_id": null, "interview": null, "recordings": [],
        })
    );
    assert_eq!(
        app.get(&format!("/calls/{id}")).await,
        call,
        "by either of its names"
    );
    let timeline = app.get(&format!("/calls/{id}/timeline")).await;
    assert_eq!(timeline["call"], call);
    assert_eq!(
        timeline["items"].as_array().unwrap().len(),
        4,
        "with why nobody is texted"
    );
    for line in timeline["items"].as_array().unwrap() {
        assert_eq!(fields(line), ["at", "detail", "kind"]);
    }
    for path in ["/calls/CA9", "/calls/CA9/timeline"] {
        assert_eq!(
            code(&app.call("GET", path, "read-smith", None).await),
            (404, "not_found")
        );
    }
}

pub async fn list_pages_and_narrows(app: Arc<TestApp>) {
    for n in 0..5 {
        comes_in(&app, &format!("CA{n}"), "smith", n).await;
    }
    // Two at the same moment, one of jones's, one of them missed.
    comes_in(&app, "CA5", "smith", 3).await;
    comes_in(&app, "CA6", "jones", 9).await;
    app.publish(
        "calls.dial-finished",
        at(25),
        &dialled("CA2", tenant("smith"), "busy"),
    )
    .await;

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app
            .get(&format!("/calls/?tenant=smith&limit=2{cursor}"))
            .await;
        assert_eq!(fields(&page), ["items", "next_cursor"]);
        let items = page["items"].as_array().unwrap();
        assert!(items.len() <= 2);
        seen.extend(
            items
                .iter()
                .map(|call| call["call_sid"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[0], "CA4");
    seen[1..3].sort();
    assert_eq!(seen[1..], ["CA3", "CA5", "CA2", "CA1", "CA0"]);

    let all = app.get("/calls").await;
    assert_eq!(
        (all["items"].as_array().unwrap().len(), &all["next_cursor"]),
        (7, &Value::Null)
    );
    let missed = app.get("/calls/?outcome=missed").await;
    assert_eq!(missed["items"].as_array().unwrap().len(), 1);
    assert_eq!(missed["items"][0]["call_sid"], "CA2");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=100000", "limit"),
        ("limit=x", "limit"),
        ("cursor=none", "cursor"),
        ("colour=red", "colour"),
    ] {
        let answer = app
            .call("GET", &format!("/calls/?{query}"), "read-smith", None)
            .await;
        assert_eq!(code(&answer), (422, "invalid"), "{query}");
        assert_eq!(answer.1["error"]["details"]["field"], field, "{query}");
    }
}

pub async fn tenants_do_not_see_each_other(app: Arc<TestApp>) {
    comes_in(&app, "CA1", "smith", 0).await;
    comes_in(&app, "CA2", "jones", 0).await;
    for (key, own, others) in [("read-smith", "CA1", "CA2"), ("read-jones", "CA2", "CA1")] {
        let named = format!("/calls/?tenant={}", key.trim_start_matches("read-"));
        for path in ["/calls/", &named] {
            let (status, list) = app.call("GET", path, key, None).await;
            assert_eq!(
                (status, list["items"].as_array().unwrap().len()),
                (200, 1),
                "{path}"
            );
            assert_eq!(list["items"][0]["call_sid"], own, "{path}");
        }
        for path in [
            format!("/calls/{others}"),
            format!("/calls/{others}/timeline"),
        ] {
            assert_eq!(
                code(&app.call("GET", &path, key, None).await),
                (404, "not_found")
            );
        }
        let path = format!("/calls/?cursor={others}");
        assert_eq!(
            code(&app.call("GET", &path, key, None).await),
            (422, "invalid")
        );
    }
}

pub async fn another_front_door_reports_a_call(app: Arc<TestApp>) {
    let body = json!({"call_sid": "theirs-1", "from": CALLER, "to": NUMBER});
    let (status, answer) = app.post("/calls/incoming", body.clone()).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(fields(&answer), ["call_sid", "id", "twiml"]);
    assert_eq!(answer["id"], role::call_id("theirs-1"));
    assert!(
        answer["twiml"].as_str().unwrap().contains("<Dial"),
        "{answer}"
    );
    let again = app.post("/calls/incoming", body.clone()).await;
    assert_eq!(
        again,
        (202, answer.clone()),
        "a report that is sent twice is one"
    );
    let call = app
        .get(&format!("/calls/{}", answer["id"].as_str().unwrap()))
        .await;
    assert_eq!(
        (&call["call_sid"], &call["from"], &call["outcome"]),
        (&json!("theirs-1"), &json!(CALLER), &Value::Null)
    );

    for _ in 0..2 {
        let (status, missed) = app.post("/calls/missed", body.clone()).await;
        assert_eq!(status, 202, "{missed}");
        assert_eq!(missed, json!({"id": answer["id"], "call_sid": "theirs-1"}));
    }
    testkit::eventually("it is missed", async || {
        app.get("/calls/theirs-1").await["outcome"] == "missed"
    })
    .await;
    assert_eq!(
        app.told("theirs-1").await,
        ["call.ended", "call.missed", "call.started"]
    );
    assert_eq!(app.missed()[0].reason, "no-answer");
}

/// As for Twilio's webhooks, the number says who answers.
pub async fn number_says_who_answers_a_reported_call(app: Arc<TestApp>) {
    let report = |to: &str| json!({"call_sid": "theirs-2", "from": CALLER, "to": to});
    let before = app.post("/calls/incoming", report(COACH)).await;
    assert_eq!(code(&before), (409, "no_consumer"), "nobody coaches yet");
    let coach = Arc::new(EventRecorder::default());
    let answer = |_: &Envelope| {
        let xml = "<Response><Say>Welcome</Say></Response>".to_owned();
        let reply = TwimlReply { xml };
        Some(Envelope::new("trunkline/test", &Clock::system(), &reply))
    };
    let kinds = ["voice.inbound.coach"];
    coach
        .listen_and_answer("test.coach", &app.bus(), &kinds, answer)
        .await;
    let (status, answer) = app.post("/calls/incoming", report(COACH)).await;
    assert_eq!(status, 202, "{answer}");
    assert_eq!(answer["twiml"], "<Response><Say>Welcome</Say></Response>");
    let (envelope, event) = coach.wait_for::<VoiceInbound>(1).await.remove(0);
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    let number = event.tenant.unwrap().number.unwrap();
    assert_eq!(
        (number.voice.as_str(), event.origin.as_str()),
        ("coach:interview", "api")
    );

    let missed = app.post("/calls/missed", report(COACH)).await;
    assert_eq!(code(&missed), (409, "answers_itself"));
    for path in ["/calls/incoming", "/calls/missed"] {
        let refused = app.post(path, report(SILENT)).await;
        assert_eq!(code(&refused), (409, "no_app"), "{path}");
    }
    assert_eq!(app.told("theirs-2").await, Vec::<String>::new());
    assert_eq!(coach.heard::<VoiceInbound>().len(), 1);
}

/// Our Twilio knows nothing of it, whatever its id looks like: only its own platform says that it was missed.
pub async fn another_front_doors_call_is_its_own(app: Arc<TestApp>) {
    let alike = format!("CA{}", "0".repeat(32));
    for call in ["theirs-1", &alike] {
        let body = json!({"call_sid": call, "from": CALLER, "to": NUMBER});
        assert_eq!(app.post("/calls/incoming", body).await.0, 202);
    }
    app.clock.advance(chrono::TimeDelta::minutes(10));
    testkit::eventually("Twilio is asked", async || app.lookups().len() == 1).await;
    assert_eq!(app.lookups()[0].key.as_deref(), Some(alike.as_str()));
    let unknown = events::v1::CallLookedUp {
        call_sid: alike.clone(),
        tenant: Some(tenant("smith")),
        ..Default::default()
    };
    app.publish("calls.looked-up", app.clock.now(), &unknown)
        .await;
    app.rest().await;
    for call in ["theirs-1", &alike] {
        let path = format!("/calls/{call}");
        assert_eq!(app.get(&path).await["outcome"], Value::Null);
        let body = json!({"call_sid": call, "from": CALLER, "to": NUMBER});
        assert_eq!(app.post("/calls/missed", body).await.0, 202);
        testkit::eventually("it is missed", async || {
            app.get(&path).await["outcome"] == "missed"
        })
        .await;
    }
    app.rest().await;
    assert_eq!((app.missed().len(), app.lookups().len()), (2, 1));
}

pub async fn what_cannot_be_reported_is_refused(app: Arc<TestApp>) {
    comes_in(&app, "CA2", "jones", 0).await;
    let jones = app.get("/calls/CA2").await["id"].clone();
    let good = json!({"call_sid": "x-1", "from": CALLER, "to": NUMBER});
    let with = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        body
    };
    for (body, expected) in [
        (with("to", json!("15550100001")), (422, "invalid")),
        (with("to", json!("+15559999999")), (422, "invalid")),
        (with("to", json!(OTHER)), (422, "invalid")),
        (with("to", json!(SUSPENDED)), (409, "inactive")),
        (with("call_sid", json!("")), (422, "invalid")),
        (with("call_sid", json!("a b")), (422, "invalid")),
        (with("call_sid", json!("a".repeat(65))), (422, "invalid")),
        // Neither another's call, nor a name under which another's is known.
        (with("call_sid", json!("CA2")), (422, "invalid")),
        (with("call_sid", jones), (422, "invalid")),
        (with("surprise", json!(1)), (422, "invalid")),
        (json!({"call_sid": "x-1"}), (422, "invalid")),
    ] {
        for path in ["/calls/incoming", "/calls/missed"] {
            let answer = app
                .call("POST", path, "write-smith", Some(body.clone()))
                .await;
            assert_eq!(code(&answer), expected, "{path} {body}");
        }
    }
    let answer = app
        .call(
            "POST",
            "/calls/missed",
            "write-smith",
            Some(with("status", json!("completed"))),
        )
        .await;
    assert_eq!(code(&answer), (422, "invalid"));
    let answer = app
        .call("POST", "/calls/missed", "read-smith", Some(good))
        .await;
    assert_eq!(code(&answer), (403, "forbidden"));
    assert_eq!(app.told("x-1").await, Vec::<String>::new());
    assert_eq!(app.told("CA2").await, ["call.started"]);
}

pub async fn nothing_is_open(app: Arc<TestApp>) {
    let document = app.get("/api/openapi.json").await;
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        if !path.starts_with("/calls") {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            routes += 1;
            let (method, path) = (method.to_uppercase(), path.replace("{id}", "x"));
            for key in ["", "no-such-key"] {
                let body = (method == "POST").then(|| json!({}));
                let answer = app.call(&method, &path, key, body).await;
                assert_eq!(code(&answer), (401, "unauthorized"), "{method} {path}");
            }
        }
    }
    assert_eq!(routes, 10);
}

pub async fn list_is_searched_and_cut_by_time(app: Arc<TestApp>) {
    for n in 0..4 {
        comes_in(&app, &format!("CA{n}"), "smith", n * 86_400).await;
    }
    let found = async |query: &str| {
        let page = app.get(&format!("/calls/?{query}")).await;
        let items = page["items"].as_array().unwrap().clone();
        let sids = items
            .iter()
            .map(|it| it["call_sid"].as_str().unwrap().to_owned());
        sids.collect::<Vec<_>>()
    };
    let all = ["CA3", "CA2", "CA1", "CA0"];
    assert_eq!(found("q=0109999").await, all, "a part of a number");
    assert_eq!(found("q=CA2").await, ["CA2"]);
    assert!(found("q=%25").await.len() <= 4);
    assert_eq!(found("q=7777").await, [""; 0]);
    assert_eq!(found("from=%2B15550109999&to=%2B15550100001").await, all);
    assert_eq!(
        found("from=+15550109999").await,
        all,
        "a plus that was not escaped"
    );
    assert_eq!(found("from=%2B15550100001").await, [""; 0]);
    // The first one comes in on 15 June 2025 at 15:06:40 UTC.
    assert_eq!(found("from=2025-06-17").await, ["CA3", "CA2"]);
    assert_eq!(found("to=2025-06-16").await, ["CA1", "CA0"]);
    assert_eq!(
        found("from=2025-06-16T15:06:40Z&to=2025-06-17T15:06:40Z").await,
        ["CA1"]
    );
    assert_eq!(found("outcome=open").await, all);
    for query in ["from=yesterday", "to=x", "outcome=lost"] {
        let answer = app
            .call("GET", &format!("/calls/?{query}"), "read-smith", None)
            .await;
        assert_eq!(answer.0, 422, "{query}: {}", answer.1);
    }
}

pub async fn summary_counts_by_day_and_hour_in_a_time_zone(app: Arc<TestApp>) {
    for (call, second) in [("CA0", 0), ("CA1", 60), ("CA2", 86_400)] {
        comes_in(&app, call, "smith", second).await;
    }
    comes_in(&app, "CA3", "jones", 0).await;
    for call in ["CA0", "CA2"] {
        let finished = dialled(call, tenant("smith"), "busy");
        app.publish("calls.dial-finished", at(86_500), &finished)
            .await;
    }
    let path = "/calls/summary?from=2025-06-15&to=2025-06-16&timezone=Asia/Kolkata";
    let (status, summary) = app.call("GET", path, "read-smith", None).await;
    assert_eq!(status, 200, "{summary}");
    assert_eq!(
        summary["total"],
        json!({ "calls": 3, "answered": 0, "missed": 2, "failed": 0, "open": 1 })
    );
    assert_eq!(
        summary["days"],
        json!([
            { "day": "2025-06-15", "calls": 2, "answered": 0, "missed": 1, "failed": 0, "open": 1 },
            { "day": "2025-06-16", "calls": 1, "answered": 0, "missed": 1, "failed": 0, "open": 0 },
        ])
    );
    // 15:06 UTC on a Sunday is 20:36 in Kolkata.
    assert_eq!(
        summary["hours"],
        json!([
            { "weekday": 1, "hour": 20, "answered": 0, "missed": 1 },
            { "weekday": 7, "hour": 20, "answered": 0, "missed": 1 },
        ])
    );
    let all = app
        .get("/calls/summary?from=2025-06-15&to=2025-06-15")
        .await;
    assert_eq!(all["total"]["calls"], 3, "of every tenant");
    for query in [
        "timezone=Mars",
        "from=2025-06-16&to=2025-06-14",
        "from=2020-01-01",
    ] {
        let answer = app
            .call(
                "GET",
                &format!("/calls/summary?{query}"),
                "read-smith",
                None,
            )
            .await;
        assert_eq!(answer.0, 422, "{query}: {}", answer.1);
    }
}
