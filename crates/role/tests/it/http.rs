//! Keys, refusals, the document, pages.

use std::sync::Arc;

use encryption::key_hash;
use events::Envelope;
use events::v1::KeyChanged;
use serde_json::{Value, json};
use testkit::{ADMIN, Mode, SERVICE, eventually};

use crate::test_app::TestApp;

const JSON: (&str, &str) = ("content-type", "application/json");

pub async fn key_opens_what_it_says(app: Arc<TestApp>) {
    let (status, admin) = app.see("/things/", ADMIN).await;
    let all = json!({"name": "admin", "tenant": null, "may_write": true, "sees": [true, true]});
    assert_eq!(
        (status, admin, app.keys.asked()),
        (200, all, 0),
        "the first key is asked of no other role"
    );

    app.keys.give("reads-smith", "smith", &["read"]);
    app.keys.give("writes-all", "", &["write"]);
    app.keys.give("odd-scopes", "", &["unheard-of"]);
    let (status, reader) = app.see("/things/", "reads-smith").await;
    let own = json!({"name": "READS-SMITH", "tenant": "smith", "may_write": false, "sees": [true, false]});
    assert_eq!((status, reader), (200, own));
    app.see("/things/", "reads-smith").await;
    assert_eq!(app.keys.asked(), 1, "a grant is believed for a while");

    let thing = Some(r#"{"name": "a", "size": 1}"#);
    for (key, read, write, admin) in [
        ("reads-smith", 200, 403, 403),
        ("writes-all", 200, 201, 403),
        (ADMIN, 200, 201, 200),
        ("odd-scopes", 403, 403, 403),
        ("none-such", 401, 401, 401),
        ("short", 401, 401, 401),
    ] {
        let headers = [("X-API-Key", key), JSON];
        assert_eq!(app.see("/things", key).await.0, read, "{key}");
        assert_eq!(
            app.send("POST", "/things", &headers, thing).await.0,
            write,
            "{key}"
        );
        assert_eq!(
            app.send("DELETE", "/things/x", &headers, None).await.0,
            admin,
            "{key}"
        );
    }
    assert_eq!(
        app.keys.asked(),
        4,
        "each is asked for once, and what cannot be a key not at all"
    );
    // One that was made a moment after it was tried: its owner announces it.
    app.keys.give("none-such", "", &["read"]);
    opens_when_told(&app, "none-such", 200).await;
}

/// A flood of made-up keys is not a flood on the bus, and known keys go on.
pub async fn made_up_keys_cost_few_questions(app: Arc<TestApp>) {
    app.keys.give("reads-smith", "smith", &["read"]);
    assert_eq!(app.see("/things/", "reads-smith").await.0, 200);
    let (before, began) = (app.keys.asked(), std::time::Instant::now());
    let mut refused = 0;
    for n in 0..300 {
        match app.see("/things/", &format!("made-up-{n}")).await.0 {
            401 => {}
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    let asked = app.keys.asked() - before;
    assert_eq!(asked + refused, 300);
    let seconds = u32::try_from(began.elapsed().as_secs()).unwrap();
    assert!(asked <= 50 + 5 * (seconds + 1), "{asked} in {seconds} s");
    assert_eq!(app.see("/things/", "reads-smith").await.0, 200);
    for _ in 0..20 {
        let bad = "x".repeat(201);
        assert_eq!(app.see("/things/", &bad).await.0, 401);
    }
}

/// Its owner says that a key changed, until this process has heard it.
async fn opens_when_told(app: &TestApp, key: &str, status: u16) {
    eventually("the change is heard", async || {
        let changed = KeyChanged {
            hash: key_hash(key),
            made: false,
        };
        let event = Envelope::new("trunkline/test", &app.clock, &changed);
        app.bus().publish(&event).await.unwrap();
        app.see("/things/", key).await.0 == status
    })
    .await;
}

pub async fn withdrawn_key_opens_nothing(app: Arc<TestApp>) {
    app.keys.give("soon-gone", "", &["read"]);
    assert_eq!(app.see("/things/", "soon-gone").await.0, 200);
    app.keys.withdraw("soon-gone");
    assert_eq!(
        app.see("/things/", "soon-gone").await.0,
        200,
        "it is still believed"
    );
    opens_when_told(&app, "soon-gone", 401).await;
}

pub async fn roles_have_a_key_of_their_own(app: Arc<TestApp>) {
    for (headers, status) in [
        (vec![("X-Service-Key", SERVICE)], 200),
        (vec![("X-Service-Key", "another")], 401),
        (vec![("X-Service-Key", "")], 401),
        (vec![("X-API-Key", ADMIN)], 401),
        (vec![], 401),
    ] {
        assert_eq!(
            app.send("GET", "/inside", &headers, None).await.0,
            status,
            "{headers:?}"
        );
    }
}

pub async fn every_refusal_has_one_shape(app: Arc<TestApp>) {
    let admin = ("X-API-Key", ADMIN);
    let large = format!(r#"{{"name": "{}", "size": 1}}"#, "x".repeat(1 << 20));
    app.keys.give("reads-all", "", &["read"]);
    let reads = ("X-API-Key", "reads-all");
    for (method, path, headers, body, status, code) in [
        (
            "POST",
            "/things/",
            vec![admin, JSON],
            Some("{"),
            400,
            "bad_request",
        ),
        (
            "POST",
            "/things/",
            vec![admin],
            Some("{}"),
            400,
            "bad_request",
        ),
        ("GET", "/pages?limit=many", vec![], None, 422, "invalid"),
        ("GET", "/pages?limit=0", vec![], None, 422, "invalid"),
        ("GET", "/pages?limit=201", vec![], None, 422, "invalid"),
        ("GET", "/pages?colour=red", vec![], None, 422, "invalid"),
        ("GET", "/things/?limit=5", vec![admin], None, 422, "invalid"),
        ("GET", "/things/%00", vec![admin], None, 404, "not_found"),
        ("GET", "/things/", vec![], None, 401, "unauthorized"),
        (
            "POST",
            "/things/",
            vec![reads, JSON],
            Some("{}"),
            403,
            "forbidden",
        ),
        ("GET", "/things/x", vec![admin], None, 404, "not_found"),
        ("GET", "/nowhere", vec![], None, 404, "not_found"),
        (
            "PUT",
            "/things/",
            vec![admin],
            None,
            405,
            "method_not_allowed",
        ),
        (
            "POST",
            "/things/",
            vec![admin, JSON],
            Some(large.as_str()),
            413,
            "too_large",
        ),
        (
            "POST",
            "/things/",
            vec![admin, JSON],
            Some(r#"{"name": "a"}"#),
            422,
            "invalid",
        ),
        (
            "POST",
            "/things/",
            vec![admin, JSON],
            Some(r#"{"name": "a", "size": 0}"#),
            422,
            "invalid",
        ),
        (
            "POST",
            "/things/",
            vec![admin, JSON],
            Some(r#"{"name": "a", "size": 1, "odd": 1}"#),
            422,
            "invalid",
        ),
    ] {
        let answer = app.send(method, path, &headers, body).await;
        let shown = body.map(|body| &body[..body.len().min(40)]);
        assert_eq!(answer.0, status, "{method} {path} {shown:?}: {}", answer.1);
        let mut error = answer.1;
        assert_eq!(error["error"]["code"], code, "{method} {path} {shown:?}");
        assert!(!error["error"]["message"].as_str().unwrap().is_empty());
        assert!(error["error"]["details"].is_object());
        assert_eq!(error["error"].as_object_mut().unwrap().len(), 3);
        assert_eq!(error.as_object().unwrap().len(), 1);
    }
    let headers = [admin, JSON];
    let (_, error) = app
        .send(
            "POST",
            "/things",
            &headers,
            Some(r#"{"name": "a", "size": 0}"#),
        )
        .await;
    assert_eq!(error["error"]["details"], json!({"field": "size"}));
    assert_eq!(error["error"]["message"], "size: must be 1 or more");
}

pub async fn refusals_are_counted(app: Arc<TestApp>) {
    // The first look makes the recorder.
    app.send("GET", "/metrics", &[], None).await;
    app.send("GET", "/things/", &[], None).await;
    app.send("GET", "/things/special", &[], None).await;
    let (_, text) = app.send("GET", "/metrics", &[], None).await;
    let text = text.as_str().unwrap().to_owned();
    for line in [
        r#"path="/things",status="401""#,
        r#"path="/things/special",status="200""#,
    ] {
        assert!(
            text.lines()
                .any(|l| l.starts_with("http_requests_total{") && l.contains(line)),
            "{line}"
        );
    }
}

pub async fn fixed_words_go_before_names(app: Arc<TestApp>) {
    for path in ["/things/special", "/things/special/"] {
        assert_eq!(
            app.send("GET", path, &[], None).await,
            (200, json!({"special": true}))
        );
    }
}

pub async fn document_describes_every_route(app: Arc<TestApp>) {
    let (status, document) = app.send("GET", "/api/openapi.json", &[], None).await;
    assert_eq!((status, &document["openapi"]), (200, &json!("3.1.0")));
    for known in ["title", "version"] {
        assert!(document["info"][known].is_string());
    }
    let schemes = document["components"]["securitySchemes"]
        .as_object()
        .unwrap();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let what = format!("{method} {path}");
            assert!(
                ["get", "head", "post", "put", "delete"].contains(&method.as_str()),
                "{what}"
            );
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{what}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.values().all(|r| r["description"].is_string()) && !responses.is_empty(),
                "{what}"
            );
            for scheme in operation["security"].as_array().into_iter().flatten() {
                assert!(
                    scheme
                        .as_object()
                        .unwrap()
                        .keys()
                        .all(|name| schemes.contains_key(name)),
                    "{what}"
                );
            }
            let named: Vec<_> = path.split(['{', '}']).skip(1).step_by(2).collect();
            let parameters = operation["parameters"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let described: Vec<_> = parameters
                .iter()
                .filter(|p| p["in"] == "path")
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            assert_eq!(named, described, "{what}");
            assert!(
                parameters
                    .iter()
                    .all(|p| p["required"] == (p["in"] == "path")),
                "{what}"
            );
        }
    }
    let role = |path: &str| document["paths"][path]["get"]["x-trunkline-role"].clone();
    assert_eq!(
        (role("/things/"), role("/health")),
        (json!("sample"), Value::Null)
    );
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(
        security("/things/", "get"),
        json!([{"apiKey": []}, {"session": []}])
    );
    assert_eq!(security("/inside", "get"), json!([{"serviceKey": []}]));
    assert_eq!(security("/things/special", "get"), Value::Null);
    let body = &document["paths"]["/things/"]["post"]["requestBody"]["content"]["application/json"]
        ["schema"];
    assert_eq!(body["$ref"], "#/components/schemas/Thing");
    references(&document, &document);
}

/// Whatever is referred to is there.
fn references(whole: &Value, part: &Value) {
    match part {
        Value::Object(map) => {
            if let Some(target) = map.get("$ref").and_then(Value::as_str) {
                let pointer = target.strip_prefix('#').unwrap();
                assert!(whole.pointer(pointer).is_some(), "{target}");
            }
            map.values().for_each(|value| references(whole, value));
        }
        Value::Array(items) => items.iter().for_each(|value| references(whole, value)),
        _ => {}
    }
}

pub async fn list_comes_in_pages(app: Arc<TestApp>) {
    for (query, items, next) in [
        ("", json!([0, 1, 2, 3, 4]), json!(null)),
        ("?limit=2", json!([0, 1]), json!("1")),
        ("?limit=2&cursor=1", json!([2, 3]), json!("3")),
        ("?limit=2&cursor=3", json!([4]), json!(null)),
        ("?limit=5", json!([0, 1, 2, 3, 4]), json!(null)),
        ("?limit=1", json!([0]), json!("0")),
        ("?limit=200", json!([0, 1, 2, 3, 4]), json!(null)),
    ] {
        let answer = app.send("GET", &format!("/pages{query}"), &[], None).await;
        assert_eq!(
            answer,
            (200, json!({"items": items, "next_cursor": next})),
            "{query}"
        );
    }
}

/// A key and an address that ask too often are told when to come again; a role that asks for operators is no address.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_beyond_a_limit_are_told_when_to_come_again() {
    let few = [
        ("TRUNKLINE_LIMIT_KEY", "1"),
        ("TRUNKLINE_LIMIT_ADDRESS", "2"),
        ("TRUNKLINE_TRUSTED_PROXIES", "1"),
    ];
    let app = TestApp::new(Mode::Embedded, &few).await;
    app.start().await;
    testkit::run(app, |app: Arc<TestApp>| async move {
        let url = format!("{}/things/", app.base());
        let client = reqwest::Client::new();
        // Whatever the machine takes for it: more at once than are let through.
        let refusal = async |headers: &[(&str, &str)]| {
            for _ in 0..1_000 {
                let mut request = client.get(&url);
                for (name, value) in headers {
                    request = request.header(*name, *value);
                }
                let response = request.send().await.unwrap();
                if response.status() == 429 {
                    let after = response.headers()["retry-after"].to_str().unwrap();
                    let after: u64 = after.parse().unwrap();
                    let error: Value = response.json().await.unwrap();
                    assert_eq!(error["error"]["code"], "too_many_requests");
                    return (after, error["error"]["message"].to_string());
                }
            }
            panic!("never refused");
        };
        let (after, message) = refusal(&[("X-Forwarded-For", "192.0.2.1")]).await;
        assert!(after == 1 && message.contains("address"), "{message}");
        let operator = [
            ("X-Service-Key", SERVICE),
            ("X-Operator", "ada"),
            ("X-Operator-Scopes", "read"),
        ];
        let (after, message) = refusal(&operator).await;
        assert!(after == 1 && message.contains("key"), "{message}");
        for path in ["/health/live", "/things/special"] {
            let from = [("X-Forwarded-For", "192.0.2.1")];
            assert_eq!(app.send("GET", path, &from, None).await.0, 200, "{path}");
        }
        let from = [("X-API-Key", ADMIN), ("X-Forwarded-For", "192.0.2.3")];
        assert_eq!(app.send("GET", "/things/", &from, None).await.0, 200);
    })
    .await;
}

#[tokio::test]
async fn metrics_are_shown_to_whoever_has_the_token() {
    let token = [("TRUNKLINE_METRICS_TOKEN", "the-token-of-prometheus")];
    let app = TestApp::new(Mode::Embedded, &token).await;
    app.start().await;
    testkit::run(app, |app: Arc<TestApp>| async move {
        for wrong in [
            &[][..],
            &[("Authorization", "Bearer another-token")],
            &[("Authorization", "the-token-of-prometheus")],
        ] {
            assert_eq!(
                app.send("GET", "/metrics", wrong, None).await.0,
                401,
                "{wrong:?}"
            );
        }
        let right = [("Authorization", "Bearer the-token-of-prometheus")];
        assert_eq!(app.send("GET", "/metrics", &right, None).await.0, 200);
        assert_eq!(app.send("GET", "/health/live", &[], None).await.0, 200);
    })
    .await;
}
