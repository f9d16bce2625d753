//! Phone numbers: found, moved between states, listed.

use std::sync::Arc;

use events::v1::NumberChanged;
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::test_app::TestApp;

pub async fn number_is_looked_up(app: Arc<TestApp>) {
    app.world().await;
    let found = app.get("/phone-numbers/lookup/+15550100001").await;
    for (field, value) in [
        ("number", json!("+15550100001")),
        ("tenant_id", json!("smith")),
        ("business_name", json!("Smith Plumbing")),
        ("status", json!("active")),
        ("active", json!(true)),
        ("primary", json!(true)),
        ("voice", json!("forward")),
        ("sms", json!("conversation")),
        ("forward_to", json!("+15550100002")),
        ("timezone", json!("America/Los_Angeles")),
        ("trade", json!("plumbing")),
    ] {
        assert_eq!(found[field], value, "{field}");
    }
    assert_eq!(
        found["business_hours"]["sat"],
        json!(["08:00-12:00", "13:00-16:00"])
    );
    // The second one leads to the same business; a plus may be written %2B or left out.
    for text in ["%2B15550100003", "15550100003"] {
        let second = app.get(&format!("/phone-numbers/lookup/{text}")).await;
        assert_eq!(
            (&second["tenant_id"], &second["primary"]),
            (&json!("smith"), &json!(false))
        );
    }
    assert_eq!(
        app.status("GET", "/phone-numbers/lookup/+15550100099", ADMIN, None)
            .await,
        404
    );
    assert_eq!(
        app.status("GET", "/phone-numbers/lookup/abc", ADMIN, None)
            .await,
        422
    );
    app.suspend("smith").await;
    let found = app.get("/phone-numbers/lookup/+15550100001").await;
    assert_eq!(
        (&found["active"], &found["tenant_status"]),
        (&json!(false), &json!("suspended"))
    );
}

pub async fn number_goes_from_state_to_state(app: Arc<TestApp>) {
    app.world().await;
    let path = format!(
        "/phone-numbers/{}/status",
        app.number_id("+15550100001").await
    );
    let go = async |status: &str| app.put(&path, json!({ "status": status })).await;
    assert_eq!(go("active").await.0, 200);
    assert_eq!(go("suspended").await.1["status"], "suspended");
    let (status, answer) = go("provisioning").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("not_allowed"))
    );
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("it can become active or released")
    );
    assert_eq!(go("active").await.1["status"], "active");
    assert_eq!(go("released").await.1["status"], "released");
    for status in ["active", "suspended", "provisioning"] {
        assert_eq!(go(status).await.0, 409);
    }
    assert_eq!(go("released").await.0, 200);
    assert_eq!(go("lost").await.0, 422);
    assert_eq!(
        app.put(
            "/phone-numbers/nothing/status",
            json!({ "status": "active" })
        )
        .await
        .0,
        404
    );
    assert_eq!(
        app.status("GET", "/phone-numbers/lookup/+15550100001", ADMIN, None)
            .await,
        404
    );
    // Deliveries overtake each other.
    let mut told: Vec<String> = app
        .recorder
        .wait_for::<NumberChanged>(6)
        .await
        .into_iter()
        .filter(|(_, changed)| changed.number == "+15550100001")
        .map(|(_, changed)| changed.status)
        .collect();
    told.sort();
    assert_eq!(told, ["active", "active", "released", "suspended"]);
}

pub async fn lists_page(app: Arc<TestApp>) {
    let tenants: Vec<Value> = (0..5).map(|n| json!({ "id": format!("t{n}"), "name": "T", "numbers": [{ "number": format!("+1555010020{n}") }] })).collect();
    app.apply(json!({ "tenants": tenants })).await;
    for path in ["/api/tenants/", "/phone-numbers/"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.get(&format!("{path}?limit=2{cursor}")).await;
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|i| i["id"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), &seen), (5, &sorted));
    }
    assert_eq!(
        app.status("GET", "/api/tenants/?cursor=%20%00", ADMIN, None)
            .await,
        422
    );
    // HTML forms send what is left blank, and a NUL character is nothing.
    for (path, blank) in [
        ("/api/tenants/", "limit=&cursor="),
        ("/api/tenants/", "cursor=%00"),
        ("/phone-numbers/", "tenant=&limit=&cursor="),
        ("/api/keys/", "limit=&cursor="),
    ] {
        let page = app.get(&format!("{path}?{blank}")).await;
        assert_eq!(page, app.get(path).await, "{path}?{blank}");
    }
}
