//! Keys, refusals, the document, pages.

use std::sync::Arc;

use events::Envelope;
use events::v1::KeyChanged;
use role::seal::key_hash;
use serde_json::{Value, json};
use testkit::{ADMIN, SERVICE, eventually};

use crate::lab::Lab;

const JSON: (&str, &str) = ("content-type", "application/json");

pub async fn a_key_opens_what_it_says(lab: Arc<Lab>) {
    let (status, admin) = lab.see("/things/", ADMIN).await;
    let all = json!({"name": "admin", "tenant": null, "may_write": true, "sees": [true, true]});
    assert_eq!(
        (status, admin, lab.keys.asked()),
        (200, all, 0),
        "the first key needs nobody"
    );

    lab.keys.give("reads-smith", "smith", &["read"]);
    lab.keys.give("writes-all", "", &["write"]);
    lab.keys.give("odd", "", &["unheard-of"]);
    let (status, reader) = lab.see("/things/", "reads-smith").await;
    let own = json!({"name": "READS-SMITH", "tenant": "smith", "may_write": false, "sees": [true, false]});
    assert_eq!((status, reader), (200, own));
    lab.see("/things/", "reads-smith").await;
    assert_eq!(lab.keys.asked(), 1, "a grant is believed for a while");

    let thing = Some(r#"{"name": "a", "size": 1}"#);
    for (key, read, write, admin) in [
        ("reads-smith", 200, 403, 403),
        ("writes-all", 200, 201, 403),
        (ADMIN, 200, 201, 200),
        ("odd", 403, 403, 403),
        ("none", 401, 401, 401),
    ] {
        let headers = [("X-API-Key", key), JSON];
        assert_eq!(lab.see("/things", key).await.0, read, "{key}");
        assert_eq!(
            lab.send("POST", "/things", &headers, thing).await.0,
            write,
            "{key}"
        );
        assert_eq!(
            lab.send("DELETE", "/things/x", &headers, None).await.0,
            admin,
            "{key}"
        );
    }
    let asked = lab.keys.asked();
    lab.see("/things/", "none").await;
    assert_eq!(
        lab.keys.asked(),
        asked + 1,
        "an unknown key may be made the next moment"
    );
}

pub async fn a_withdrawn_key_opens_nothing(lab: Arc<Lab>) {
    lab.keys.give("soon-gone", "", &["read"]);
    assert_eq!(lab.see("/things/", "soon-gone").await.0, 200);
    lab.keys.withdraw("soon-gone");
    assert_eq!(
        lab.see("/things/", "soon-gone").await.0,
        200,
        "it is still believed"
    );
    eventually("it opens nothing", async || {
        let changed = KeyChanged {
            hash: key_hash("soon-gone"),
        };
        let event = Envelope::new("trunkline/test", &lab.clock, &changed);
        lab.bus().publish(&event).await.unwrap();
        lab.see("/things/", "soon-gone").await.0 == 401
    })
    .await;
}

pub async fn roles_have_a_key_of_their_own(lab: Arc<Lab>) {
    for (headers, status) in [
        (vec![("X-Service-Key", SERVICE)], 200),
        (vec![("X-Service-Key", "another")], 401),
        (vec![("X-Service-Key", "")], 401),
        (vec![("X-API-Key", ADMIN)], 401),
        (vec![], 401),
    ] {
        assert_eq!(
            lab.send("GET", "/inside", &headers, None).await.0,
            status,
            "{headers:?}"
        );
    }
}

pub async fn every_refusal_has_one_shape(lab: Arc<Lab>) {
    let admin = ("X-API-Key", ADMIN);
    let large = format!(r#"{{"name": "{}", "size": 1}}"#, "x".repeat(1 << 20));
    lab.keys.give("reads", "", &["read"]);
    let reads = ("X-API-Key", "reads");
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
        ("GET", "/pages?limit=many", vec![], None, 400, "bad_request"),
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
        let answer = lab.send(method, path, &headers, body).await;
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
    let (_, error) = lab
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

pub async fn refusals_are_counted(lab: Arc<Lab>) {
    // The first look makes the recorder.
    lab.send("GET", "/metrics", &[], None).await;
    lab.send("GET", "/things/", &[], None).await;
    lab.send("GET", "/things/special", &[], None).await;
    let (_, text) = lab.send("GET", "/metrics", &[], None).await;
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

pub async fn fixed_words_go_before_names(lab: Arc<Lab>) {
    for path in ["/things/special", "/things/special/"] {
        assert_eq!(
            lab.send("GET", path, &[], None).await,
            (200, json!({"special": true}))
        );
    }
}

pub async fn the_document_describes_every_route(lab: Arc<Lab>) {
    let (status, document) = lab.send("GET", "/api/openapi.json", &[], None).await;
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
                ["get", "post", "put", "delete"].contains(&method.as_str()),
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
                .map(|p| p["name"].as_str().unwrap())
                .collect();
            assert_eq!(named, described, "{what}");
            assert!(
                parameters
                    .iter()
                    .all(|p| p["in"] == "path" && p["required"] == true),
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
    assert_eq!(security("/things/", "get"), json!([{"apiKey": []}]));
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

pub async fn a_list_comes_in_pages(lab: Arc<Lab>) {
    for (query, items, next) in [
        ("", json!([0, 1, 2, 3, 4]), json!(null)),
        ("?limit=2", json!([0, 1]), json!("1")),
        ("?limit=2&cursor=1", json!([2, 3]), json!("3")),
        ("?limit=2&cursor=3", json!([4]), json!(null)),
        ("?limit=5", json!([0, 1, 2, 3, 4]), json!(null)),
        ("?limit=0", json!([0]), json!("0")),
        ("?limit=4000000", json!([0, 1, 2, 3, 4]), json!(null)),
    ] {
        let answer = lab.send("GET", &format!("/pages{query}"), &[], None).await;
        assert_eq!(
            answer,
            (200, json!({"items": items, "next_cursor": next})),
            "{query}"
        );
    }
}
