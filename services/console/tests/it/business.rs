//! What owners do with a tenant and its keys, and what is counted.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::test_app::TestApp;
use crate::work::changed_meanwhile;

fn tenant() -> Value {
    json!({
        "id": "smith", "name": "Smith", "status": "active", "timezone": "UTC", "dial_timeout_s": 20, "updated_at": "2026-11-29T10:00:00Z",
        "missed_call_text": "Hi", "twilio": { "account_sid": "AC1" }, "services": [{ "name": "Leak repair", "price_from": 120 }],
        "numbers": [{ "id": "n1", "number": "+15550100001", "voice": "forward", "sms": "conversation", "status": "active" }],
    })
}

fn seen(page: &str) -> String {
    let rest = page.split("name=\"seen\" value=\"").nth(1).unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// The fields of a form, where they come in the document, and as what.
type Part = (&'static [(&'static str, &'static str)], &'static str, Value);

pub async fn tenant_is_changed_part_by_part(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.say("GET /api/tenants/smith", 200, tenant());
    roles.say("PUT /api/tenants/smith", 200, tenant());
    let owner = app.owner().await;
    let page = owner.get("/console/tenants/smith").await;
    assert!(page.body.contains("Leak repair; 120"), "{}", page.body);
    let seen = seen(&page.body);
    let parts: [Part; 5] = [
        (
            &[
                ("part", "rules"),
                ("quiet_hours", "21:00-08:00"),
                ("calls_days", "30"),
                ("consent_notice", "on"),
            ],
            "/quiet_hours",
            json!("21:00-08:00"),
        ),
        (
            &[("part", "rules"), ("calls_days", "30")],
            "/retention/calls_days",
            json!(30),
        ),
        (
            &[
                ("part", "offer"),
                ("services", "Roof; 1; 2; USD; 60"),
                ("booked", "on"),
                ("slot_min", "60"),
            ],
            "/services/0/duration_min",
            json!(60),
        ),
        (
            &[
                ("part", "numbers"),
                ("voice-n1", "coach"),
                ("sms-n1", "none"),
            ],
            "/numbers/0/voice",
            json!("coach"),
        ),
        (
            &[
                ("part", "basics"),
                ("name", "Smith"),
                ("mon", "07:00-18:00"),
                ("after_hours", "apologize"),
            ],
            "/after_hours/action",
            json!("apologize"),
        ),
    ];
    for (fields, place, value) in parts {
        let mut fields = fields.to_vec();
        fields.push(("seen", &seen));
        let answer = owner.submit("/console/tenants/smith", &fields).await;
        assert_eq!(answer.status, 303, "{place}: {}", answer.body);
        let told = roles.told("PUT /api/tenants/smith");
        assert_eq!(told.3.pointer(place), Some(&value), "{place}");
        // What a form does not have stays, and the role is told what was seen.
        assert_eq!(
            (&told.3["twilio"]["account_sid"], told.2.as_str()),
            (&json!("AC1"), "2026-11-29T10:00:00Z")
        );
    }
}

pub async fn tenant_that_another_tab_has_changed_is_left_alone(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.say("GET /api/tenants/smith", 200, tenant());
    let owner = app.owner().await;
    let seen = seen(&owner.get("/console/tenants/smith").await.body);
    // A number of its, not the tenant itself.
    let mut changed = tenant();
    changed["numbers"][0]["voice"] = json!("coach");
    roles.say("GET /api/tenants/smith", 200, changed);
    let fields = [("part", "rules"), ("seen", seen.as_str())];
    let answer = owner.submit("/console/tenants/smith", &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.body.contains("changed after you opened"),
        "{}",
        answer.body
    );
    assert_eq!(roles.times("PUT /api/tenants/smith"), 0);
    // In the very moment of the change the role says so.
    roles.say("GET /api/tenants/smith", 200, tenant());
    roles.say("PUT /api/tenants/smith", 409, changed_meanwhile());
    let answer = owner.submit("/console/tenants/smith", &fields).await;
    assert!(
        answer.status == 422 && answer.body.contains("It was changed meanwhile"),
        "{}",
        answer.body
    );
}

pub async fn credentials_go_in_and_never_come_out(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.say("GET /api/tenants/smith", 200, tenant());
    roles.say("PUT /api/tenants/smith", 200, tenant());
    let owner = app.owner().await;
    let seen = seen(&owner.get("/console/tenants/smith").await.body);
    let part = ("part", "credentials");
    let fields = [
        part,
        ("seen", seen.as_str()),
        ("account_sid", "AC2"),
        ("auth_token", "very-secret"),
    ];
    assert_eq!(
        owner.submit("/console/tenants/smith", &fields).await.status,
        303
    );
    let told = roles.told("PUT /api/tenants/smith").3;
    assert_eq!(
        told["twilio"],
        json!({ "account_sid": "AC2", "auth_tokens": ["very-secret"] })
    );
    // Left empty, those that are stored stay.
    let fields = [part, ("seen", seen.as_str()), ("account_sid", "AC1")];
    owner.submit("/console/tenants/smith", &fields).await;
    assert_eq!(
        roles.told("PUT /api/tenants/smith").3["twilio"],
        json!({ "account_sid": "AC1" })
    );
    for path in ["/console/tenants/smith", "/console/settings/operators"] {
        assert!(
            !owner.get(path).await.body.contains("very-secret"),
            "{path}"
        );
    }
    assert!(!crate::test_app::log().text().contains("very-secret"));
}

pub async fn analytics_have_a_table_beside_each_chart(app: Arc<TestApp>) {
    let roles = app.roles();
    let hours = json!([{ "weekday": 1, "hour": 9, "missed": 3, "answered": 1 }]);
    let days = json!([{ "day": "2026-11-29", "calls": 4, "answered": 1, "missed": 3 }]);
    roles.say(
        "GET /calls/summary",
        200,
        json!({ "days": days, "hours": hours }),
    );
    let stage = json!({ "stage": "response", "budget_ms": 1115, "count": 3, "p50_ms": 900, "p95_ms": 1300 });
    roles.say(
        "GET /calls/latency",
        200,
        json!({ "turns": 3, "stages": [stage] }),
    );
    let funnel = json!({ "made": 4, "called": 3, "picked_up": 2, "answered": 2, "completed": 1, "evaluated": 1 });
    roles.say(
        "GET /api/interviews/summary",
        200,
        json!({ "funnel": funnel, "ai": { "interviews": 1, "mean_micro_usd": 3600.0 } }),
    );
    let wait = json!({ "count": 2, "p50_s": 1.5, "p90_s": 3.0, "max_s": 3.0 });
    roles.say(
        "GET /conversations/summary",
        200,
        json!({ "time_to_text": wait, "bookings": { "confirmed": 2 } }),
    );
    // A role that is away is said to be, and the rest is shown.
    roles.say("GET /api/recordings/summary", 503, json!({}));
    let owner = app.owner().await;
    let page = owner
        .get("/console/analytics?from=2026-11-01&to=2026-11-30")
        .await;
    for part in [
        "25 %",
        "Monday 09:00",
        "1.5",
        "$0.0036",
        "1300 ms of 1115",
        "Recordings: The part of the platform",
    ] {
        assert!(page.body.contains(part), "{part} is not in {}", page.body);
    }
    let (charts, tables) = (
        page.body.matches("<svg class=\"chart").count(),
        page.body.matches("<table").count(),
    );
    assert_eq!(charts, tables, "each chart has its table");
    let file = owner
        .get("/console/analytics/all.csv?from=2026-11-01")
        .await;
    assert!(
        file.body.contains("\"Monday 09:00\",\"3\",\"1\""),
        "{}",
        file.body
    );
}

pub async fn key_is_shown_once_and_can_end(app: Arc<TestApp>) {
    let roles = app.roles();
    roles.list(
        "/api/keys/",
        json!([{ "id": "k1", "name": "crm", "scopes": ["read"] }]),
    );
    roles.list("/api/tenants/", json!([]));
    let what = "POST /api/keys/";
    roles.say(what, 201, json!({ "id": "k2", "key": "tk_shown_once" }));
    let owner = app.owner().await;
    let fields = [("name", "bot"), ("may", "write"), ("days", "30")];
    let page = owner.submit("/console/settings/keys", &fields).await;
    assert!(page.body.contains("tk_shown_once"), "{}", page.body);
    assert!(roles.told(what).3["expires_at"].is_string());
    assert!(
        !owner
            .get("/console/settings/keys")
            .await
            .body
            .contains("tk_shown_once")
    );
}
