//! Documents: all or nothing, and the same again.

use std::sync::Arc;

use events::v1::{NumberChanged, TenantChanged};
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::fixtures::{OTHER_ACCOUNT, world};
use crate::test_app::TestApp;

fn names(answer: &Value, list: &str) -> Vec<String> {
    let items = answer[list].as_array().unwrap();
    items
        .iter()
        .map(|item| item.as_str().unwrap().to_owned())
        .collect()
}

pub async fn document_is_applied_once(app: Arc<TestApp>) {
    let everything = [
        "tenant smith",
        "tenant jones",
        "number +15550100001",
        "number +15550100003",
        "number +15550100011",
    ];
    let first = app.apply(world()).await;
    assert_eq!(names(&first, "created"), everything);
    let told = app.recorder.wait_for::<TenantChanged>(2).await;
    assert!(
        told.iter()
            .any(|(envelope, _)| envelope.tenant.as_deref() == Some("smith"))
    );
    let told = app.recorder.wait_for::<NumberChanged>(3).await;
    assert!(told.iter().all(|(_, changed)| changed.status == "active"));

    let second = app.apply(world()).await;
    assert_eq!(names(&second, "unchanged"), everything);
    assert!(names(&second, "created").is_empty() && names(&second, "updated").is_empty());

    let mut third = world();
    third["tenants"][0]["trade"] = json!("heating");
    third["tenants"][0]["numbers"].as_array_mut().unwrap().pop();
    third["tenants"][1]["twilio"]["auth_tokens"] = json!(["a-new-token", "a-token-of-jones"]);
    let third = app.apply(third).await;
    assert_eq!(names(&third, "updated"), ["tenant smith", "tenant jones"]);
    assert_eq!(names(&third, "unlisted"), ["number +15550100003"]);
    assert_eq!(
        app.get("/api/tenants/smith").await["numbers"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Told of what changed, and of nothing else.
    assert_eq!(app.recorder.wait_for::<TenantChanged>(4).await.len(), 4);
    assert_eq!(app.recorder.heard::<NumberChanged>().len(), 3);
}

pub async fn all_faults_are_told_at_once(app: Arc<TestApp>) {
    let (status, answer) = app
        .post(
            "/api/apply",
            json!({
                "tenants": [
                    {
                        "id": "a b", "name": 7, "timezone": "Mars/Olympus", "colour": "red",
                        "business_hours": { "mon": "7-18", "tue": ["07:00-18:00", "x"], "someday": "07:00-18:00" },
                        "forward_to": "5550100002", "dial_timeout_s": 3, "missed_call_text": "{busines_name}",
                        "text_back": { "enabled": "yes" }, "recording": { "format": "ogg", "speed": 1 },
                        "twilio": { "account_sid": "AC1", "auth_tokens": [] },
                        "after_hours": { "action": "sing", "say": "Back {soon}." }, "whisper": { "say": "{caller" }, "notify_url": "ftp://x", "notify_secret": "x",
                        "language": "english please", "status": "asleep",
                        "numbers": [{ "number": 15550100001_u64 }, { "number": "+15550100004", "voice": "robot" }, "x"],
                    },
                    { "id": "b", "name": "B", "numbers": [{ "number": "+15550100004" }, { "number": "+15550100005" }] },
                    { "id": "b", "name": "B", "numbers": [{ "number": "+15550100005" }] },
                    { "name": "no id" },
                ],
                "keys": [{ "name": "k", "scopes": ["root"], "key": "short" }],
                "tenant": [],
            }),
        )
        .await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (422, &json!("invalid")),
        "{answer}"
    );
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let mut places: Vec<&str> = errors.iter().map(|e| e["path"].as_str().unwrap()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "keys[0].key",
            "keys[0].scopes",
            "keys[0].scopes[0]",
            "tenant",
            "tenants[0].after_hours.action",
            "tenants[0].after_hours.say",
            "tenants[0].business_hours.mon",
            "tenants[0].business_hours.someday",
            "tenants[0].business_hours.tue[1]",
            "tenants[0].colour",
            "tenants[0].dial_timeout_s",
            "tenants[0].forward_to",
            "tenants[0].id",
            "tenants[0].language",
            "tenants[0].missed_call_text",
            "tenants[0].name",
            "tenants[0].notify_secret",
            "tenants[0].notify_url",
            "tenants[0].numbers[0].number",
            "tenants[0].numbers[1].voice",
            "tenants[0].numbers[2]",
            "tenants[0].recording.format",
            "tenants[0].recording.speed",
            "tenants[0].status",
            "tenants[0].text_back.enabled",
            "tenants[0].timezone",
            "tenants[0].twilio.account_sid",
            "tenants[0].twilio.auth_tokens",
            "tenants[0].whisper.say",
            "tenants[2].id",
            "tenants[2].numbers[0].number",
            "tenants[3].id",
        ]
    );
    let said = |place: &str| {
        let error = errors.iter().find(|e| e["path"] == place).unwrap();
        error["message"].as_str().unwrap().to_owned()
    };
    assert!(
        said("tenants[0].missed_call_text")
            .contains("{business_name}, {caller}, {number} and {trade}")
    );
    assert!(said("tenants[0].numbers[0].number").contains("quotes"));
    assert!(said("tenant").starts_with("is not a field; there are flows, keys, tenants"));
    assert_eq!(app.get("/api/tenants/").await["items"], json!([]));
}

pub async fn window_of_no_time_is_refused(app: Arc<TestApp>) {
    let smith = |text_back: Value| {
        let tenant = json!({ "id": "smith", "name": "Smith", "text_back": text_back });
        json!({ "tenants": [tenant] })
    };
    let (status, answer) = app
        .post("/api/apply", smith(json!({ "window_s": 0 })))
        .await;
    assert_eq!(status, 422, "{answer}");
    let error = &answer["error"]["details"]["errors"][0];
    assert_eq!(error["path"], "tenants[0].text_back.window_s");
    let why = error["message"].as_str().unwrap();
    assert!(
        why.contains("1800") && why.contains("enabled: false"),
        "{why}"
    );
    for (said, window_s) in [(json!({}), 1800), (json!({ "window_s": 1 }), 1)] {
        app.apply(smith(said)).await;
        let shown = app.get("/api/tenants/smith").await;
        assert_eq!(shown["text_back"]["window_s"], window_s, "{shown}");
    }
}

pub async fn nothing_changes_when_anything_is_wrong(app: Arc<TestApp>) {
    app.world().await;
    let before = app.get("/api/tenants/").await;
    // Each is right by itself, and wrong with what is there.
    let mut document = world();
    document["tenants"][0]["name"] = json!("Other");
    document["tenants"].as_array_mut().unwrap().push(json!({
        "id": "thief", "name": "Thief", "twilio": { "account_sid": OTHER_ACCOUNT },
        "numbers": [{ "number": "+15550100003" }, { "number": "+15550100022", "status": "provisioning" }],
    }));
    document["tenants"].as_array_mut().unwrap().remove(1);
    document["keys"] = json!([{ "name": "k", "scopes": ["read"], "tenant": "nobody" }]);
    document["tenants"][0]["numbers"]
        .as_array_mut()
        .unwrap()
        .pop();
    let (status, answer) = app.post("/api/apply", document).await;
    assert_eq!(status, 422, "{answer}");
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let places: Vec<&str> = errors.iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!(
        places,
        [
            "tenants[1].twilio.account_sid",
            "tenants[1].twilio.auth_tokens",
            "tenants[1].numbers[0].number",
            "tenants[1].numbers[1].status",
            "keys[0].tenant",
        ]
    );
    assert_eq!(app.get("/api/tenants/").await, before);
    assert_eq!(app.recorder.wait_for::<TenantChanged>(2).await.len(), 2);
}

pub async fn number_belongs_to_one_tenant(app: Arc<TestApp>) {
    app.world().await;
    let claim = json!({ "tenants": [{ "id": "thief", "name": "Thief", "numbers": [{ "number": "+15550100001" }] }] });
    let (status, answer) = app.post("/api/apply", claim.clone()).await;
    assert_eq!(status, 422, "{answer}");
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .contains("release it there first")
    );

    let id = app.number_id("+15550100001").await;
    let (status, _) = app
        .call("POST", &format!("/phone-numbers/{id}/release"), ADMIN, None)
        .await;
    assert_eq!(status, 200);
    app.apply(claim).await;
    let found = app.get("/phone-numbers/lookup/+15550100001").await;
    assert_eq!(found["tenant_id"], "thief");
    assert_ne!(found["id"], id);
    // The history of the first stays its own.
    let history = app.get("/phone-numbers/?tenant=smith").await;
    let history = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|n| n["id"] == id);
    assert_eq!(history.unwrap()["status"], "released");
}

pub async fn one_number_is_primary(app: Arc<TestApp>) {
    app.world().await;
    let primaries = async || {
        let smith = app.get("/api/tenants/smith").await;
        let numbers = smith["numbers"].as_array().unwrap().clone();
        let primary = numbers.iter().filter(|n| n["primary"] == true);
        primary
            .map(|n| n["number"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(primaries().await, ["+15550100001"]);
    let mut document = world();
    document["tenants"][0]["numbers"][1]["primary"] = json!(true);
    let answer = app.apply(document.clone()).await;
    assert_eq!(
        names(&answer, "updated"),
        ["number +15550100001", "number +15550100003"]
    );
    assert_eq!(primaries().await, ["+15550100003"]);
    // Nothing said: it stays.
    app.apply(world()).await;
    assert_eq!(primaries().await, ["+15550100003"]);

    document["tenants"][0]["numbers"][0]["primary"] = json!(true);
    let (status, answer) = app.post("/api/apply", document).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("tenants[0].numbers[1].primary"))
    );

    let id = app.number_id("+15550100003").await;
    app.put(
        &format!("/phone-numbers/{id}/status"),
        json!({ "status": "released" }),
    )
    .await;
    assert_eq!(primaries().await, ["+15550100001"]);
}

pub async fn what_is_shown_can_be_put_back(app: Arc<TestApp>) {
    let mut document = world();
    document["tenants"][1]["notify_url"] = json!("https://jones.example/hook");
    app.apply(document).await;
    for id in ["smith", "jones"] {
        let path = format!("/api/tenants/{id}");
        let shown = app.get(&path).await;
        let (status, again) = app.put(&path, shown.clone()).await;
        assert_eq!((status, &again), (200, &shown));
        assert_eq!(again["updated_at"], shown["created_at"]);
    }
    let jones = app.get("/api/tenants/jones").await;
    assert!(
        jones["notify_secret"]
            .as_str()
            .unwrap()
            .starts_with("whsec_")
    );
    assert_eq!(jones["twilio"], json!({ "account_sid": OTHER_ACCOUNT }));
    // Said to be nothing: the platform's account.
    let (_, jones) = app
        .put(
            "/api/tenants/jones",
            json!({ "name": "Jones", "twilio": null }),
        )
        .await;
    assert_eq!(
        (&jones["twilio"], &jones["dial_timeout_s"]),
        (&Value::Null, &json!(20))
    );
    let (status, answer) = app
        .put(
            "/api/tenants/jones",
            json!({ "name": "Jones", "id": "smith" }),
        )
        .await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("id"))
    );
}

pub async fn tenant_is_created_once(app: Arc<TestApp>) {
    let tenant = json!({ "id": "smith", "name": "Smith" });
    let (status, answer) = app.post("/api/tenants/", tenant.clone()).await;
    assert_eq!((status, &answer["id"]), (201, &json!("smith")));
    let (status, answer) = app.post("/api/tenants", tenant.clone()).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("exists")));
    // The same request, marked as one that may come again; and another one.
    let (status, answer) = app.post_once("/api/tenants/", "k1", tenant).await;
    assert_eq!((status, &answer["id"]), (201, &json!("smith")));
    let other = json!({ "id": "smith", "name": "Smyth" });
    let (status, answer) = app.post_once("/api/tenants/", "k1", other).await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("exists")));
    let (status, answer) = app
        .put(
            "/api/tenants/smith/status",
            json!({ "status": "suspended" }),
        )
        .await;
    assert_eq!((status, &answer["status"]), (200, &json!("suspended")));
    // What does not speak of the status does not change it.
    let (_, answer) = app
        .put("/api/tenants/smith", json!({ "name": "Smith & Son" }))
        .await;
    assert_eq!(
        (&answer["status"], &answer["name"]),
        (&json!("suspended"), &json!("Smith & Son"))
    );
    assert_eq!(
        app.put("/api/tenants/nobody/status", json!({ "status": "active" }))
            .await
            .0,
        404
    );
    assert_eq!(
        app.put("/api/tenants/smith/status", json!({ "status": "asleep" }))
            .await
            .0,
        422
    );
    assert_eq!(
        app.status("GET", "/api/tenants/nobody", ADMIN, None).await,
        404
    );
    assert_eq!(
        app.status("GET", "/api/tenants/no%00body", ADMIN, None)
            .await,
        404
    );
}

pub async fn put_of_a_tenant_says_whether_it_is_new(app: Arc<TestApp>) {
    let path = "/api/tenants/smith";
    for (name, expected) in [("Smith", 201), ("Smith & Son", 200), ("Smith & Son", 200)] {
        let (status, answer) = app.put(path, json!({ "name": name })).await;
        assert_eq!(
            (status, &answer["id"], &answer["name"]),
            (expected, &json!("smith"), &json!(name))
        );
        assert_eq!(app.get(path).await, answer);
    }
}

pub async fn what_is_no_document_is_refused(app: Arc<TestApp>) {
    app.apply(json!({ "tenants": [], "flows": [], "keys": [] }))
        .await;
    app.apply(json!({})).await;
    assert_eq!(app.post("/api/apply", json!([])).await.0, 422);
}
