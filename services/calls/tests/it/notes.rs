//! Diagnostic lines, webhooks as they came, and what operators do with a call that goes on.

use std::sync::Arc;

use calls::test_support;
use chrono::{DateTime, Duration, Utc};
use events::Envelope;
use events::v1::{CallHangUp, CallRedirect, PersonForget, TimelineNote, TimelineNoted};
use serde_json::{Value, json};
use testkit::fields;

use crate::story::{CALLER, at};
use crate::test_app::{TestApp, WHITELIST};
use crate::told::Told;
use crate::words::{status, tenant};

const CALL: &str = "CA1";

fn webhook(key: &str, verdict: &str) -> TimelineNote {
    TimelineNote {
        key: key.to_owned(),
        at: "2025-06-15T15:06:39.500Z".to_owned(),
        role: "ingress".to_owned(),
        kind: "webhook".to_owned(),
        what: "/webhooks/twilio/call".to_owned(),
        took_ms: Some(12),
        detail: json!({ "parameters": ["CallSid", "From"], "http_status": 200 }).to_string(),
        verdict: verdict.to_owned(),
        ..TimelineNote::default()
    }
}

/// A process tells a batch of a tenant's.
async fn noted(app: &TestApp, id: &str, tenant: &str, notes: Vec<TimelineNote>) {
    let batch = TimelineNoted { notes, dropped: 0 };
    let mut envelope = Envelope::at("trunkline/timeline", id.to_owned(), at(1), &batch);
    envelope.tenant = Some(tenant.to_owned()).filter(|it| !it.is_empty());
    app.bus().publish(&envelope).await.unwrap();
    app.handled("calls.notes", id).await;
}

async fn timeline(app: &TestApp) -> Vec<Value> {
    let timeline = app.get(&format!("/calls/{CALL}/timeline")).await;
    timeline["items"].as_array().unwrap().clone()
}

fn code(answer: &(u16, Value)) -> (u16, &str) {
    let code = answer.1["error"]["code"].as_str();
    (answer.0, code.unwrap_or_default())
}

pub async fn timeline_shows_what_processes_noted_with_durations(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let effect = TimelineNote {
        at: "2025-06-15T15:09:00Z".to_owned(),
        kind: "effect".to_owned(),
        what: "call.hang_up".to_owned(),
        role: "egress".to_owned(),
        took_ms: Some(80),
        detail: json!({ "outcome": "refused", "error_code": 21220 }).to_string(),
        ..webhook(CALL, "")
    };
    let unreadable = TimelineNote {
        detail: "no JSON".to_owned(),
        at: "no time".to_owned(),
        ..effect.clone()
    };
    noted(
        &app,
        "n1",
        "smith",
        vec![webhook(CALL, "valid"), effect, unreadable],
    )
    .await;
    // What nobody could be told to own stands there, what another tenant's processes say does not.
    let refused = TimelineNote {
        at: "2025-06-15T15:06:45Z".to_owned(),
        ..webhook(CALL, "refused")
    };
    noted(&app, "n2", "", vec![refused]).await;
    noted(&app, "n3", "jones", vec![webhook(CALL, "valid")]).await;
    let items = timeline(&app).await;
    let first = &items[0]["detail"];
    assert_eq!(items[0]["kind"], "webhook");
    assert_eq!(
        (
            &first["what"],
            &first["took_ms"],
            &first["verdict"],
            &first["noted_by"]
        ),
        (
            &json!("/webhooks/twilio/call"),
            &json!(12),
            &json!("valid"),
            &json!("ingress")
        )
    );
    assert_eq!(first["parameters"], json!(["CallSid", "From"]));
    let noted_by = |it: &&Value| it["detail"]["noted_by"].is_string();
    assert_eq!(items.iter().filter(noted_by).count(), 4, "{items:#?}");
    let last = items.last().unwrap();
    assert_eq!(last["detail"]["error_code"], 21220, "in order: {items:#?}");
    assert!(
        items
            .iter()
            .any(|it| it["detail"]["what"] == "call comes in")
    );
}

pub async fn timeline_comes_in_pages_and_says_so(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    // Some at the very moment of what was decided. Their ids stand before and after those of that.
    let moment = timeline(&app).await[0]["at"].as_str().unwrap().to_owned();
    for batch in 0..8 {
        let notes = [&moment, "2025-06-15T15:09:00Z"].map(|at| TimelineNote {
            at: at.to_owned(),
            took_ms: Some(batch),
            ..webhook(CALL, "valid")
        });
        noted(&app, &format!("n{batch}"), "smith", notes.to_vec()).await;
    }
    let path = format!("/calls/{CALL}/timeline");
    let whole = app.get(&path).await;
    assert_eq!(fields(&whole), ["call", "items", "next_cursor"]);
    assert_eq!(whole["next_cursor"], Value::Null);
    let whole = whole["items"].as_array().unwrap();
    for limit in 1..=whole.len() {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("{path}?limit={limit}{cursor}")).await;
            let items = page["items"].as_array().unwrap();
            assert!((1..=limit).contains(&items.len()), "{page:#}");
            seen.extend(items.clone());
            assert!(
                seen.len() <= whole.len(),
                "something comes twice by {limit}"
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(&seen, whole, "by {limit}");
    }
    for (query, field) in [
        ("limit=201", "limit"),
        ("cursor=none", "cursor"),
        ("cursor=1-word-x", "cursor"),
        ("cursor=99999999999999999999-note-x", "cursor"),
    ] {
        let answer = app
            .call("GET", &format!("{path}?{query}"), "read-smith", None)
            .await;
        assert_eq!(code(&answer), (422, "invalid"), "{query}");
        assert_eq!(answer.1["error"]["details"]["field"], field, "{query}");
    }
    // One that is made up breaks nothing, even at the last moment that a time can be.
    let last = DateTime::<Utc>::MAX_UTC.timestamp_micros();
    app.get(&format!("{path}?cursor={last}-note-x")).await;
}

pub async fn notes_of_a_call_are_bounded(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    for batch in 0..2 {
        let notes = vec![webhook(CALL, "valid"); 200];
        noted(&app, &format!("many-{batch}"), "smith", notes).await;
    }
    let noted_by = |it: &&Value| it["detail"]["noted_by"].is_string();
    assert_eq!(timeline(&app).await.iter().filter(noted_by).count(), 300);
    // Told twice it is there once, and other calls have room.
    noted(&app, "other", "smith", vec![webhook("CA2", "valid")]).await;
    noted(&app, "other", "smith", vec![webhook("CA2", "valid")]).await;
    let other = app.get("/calls/webhooks?key=CA2").await;
    assert_eq!(other["items"].as_array().unwrap().len(), 1);
}

pub async fn webhooks_are_listed_with_their_verdict(app: Arc<TestApp>) {
    let refused = TimelineNote {
        at: "2025-06-15T15:07:00Z".to_owned(),
        detail: json!({ "reason": "wrong_token", "explanation": "another token" }).to_string(),
        ..webhook("SM1", "refused")
    };
    noted(&app, "n1", "smith", vec![webhook(CALL, "valid"), refused]).await;
    noted(&app, "n2", "jones", vec![webhook("CA9", "valid")]).await;
    noted(&app, "n3", "", vec![webhook("", "refused")]).await;
    let list = async |path: &str, key: &str| {
        let (status, body) = app.call("GET", path, key, None).await;
        assert_eq!(status, 200, "{body}");
        body
    };
    let count = |list: &Value| list["items"].as_array().unwrap().len();
    let smith = list("/calls/webhooks", "read-smith").await;
    assert_eq!(count(&smith), 2, "{smith:#}");
    let newest = &smith["items"][0];
    assert_eq!(
        (
            &newest["verdict"],
            &newest["key"],
            &newest["detail"]["reason"]
        ),
        (&json!("refused"), &json!("SM1"), &json!("wrong_token"))
    );
    assert_eq!(count(&list("/calls/webhooks", testkit::ADMIN).await), 4);
    let path = "/calls/webhooks?verdict=refused&tenant=smith";
    assert_eq!(count(&list(path, testkit::ADMIN).await), 1);
    assert_eq!(
        count(&list("/calls/webhooks?key=CA9", "read-smith").await),
        0
    );
    let first = list("/calls/webhooks?limit=1", "read-smith").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = list(&format!("/calls/webhooks?cursor={cursor}"), "read-smith").await;
    assert_eq!(count(&second), 1);
    assert_ne!(second["items"][0]["id"], first["items"][0]["id"]);
    let foreign = format!("/calls/webhooks?cursor={cursor}");
    for (path, key) in [
        ("/calls/webhooks?verdict=odd", "read-smith"),
        (foreign.as_str(), "read-jones"),
    ] {
        assert_eq!(app.call("GET", path, key, None).await.0, 422, "{path}");
    }
}

pub async fn parameters_are_kept_for_their_days_and_go_with_the_person(app: Arc<TestApp>) {
    let with_parameters = |key: &str, number: &str| TimelineNote {
        parameters: json!({ "From": number, "Body": "hello" }).to_string(),
        parameters_days: 2,
        ..webhook(key, "valid")
    };
    let notes = vec![
        with_parameters("SM1", CALLER),
        with_parameters("SM2", "+15550108888"),
        webhook("SM3", "valid"),
    ];
    noted(&app, "n1", "smith", notes).await;
    let shown = async |key: &str| {
        let list = app.get(&format!("/calls/webhooks?key={key}")).await;
        list["items"][0].clone()
    };
    assert_eq!(shown("SM1").await["parameters"]["From"], CALLER);
    assert_eq!(shown("SM3").await["parameters"], Value::Null);
    let forget = PersonForget {
        receipt_id: "r1".into(),
        tenant_id: "smith".into(),
        number: CALLER.into(),
        ..PersonForget::default()
    };
    app.publish("calls.forget", at(10), &forget).await;
    assert_eq!(shown("SM1").await, Value::Null);
    assert_eq!(shown("SM2").await["parameters"]["From"], "+15550108888");
    let store = app.store("calls", test_support::MIGRATIONS).await;
    app.clock.advance(Duration::days(3));
    test_support::sweep(&store, &app.clock).await.unwrap();
    let late = shown("SM2").await;
    assert_eq!(
        (&late["key"], &late["parameters"]),
        (&json!("SM2"), &Value::Null)
    );
    app.clock.advance(Duration::days(30));
    test_support::sweep(&store, &app.clock).await.unwrap();
    assert_eq!(shown("SM2").await, Value::Null);
}

pub async fn operator_hangs_up_and_passes_on_a_call_that_goes_on(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let hang_up = format!("/calls/{CALL}/hang-up");
    let transfer = format!("/calls/{CALL}/transfer");
    let to = |number: &str| Some(json!({ "to": number }));
    let answer = app.call("POST", &hang_up, "read-smith", None).await;
    assert_eq!(answer.0, 403);
    let answer = app.call("POST", &hang_up, "write-jones", None).await;
    assert_eq!(code(&answer), (404, "not_found"));
    let answer = app
        .call("POST", &transfer, "write-smith", to("nobody"))
        .await;
    assert_eq!(answer.0, 422, "{answer:?}");
    let answer = app
        .call("POST", &transfer, "write-smith", to("+15550100077"))
        .await;
    assert_eq!(
        (answer.0, &answer.1["status"]),
        (202, &json!("transferring"))
    );
    let (envelope, redirect) = app.recorder.wait_for::<CallRedirect>(1).await.remove(0);
    assert_eq!(envelope.key.as_deref(), Some(CALL));
    let twiml = &redirect.twiml;
    assert!(twiml.contains("<Number>+15550100077</Number>"), "{twiml}");
    assert!(
        twiml.contains("/webhooks/twilio/call/status/CA1"),
        "{twiml}"
    );
    let answer = app.call("POST", &hang_up, "write-smith", None).await;
    assert_eq!(answer.0, 202, "{answer:?}");
    let (_, ordered) = app.recorder.wait_for::<CallHangUp>(1).await.remove(0);
    assert_eq!(
        (ordered.call_sid.as_str(), ordered.reason.as_str()),
        (CALL, "operator")
    );
    let items = timeline(&app).await;
    let by = |what: &str| {
        items
            .iter()
            .find(|it| it["detail"]["what"] == what)
            .unwrap()["detail"]["by"]
            .clone()
    };
    assert_eq!(by("an operator hangs up"), "WRITE-SMITH");
    assert_eq!(by("an operator passes the call on"), "WRITE-SMITH");
    let over = status(CALL, tenant("smith"), "completed", Some(60), "");
    app.publish("calls.status", at(70), &over).await;
    for (path, body) in [(&hang_up, None), (&transfer, to("+15550100077"))] {
        let answer = app.call("POST", path, "write-smith", body).await;
        assert_eq!(code(&answer), (409, "call_over"), "{path}");
    }
}

pub async fn transfer_to_a_number_that_is_not_listed_names_the_setting(app: Arc<TestApp>) {
    app.ask(&Told::comes_in(CALL)).await;
    let path = format!("/calls/{CALL}/transfer");
    let to = |number: &str| json!({ "to": number });
    let answer = app.post(&path, to("+15550100077")).await;
    assert_eq!(code(&answer), (409, "not_whitelisted"));
    let message = answer.1["error"]["message"].as_str().unwrap();
    assert!(message.starts_with(WHITELIST.0), "{message}");
    assert_eq!(app.post(&path, to("+15550100078")).await.0, 202);
}
