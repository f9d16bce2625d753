//! How long callers on a stream waited, counted.

use std::sync::Arc;

use events::v1::TurnTaken;
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::story::at;
use crate::test_app::TestApp;

fn turn(number: u32, response_ms: u32) -> TurnTaken {
    TurnTaken {
        session_id: "s1".to_owned(),
        tenant_id: "smith".to_owned(),
        call_sid: "CA1".to_owned(),
        account_sid: "AC1".to_owned(),
        turn: number,
        decision_ms: Some(200),
        response_ms: Some(response_ms),
        interrupted: number == 2,
        ..TurnTaken::default()
    }
}

pub async fn turns_have_percentiles_beside_their_budget(app: Arc<TestApp>) {
    for (number, ms) in [(1, 900), (2, 1_300), (3, 1_000)] {
        app.publish("calls.turn-taken", at(10), &turn(number, ms))
            .await;
    }
    let period = "from=2025-06-15&to=2025-06-15";
    let shown = app.get(&format!("/calls/latency?{period}")).await;
    assert_eq!(
        (&shown["turns"], &shown["interrupted"]),
        (&json!(3), &json!(1))
    );
    let stages = shown["stages"].as_array().unwrap();
    let response = stages.iter().find(|it| it["stage"] == "response").unwrap();
    assert_eq!(
        *response,
        json!({ "stage": "response", "budget_ms": 1115, "count": 3, "p50_ms": 1000, "p90_ms": 1300, "p95_ms": 1300,
            "p99_ms": 1300, "max_ms": 1300 })
    );
    let speech = stages.iter().find(|it| it["stage"] == "speech").unwrap();
    assert_eq!(
        (&speech["count"], &speech["p50_ms"]),
        (&json!(0), &Value::Null)
    );
    // Another tenant has none of them, and may not ask for these.
    let (_, theirs) = app
        .call(
            "GET",
            &format!("/calls/latency?{period}"),
            "read-jones",
            None,
        )
        .await;
    assert_eq!(theirs["turns"], 0);
    let path = format!("/calls/latency?{period}&tenant=smith");
    assert_eq!(app.call("GET", &path, "read-jones", None).await.0, 404);
    let path = "/calls/latency?from=yesterday";
    assert_eq!(app.call("GET", path, ADMIN, None).await.0, 422);
}
