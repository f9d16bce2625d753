//! What a tenant may say of numbers: what is its own at Twilio, and nothing that an operator has said otherwise.

use std::sync::Arc;

use clock::Clock;
use events::v1::{NumberVerified, NumberVerify};
use events::{Envelope, Event};
use serde_json::{Value, json};
use testkit::EventRecorder;

use crate::fixtures::{OTHER_ACCOUNT, world};
use crate::test_app::TestApp;

const SMITHS: &str = "the-key-of-smith";
const JONES: &str = "the-key-of-jones";
const SID: &str = "PN00000000000000000000000000000007";

/// Both tenants with keys of their own, and an egress that knows one number of the account of jones.
async fn open(app: &TestApp) {
    let mut document = world();
    document["keys"] = json!([
        { "name": "smiths", "tenant": "smith", "scopes": ["admin"], "key": SMITHS },
        { "name": "jones", "tenant": "jones", "scopes": ["admin"], "key": JONES },
    ]);
    app.apply(document).await;
    let answer = |question: &Envelope| {
        let query = question.decode::<NumberVerify>().ok()?;
        let found = query.account_sid == OTHER_ACCOUNT && query.number == "+15550100017";
        let verified = NumberVerified {
            found,
            phone_number_sid: if found { SID.to_owned() } else { String::new() },
        };
        Some(Envelope::new("trunkline/test", &Clock::system(), &verified))
    };
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.egress", &app.bus(), &[NumberVerify::TYPE], answer)
        .await;
}

async fn claim(app: &TestApp, key: &str, tenant: &str, numbers: Value) -> (u16, Value) {
    let body = json!({ "tenants": [{ "id": tenant, "name": tenant, "numbers": numbers }] });
    app.call("POST", "/api/apply", key, Some(body)).await
}

fn field(answer: &Value) -> &Value {
    &answer["error"]["details"]["field"]
}

pub async fn number_of_another_account_cannot_be_claimed(app: Arc<TestApp>) {
    open(&app).await;
    let (status, answer) = claim(&app, JONES, "jones", json!([{ "number": "+15550100018" }])).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(field(&answer), "tenants[0].numbers[0].number");
    let wrong = json!([{ "number": "+15550100017", "sid": "PN00000000000000000000000000000001" }]);
    let (status, answer) = claim(&app, JONES, "jones", wrong).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(field(&answer), "tenants[0].numbers[0].sid");
    // What is its own, with the SID that Twilio gives.
    let (status, answer) = claim(&app, JONES, "jones", json!([{ "number": "+15550100017" }])).await;
    assert_eq!(status, 200, "{answer}");
    let found = app.get("/phone-numbers/lookup/+15550100017").await;
    assert_eq!(
        (&found["sid"], &found["tenant_id"]),
        (&json!(SID), &json!("jones"))
    );
    // What is there already is not asked about again.
    let same = json!([{ "number": "+15550100017" }, { "number": "+15550100011" }]);
    assert_eq!(claim(&app, JONES, "jones", same).await.0, 200);
}

pub async fn number_of_the_platform_is_assigned_by_operators(app: Arc<TestApp>) {
    open(&app).await;
    let (status, answer) =
        claim(&app, SMITHS, "smith", json!([{ "number": "+15550100017" }])).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(field(&answer), "tenants[0].numbers[0].number");
    let why = answer["error"]["message"].as_str().unwrap();
    assert!(why.contains("/phone-numbers/provision"), "{why}");
    // Nor does it give a number of its own the SID of one that it would like to give back.
    let own = json!([{ "number": "+15550100001", "sid": SID }]);
    let (status, answer) = claim(&app, SMITHS, "smith", own).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(field(&answer), "tenants[0].numbers[0].sid");
    let (status, _) = claim(
        &app,
        testkit::ADMIN,
        "smith",
        json!([{ "number": "+15550100017" }]),
    )
    .await;
    assert_eq!(status, 200);
}

pub async fn number_at_twilio_has_one_owner(app: Arc<TestApp>) {
    open(&app).await;
    let numbers = json!([{ "number": "+15550100001", "sid": SID }]);
    assert_eq!(claim(&app, testkit::ADMIN, "smith", numbers).await.0, 200);
    let numbers = json!([{ "number": "+15550100011", "sid": SID }]);
    let (status, answer) = claim(&app, testkit::ADMIN, "jones", numbers).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("taken")));
}

pub async fn what_an_operator_has_suspended_only_operators_lift(app: Arc<TestApp>) {
    open(&app).await;
    let id = app.number_id("+15550100001").await;
    let path = format!("/phone-numbers/{id}/status");
    let set = async |key: &str, status: &str| {
        let body = json!({ "status": status });
        app.call("PUT", &path, key, Some(body)).await.0
    };
    // What it has suspended itself it lifts itself.
    assert_eq!(
        (set(SMITHS, "suspended").await, set(SMITHS, "active").await),
        (200, 200)
    );
    // An operator's word stands, even where the tenant's stood before.
    assert_eq!(set(SMITHS, "suspended").await, 200);
    assert_eq!(set(testkit::ADMIN, "suspended").await, 200);
    assert_eq!(
        (set(SMITHS, "active").await, set(SMITHS, "released").await),
        (403, 403)
    );
    let release = format!("/phone-numbers/{id}/release");
    assert_eq!(app.call("POST", &release, SMITHS, None).await.0, 403);
    let numbers = json!([{ "number": "+15550100001", "status": "active" }]);
    let (status, answer) = claim(&app, SMITHS, "smith", numbers).await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(field(&answer), "tenants[0].numbers[0].status");
    // What does not speak of it leaves it.
    let numbers = json!([{ "number": "+15550100001" }]);
    assert_eq!(claim(&app, SMITHS, "smith", numbers).await.0, 200);
    assert!(app.ring("+15550100001").await.contains("not in service"));
    assert_eq!(set(testkit::ADMIN, "active").await, 200);
    assert_eq!(set(SMITHS, "suspended").await, 200);
    assert_eq!(set(SMITHS, "active").await, 200);
}
