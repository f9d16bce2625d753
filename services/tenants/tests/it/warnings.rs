//! What `apply` takes and will hardly do what was meant, and what it does not take.

use std::sync::Arc;

use events::Envelope;
use events::Event as _;
use events::v1::{FlowFound, FlowQuery};
use serde_json::{Value, json};
use testkit::{ADMIN, EventRecorder};

use crate::fixtures::{ACCOUNT, world};
use crate::test_app::TestApp;

fn warned(answer: &Value) -> Vec<(String, String)> {
    let warnings = answer["warnings"].as_array().cloned().unwrap_or_default();
    let word = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let all = warnings.iter();
    all.map(|it| (word(it, "path"), word(it, "message")))
        .collect()
}

fn places(answer: &Value) -> Vec<String> {
    warned(answer).into_iter().map(|(path, _)| path).collect()
}

/// Interviews as far as it is asked for flows: it has a coach and an assistant.
async fn interviews(app: &TestApp) {
    let answer = |question: &Envelope| {
        let query = question.decode::<FlowQuery>().ok()?;
        let kind = match query.name.as_str() {
            "made-there" => "coach",
            "desk" => "conversation",
            _ => "",
        };
        let found = FlowFound {
            found: !kind.is_empty(),
            kind: kind.to_owned(),
            ..FlowFound::default()
        };
        let clock = clock::Clock::system();
        Some(Envelope::new("trunkline/test", &clock, &found))
    };
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.interviews", &app.bus(), &[FlowQuery::TYPE], answer)
        .await;
}

pub async fn number_that_cannot_work_is_warned_of(app: Arc<TestApp>) {
    interviews(&app).await;
    let mut document = world();
    document["tenants"][0]["numbers"] = json!([
        { "number": "+15550100001", "voice": "forward", "sms": "none" },
        { "number": "+15550100003", "voice": "screener:nope" },
        { "number": "+15550100004", "voice": "screener:made-there" },
        { "number": "+15550100005", "voice": "coach:desk" },
        { "number": "+15550100006", "voice": "screener:here" },
        { "number": "+15550100007", "voice": "screener" },
        { "number": "+15550100008", "voice": "screener:of-jones" },
    ]);
    document["tenants"][1] = json!({ "id": "jones", "name": "Jones",
        "numbers": [{ "number": "+15550100011", "voice": "forward" }, { "number": "+15550100012", "voice": "assistant:here" }] });
    document["flows"] = json!([
        { "name": "here", "kind": "screener", "questions": ["One?"] },
        { "name": "of-jones", "tenant": "jones", "kind": "screener", "questions": ["One?"] },
    ]);
    let answer = app.apply(document.clone()).await;
    assert_eq!(
        places(&answer),
        [
            "tenants[0].numbers[0].sms",
            "tenants[1].numbers[0].voice",
            "tenants[1].numbers[1].voice",
            "tenants[0].numbers[1].voice",
            "tenants[0].numbers[3].voice",
            "tenants[0].numbers[6].voice",
        ],
        "{answer}"
    );
    let said = warned(&answer);
    assert!(
        said[0].1.contains("text_back: {enabled: false}"),
        "{said:?}"
    );
    assert!(said[1].1.contains("no forward_to"), "{said:?}");
    assert!(said[2].1.contains("not a free conversation"), "{said:?}");
    assert!(said[3].1.contains("the flow nope"), "{said:?}");
    assert!(said[4].1.contains("not an interview"), "{said:?}");

    // What is mended is not warned of.
    document["tenants"][0]["text_back"] = json!({ "enabled": false });
    document["tenants"][0]["numbers"] = json!([{ "number": "+15550100001", "sms": "none" }]);
    document["tenants"].as_array_mut().unwrap().pop();
    let answer = app.apply(document).await;
    assert_eq!(answer.get("warnings"), None, "{answer}");
}

pub async fn app_that_no_role_serves_is_warned_of(app: Arc<TestApp>) {
    interviews(&app).await;
    let mut document = world();
    document["tenants"][0]["numbers"] = json!([
        { "number": "+15550100001", "voice": "assistant:desk" },
        { "number": "+15550100003", "voice": "bot:desk" },
    ]);
    document["tenants"].as_array_mut().unwrap().pop();
    let answer = app.apply(document.clone()).await;
    assert_eq!(places(&answer), Vec::<String>::new(), "not known: {answer}");

    app.stop().await;
    app.start_knowing(&["tenants", "calls"]).await;
    let answer = app.apply(document).await;
    assert_eq!(
        places(&answer),
        ["tenants[0].numbers[0].voice", "tenants[0].numbers[1].voice"]
    );
    assert!(
        warned(&answer)[1].1.contains("bot:desk, which no role"),
        "{answer}"
    );
}

pub async fn calls_that_would_go_in_circles_are_refused(app: Arc<TestApp>) {
    app.world().await;
    let apply = async |tenants: Value| app.post("/api/apply", json!({ "tenants": tenants })).await;
    let tenant = |id: &str, to: &str, number: &str| json!({ "id": id, "name": id, "forward_to": to, "numbers": [{ "number": number, "voice": "forward" }] });
    // Both in one document, through a third that is there.
    let (status, answer) = apply(json!([
        tenant("a", "+15550100021", "+15550100020"),
        tenant("b", "+15550100020", "+15550100021"),
    ]))
    .await;
    assert_eq!(status, 422, "{answer}");
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let fields: Vec<&Value> = errors.iter().map(|it| &it["path"]).collect();
    assert_eq!(fields, ["tenants[0].forward_to", "tenants[1].forward_to"]);

    // One after the other: the second closes the circle.
    let (status, answer) = apply(json!([tenant("a", "+15550100021", "+15550100020")])).await;
    assert_eq!((status, places(&answer).len()), (200, 0), "{answer}");
    let (status, answer) = apply(json!([tenant("b", "+15550100022", "+15550100021")])).await;
    assert_eq!((status, places(&answer).len()), (200, 0), "{answer}");
    let (status, answer) = apply(json!([tenant("c", "+15550100020", "+15550100022")])).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("tenants[0].forward_to"))
    );
    // A number that does not forward ends it; one that forwards out of here is only a detour.
    let (status, answer) = apply(json!([tenant("d", "+15550100003", "+15550100023")])).await;
    assert_eq!((status, places(&answer).len()), (200, 0), "{answer}");
    let (status, answer) = apply(json!([tenant("d", "+15550100001", "+15550100023")])).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(places(&answer), ["tenants[0].forward_to"]);
}

pub async fn document_that_says_a_thing_twice_is_refused(app: Arc<TestApp>) {
    let twice = r#"{"tenants": [{"id": "smith", "name": "A", "numbers": [], "name": "B"}]}"#;
    let response = reqwest::Client::new()
        .post(format!("{}/api/apply", app.base()))
        .header("X-API-Key", ADMIN)
        .header("content-type", "application/json")
        .body(twice)
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let answer = response.text().await.unwrap();
    assert!((400..=422).contains(&status), "{status} {answer}");
    assert!(
        answer.contains("name stands twice in tenants[0]"),
        "{answer}"
    );
    assert_eq!(app.get("/api/tenants/").await["items"], json!([]));
}

pub async fn platforms_own_account_needs_no_tokens(app: Arc<TestApp>) {
    let mut document = world();
    document["tenants"][0]["twilio"] =
        json!({ "account_sid": ACCOUNT, "auth_tokens": ["of-my-own"] });
    let (status, answer) = app.post("/api/apply", document).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("tenants[0].twilio.account_sid"))
    );
    let why = answer["error"]["message"].as_str().unwrap();
    assert!(why.contains("twilio: null"), "{why}");
}
