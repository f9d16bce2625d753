//! The API.

use std::sync::Arc;

use serde_json::json;
use testkit::fields;

use crate::fixtures::{ACCOUNT, CALLER, at, missed, text, text_to, thread_id};
use crate::test_app::TestApp;

/// The path of the caller's thread.
fn path(rest: &str) -> String {
    format!("/conversations/{}{rest}", thread_id("smith", 0, CALLER))
}

pub async fn conversation_has_the_shape_of_the_contract(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    let mut event = text("SM1", CALLER, "hello");
    event.text.as_mut().unwrap().media.push(events::v1::Media {
        url: format!("{}/x", app.twilio.url),
        content_type: "image/png".into(),
    });
    app.publish(at(1), &event).await;
    let thread = app.thread().await;
    assert_eq!(
        fields(&thread),
        [
            "answering",
            "appointments",
            "attention",
            "blocked",
            "closed_at",
            "created_at",
            "customer",
            "draft",
            "entries",
            "facts",
            "human_until",
            "id",
            "lead_id",
            "messages",
            "next_cursor",
            "number",
            "opened_at",
            "opted_out",
            "reply_due_at",
            "status",
            "tenant_id",
            "unread",
            "updated_at",
            "urgency"
        ]
    );
    for (field, value) in [
        ("id", json!(thread_id("smith", 0, CALLER))),
        ("tenant_id", json!("smith")),
        ("customer", json!(CALLER)),
        ("number", json!("+15550100001")),
        ("status", json!("active")),
        ("answering", json!("ai")),
        ("urgency", json!("normal")),
        ("opted_out", json!(false)),
        ("unread", json!(1)),
        ("updated_at", json!("2025-06-15T15:07:40Z")),
        ("reply_due_at", json!("2025-06-15T16:07:40Z")),
        ("next_cursor", json!(null)),
    ] {
        assert_eq!(thread[field], value, "{field}");
    }
    for message in thread["messages"].as_array().unwrap() {
        assert_eq!(
            fields(message),
            [
                "again",
                "automatic",
                "body",
                "created_at",
                "direction",
                "error_code",
                "error_message",
                "fallback",
                "id",
                "media",
                "reactions",
                "reason",
                "sender",
                "sent_at",
                "simulated",
                "status"
            ]
        );
    }
    let text = &thread["messages"][1];
    assert_eq!(
        text["media"],
        json!([{
            "content_type": "image/png", "status": "pending",
            "url": format!("/conversations/{}/media/{}.0", thread["id"].as_str().unwrap(), text["id"].as_str().unwrap()),
        }])
    );
    assert_eq!(text["sent_at"], "2025-06-15T15:07:40Z");

    let (status, body) = app
        .call("GET", "/conversations/none", "read-smith", None)
        .await;
    assert_eq!((status, &body["error"]["code"]), (404, &json!("not_found")));
}

pub async fn list_is_paged_with_the_latest_news_first(app: Arc<TestApp>) {
    let caller = |n: i64| format!("+1555010{n:04}");
    for n in 0..5 {
        app.publish(at(n), &text(&format!("SM{n}"), &caller(n), "hello"))
            .await;
    }
    // The first writes again; two have news at the same moment.
    app.publish(at(9), &text("SM9", &caller(0), "hello?")).await;
    app.publish(at(4), &text("SM8", &caller(8), "hello")).await;
    app.publish(at(4), &text_to("jones", "SM7", &caller(7), "hello"))
        .await;
    app.rest().await;

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app
            .get(&format!("/conversations/?tenant=smith&limit=2{cursor}"))
            .await;
        for item in page["items"].as_array().unwrap() {
            seen.push(item["customer"].as_str().unwrap().to_owned());
            assert!(item["messages"].is_null() && item["updated_at"].is_string());
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 6);
    assert_eq!(seen[0], caller(0));
    seen[1..3].sort();
    assert_eq!(seen[1..], [4, 8, 3, 2, 1].map(caller));

    let all = app.get("/conversations").await;
    assert_eq!(all["items"].as_array().unwrap().len(), 7);
    assert!(all["next_cursor"].is_null());
    let (status, body) = app
        .call("GET", "/conversations/?cursor=x", "read-smith", None)
        .await;
    assert_eq!((status, &body["error"]["code"]), (422, &json!("invalid")));
}

pub async fn person_takes_over(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "hello")).await;
    assert_eq!(app.thread().await["answering"], "ai");
    let media = json!(["https://example.com/quote.png"]);
    let (status, created) = app
        .post(
            &path("/messages"),
            json!({"body": "We come at 5.", "media_urls": media}),
        )
        .await;
    assert_eq!(status, 201);
    assert_eq!(fields(&created), ["id"]);

    let sends = app.sends().await;
    let (envelope, send) = &sends[0];
    assert_eq!(sends.len(), 1);
    assert_eq!(created["id"], send.message_id.as_str());
    assert_eq!(
        (
            send.from.as_str(),
            send.to.as_str(),
            send.body.as_str(),
            send.account_sid.as_str()
        ),
        ("+15550100001", CALLER, "We come at 5.", ACCOUNT)
    );
    assert_eq!((send.purpose.as_str(), send.media_urls.len()), ("reply", 1));
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!(envelope.key.as_deref(), Some(send.conversation_id.as_str()));

    let thread = app.thread().await;
    assert_eq!(thread["answering"], "human");
    let message = thread["messages"]
        .as_array()
        .unwrap()
        .iter()
        .find(|m| m["id"] == created["id"]);
    let message = message.unwrap();
    assert_eq!(
        (
            &message["sender"],
            &message["status"],
            &message["direction"]
        ),
        (&json!("human"), &json!("queued"), &json!("outbound"))
    );
    assert_eq!(
        message["media"],
        json!([{"content_type": null, "url": media[0]}])
    );

    for (verb, who) in [
        ("activate", "ai"),
        ("deactivate", "human"),
        ("deactivate", "human"),
    ] {
        let (status, body) = app
            .call("POST", &path(&format!("/ai/{verb}")), "write-smith", None)
            .await;
        assert_eq!((status, &body["answering"]), (200, &json!(who)));
        assert_eq!(app.thread().await["answering"], who);
    }
}

pub async fn request_may_be_repeated(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "hello")).await;
    app.rest().await;
    let body = json!({"body": "We come at 5."});
    let path = path("/messages");
    let (one, two) = tokio::join!(
        app.post_once(&path, "k1", body.clone()),
        app.post_once(&path, "k1", body.clone())
    );
    assert_eq!(one.0, 201, "{}", one.1);
    assert_eq!(one, two);
    let (_, other) = app.post_once(&path, "k2", body.clone()).await;
    assert_ne!(one.1, other);
    let (status, answer) = app
        .post_once(&path, "k1", json!({"body": "We come at 6."}))
        .await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("idempotency_key_reused"))
    );
    let (status, _) = app.post_once(&path, "", body.clone()).await;
    assert_eq!(status, 422);
    assert_eq!(app.sends().await.len(), 2);
    // What was accepted stays accepted.
    app.publish(at(2), &text("SM2", CALLER, "STOP")).await;
    app.rest().await;
    assert_eq!(app.post_once(&path, "k1", body).await, one);
    assert_eq!(app.sends().await.len(), 2);
}

pub async fn what_cannot_be_sent_is_refused(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "hello")).await;
    app.rest().await;
    let path = path("/messages");
    for body in [
        json!({"body": ""}),
        json!({"body": " \n"}),
        json!({"body": "é".repeat(1601)}),
        json!({"body": "x", "media_urls": ["file:///etc/passwd"]}),
        json!({"body": "x", "media_urls": vec!["https://example.com/a"; 11]}),
        json!({"body": 5}),
        json!({}),
    ] {
        let (status, answer) = app.post(&path, body).await;
        assert_eq!((status, &answer["error"]["code"]), (422, &json!("invalid")));
    }
    let (status, _) = app.post(&path, json!({"body": "é".repeat(1600)})).await;
    assert_eq!(status, 201);
    app.publish(at(1), &text("SM2", CALLER, "STOP")).await;
    app.rest().await;
    let (status, answer) = app.post(&path, json!({"body": "Sure?"})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("opted_out"))
    );
    assert_eq!(app.sends().await.len(), 1);
    assert_eq!(app.thread().await["messages"].as_array().unwrap().len(), 3);
}

pub async fn tenants_do_not_see_each_other(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "hello")).await;
    app.publish(at(0), &text_to("jones", "SM2", CALLER, "hello"))
        .await;
    app.rest().await;
    for (key, others) in [("read-smith", "jones"), ("read-jones", "smith")] {
        let (status, list) = app.call("GET", "/conversations/", key, None).await;
        assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 1));
        assert_ne!(list["items"][0]["tenant_id"], others);
        let path = format!("/conversations/?tenant={others}");
        assert_eq!(app.call("GET", &path, key, None).await.0, 404);
    }
    let body = Some(json!({"body": "hi"}));
    for (method, rest, body) in [
        ("GET", "", None),
        ("POST", "/messages", body),
        ("POST", "/ai/activate", None),
        ("POST", "/ai/deactivate", None),
    ] {
        let key = "write-jones";
        assert_eq!(
            app.call(method, &path(rest), key, body.clone()).await.0,
            404,
            "{rest}"
        );
        if method == "POST" {
            let key = "read-smith";
            assert_eq!(
                app.call(method, &path(rest), key, body).await.0,
                403,
                "{rest}"
            );
        }
    }
    assert_eq!(app.thread().await["answering"], "ai");
    assert_eq!(app.sends().await.len(), 0);
}

/// HTML forms send the name of every field that is left blank.
pub async fn parameter_with_an_empty_value_is_unsaid(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "hello")).await;
    app.publish(at(1), &text_to("jones", "SM2", CALLER, "hello"))
        .await;
    app.rest().await;
    let document = app.get("/api/openapi.json").await;
    let mut lists = 0;
    for (route, methods) in document["paths"].as_object().unwrap() {
        let ours = ["/conversations", "/leads", "/opt-outs", "/dispatch"];
        let parameters = methods["get"]["parameters"].as_array();
        if !ours.iter().any(|it| route.starts_with(it)) || parameters.is_none() {
            continue;
        }
        let names = parameters.unwrap().iter().filter(|it| it["in"] == "query");
        let blank: Vec<String> = names
            .map(|it| format!("{}=", it["name"].as_str().unwrap()))
            .collect();
        if blank.is_empty() {
            continue;
        }
        let address = route.replace("/conversations/{id}", &path(""));
        let asked = format!("{address}?{}", blank.join("&"));
        assert_eq!(app.get(&asked).await, app.get(&address).await, "{asked}");
        lists += 1;
    }
    assert_eq!(lists, 5);
}

pub async fn nothing_is_open(app: Arc<TestApp>) {
    let document = app.get("/api/openapi.json").await;
    let mut routes = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let ours = ["/conversations", "/leads", "/opt-outs", "/dispatch"];
        if !ours.iter().any(|it| path.starts_with(it)) {
            continue;
        }
        for method in methods.as_object().unwrap().keys() {
            routes += 1;
            let method = method.to_uppercase();
            let path = path.replace("{id}", "x");
            for key in ["", "no-such-key"] {
                let body = (method != "GET").then(|| json!({}));
                let (status, answer) = app.call(&method, &path, key, body).await;
                assert_eq!(status, 401, "{method} {path}");
                assert_eq!(answer["error"]["code"], "unauthorized");
            }
        }
    }
    assert_eq!(routes, 17);
}
