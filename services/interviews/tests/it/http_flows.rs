//! Flows: their versions, whose they are, and what is spoken before anybody calls.

use std::sync::Arc;

use events::v1::{FlowDefine, FlowFound, FlowQuery, SpeechSynthesize};
use serde_json::{Value, json};
use testkit::{ADMIN, PATIENCE};

use crate::http::{FLOWS, flow};
use crate::test_app::TestApp;

pub async fn flow_keeps_its_versions(app: Arc<TestApp>) {
    let put = async |body: Value| {
        let (status, answer) = app.smith(FLOWS, body).await;
        assert_eq!(
            (&answer["id"], &answer["name"]),
            (&json!("hello"), &json!("hello"))
        );
        (status, answer["version"].as_i64().unwrap())
    };
    assert_eq!(put(flow("hello", "Why?")).await, (201, 1));
    assert_eq!(put(flow("hello", "Why?")).await, (200, 1));
    // The same said otherwise: what is left out is the default.
    let same = json!({"kind": "screener", "name": "hello", "wait_ms": 2500, "questions": ["Why?"]});
    assert_eq!(put(same).await, (200, 1));
    assert_eq!(put(flow("hello", "How?")).await, (201, 2));
    assert_eq!(put(flow("hello", "Why?")).await, (201, 3));

    let ask = async |query: &str| {
        let (status, shown) = app
            .get_as("read-smith", &format!("/api/flows/hello{query}"))
            .await;
        let ask = shown["definition"]["questions"][0]["ask"].clone();
        (status, shown["version"].clone(), ask)
    };
    assert_eq!(ask("").await, (200, json!(3), json!("Why?")));
    assert_eq!(ask("?version=2").await, (200, json!(2), json!("How?")));
    assert_eq!(ask("?version=4").await.0, 404);
    let shown = app.get_as("read-smith", "/api/flows/hello/").await.1;
    assert_eq!(
        (&shown["kind"], &shown["tenant_id"]),
        (&json!("screener"), &json!("smith"))
    );
    let (status, answer) = app.get_as("read-smith", "/api/flows/nothing").await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (404, &json!("name"))
    );
    let list = app.get(FLOWS).await;
    assert_eq!(list["items"], json!([shown]));
}

pub async fn what_a_flow_always_says_is_spoken_ahead(app: Arc<TestApp>) {
    let mut greeted = flow("hello", "Why?");
    greeted["greeting"] = json!("Good morning from the greenhouse.");
    assert_eq!(app.smith(FLOWS, greeted).await.0, 201);
    testkit::eventually("the greeting is to be spoken", async || {
        let orders = app.recorder.heard::<SpeechSynthesize>();
        orders.iter().any(|it| it.1.text.contains("greenhouse"))
    })
    .await;
}

pub async fn tenants_own_flow_goes_before_every_tenants(app: Arc<TestApp>) {
    app.made_by(ADMIN, FLOWS, flow("hello", "Everybody?")).await;
    app.made_by(ADMIN, FLOWS, flow("shared", "Everybody?"))
        .await;
    app.made(FLOWS, flow("hello", "Smith?")).await;
    let mut named = flow("hello", "Jones?");
    named["tenant"] = json!("jones");
    app.made_by(ADMIN, FLOWS, named).await;
    for (key, query, ask, owner) in [
        ("read-smith", "hello", "Smith?", json!("smith")),
        ("read-jones", "hello", "Jones?", json!("jones")),
        ("read-silent", "hello", "Everybody?", json!(null)),
        ("read-smith", "shared", "Everybody?", json!(null)),
        (ADMIN, "hello", "Everybody?", json!(null)),
        (ADMIN, "hello?tenant=jones", "Jones?", json!("jones")),
    ] {
        let (_, shown) = app.get_as(key, &format!("/api/flows/{query}")).await;
        let it = (
            &shown["definition"]["questions"][0]["ask"],
            &shown["tenant_id"],
        );
        assert_eq!(it, (&json!(ask), &owner), "{key} {query}");
    }
    for (key, count) in [("read-smith", 3), ("read-silent", 2), (ADMIN, 4)] {
        let (_, list) = app.get_as(key, FLOWS).await;
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{key}");
    }
}

pub async fn assistant_is_kept_and_found_over_the_bus(app: Arc<TestApp>) {
    let desk = json!({"name": "desk", "kind": "conversation", "instructions": "You are the receptionist."});
    app.publish(&FlowDefine {
        tenant_id: "smith".to_owned(),
        name: "desk".to_owned(),
        definition: desk.to_string(),
    })
    .await;
    let find = async |tenant: &str, name: &str| {
        let (tenant_id, name) = (tenant.to_owned(), name.to_owned());
        let question = app.envelope(&FlowQuery { tenant_id, name });
        let answer = app.bus().request(question, PATIENCE).await.unwrap();
        answer.decode::<FlowFound>().unwrap()
    };
    testkit::eventually("the assistant is there", async || {
        find("smith", "desk").await.found
    })
    .await;
    let found = find("smith", "desk").await;
    assert_eq!((found.kind.as_str(), found.version), ("conversation", 1));
    assert_eq!(found.tenant_id, "smith");
    let kept: Value = serde_json::from_str(&found.definition).unwrap();
    assert_eq!(kept["instructions"], "You are the receptionist.");
    assert!(!find("jones", "desk").await.found);

    // Both ways in, and every tenant's for who has none.
    let everyones =
        json!({"name": "desk", "kind": "conversation", "instructions": "You are another."});
    let (status, answer) = app.post_as(ADMIN, FLOWS, everyones).await;
    assert_eq!((status, &answer["version"]), (201, &json!(1)), "{answer}");
    assert_eq!(find("jones", "desk").await.tenant_id, "");
    let shown = app.get_as("read-smith", "/api/flows/desk").await.1;
    assert_eq!(shown["kind"], "conversation");
    let (status, answer) = app
        .post_as(ADMIN, FLOWS, json!({"name": "x", "kind": "conversation"}))
        .await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("instructions"))
    );
}
