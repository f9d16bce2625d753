//! API keys: what they open, and what they do not.

use std::sync::Arc;

use actix_web::http::Method as HttpMethod;
use api::{Access, Method};
use chrono::TimeDelta;
use encryption::key_hash;
use events::v1::{KeyChanged, KeyGrant, KeyQuery};
use serde_json::json;
use testkit::ADMIN;

use crate::test_app::TestApp;

async fn make(
    app: &TestApp,
    name: &str,
    tenant: Option<&str>,
    scopes: &[&str],
) -> (String, String) {
    let body = json!({ "name": name, "tenant_id": tenant, "scopes": scopes });
    let (status, made) = app.post("/api/keys/", body).await;
    assert_eq!(status, 201, "{made}");
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

/// How a key is answered that asks for the numbers.
async fn numbers(app: &TestApp, key: &str) -> u16 {
    app.status("GET", "/phone-numbers/", key, None).await
}

pub async fn key_opens_what_it_says(app: Arc<TestApp>) {
    app.world().await;
    let (_, read) = make(&app, "reader", None, &["read"]).await;
    let (_, write) = make(&app, "writer", None, &["write"]).await;
    let (_, admin) = make(&app, "second", None, &["admin"]).await;
    let number = app.number_id("+15550100001").await;
    let status = format!("/phone-numbers/{number}/status");
    let active = || Some(json!({ "status": "active" }));
    for (key, list, change, tenant) in [
        (&read, 200, 403, 403),
        (&write, 200, 200, 403),
        (&admin, 200, 200, 200),
    ] {
        assert_eq!(numbers(&app, key).await, list);
        assert_eq!(app.status("PUT", &status, key, active()).await, change);
        assert_eq!(
            app.status("PUT", "/api/tenants/smith/status", key, active())
                .await,
            tenant
        );
        assert_eq!(app.status("GET", "/api/keys/", key, None).await, tenant);
        assert_eq!(
            app.status("POST", "/api/apply", key, Some(json!({}))).await,
            tenant
        );
    }
    // A reader sees a tenant without its signing secret.
    app.put(
        "/api/tenants/jones",
        json!({ "name": "Jones", "notify_url": "https://jones.example/" }),
    )
    .await;
    let (_, shown) = app.call("GET", "/api/tenants/jones", &read, None).await;
    assert_eq!(shown.get("notify_secret"), None);
    let (_, shown) = app.call("GET", "/api/tenants/jones", &admin, None).await;
    assert!(shown["notify_secret"].is_string());

    let grant: KeyGrant = app
        .ask(&KeyQuery {
            hash: key_hash(&write),
        })
        .await;
    assert_eq!(
        (grant.known, grant.name.as_str(), grant.scopes),
        (true, "writer", vec!["write".to_owned()])
    );
    let grant: KeyGrant = app
        .ask(&KeyQuery {
            hash: key_hash("made up"),
        })
        .await;
    assert_eq!(grant, KeyGrant::default());
}

pub async fn tenants_key_sees_its_tenant_only(app: Arc<TestApp>) {
    app.world().await;
    let (_, key) = make(&app, "jones", Some("jones"), &["admin"]).await;
    let (own, _) = make(&app, "platform", None, &["admin"]).await;
    let smiths = app.number_id("+15550100001").await;
    let get = async |path: &str| app.call("GET", path, &key, None).await;
    for list in ["/api/tenants/", "/phone-numbers/", "/api/keys/"] {
        let (_, page) = get(list).await;
        assert_eq!(page["items"].as_array().unwrap().len(), 1, "{list}: {page}");
    }
    for (path, status) in [
        ("/api/tenants/jones", 200),
        ("/api/tenants/smith", 404),
        ("/phone-numbers/?tenant=smith", 404),
        ("/phone-numbers/lookup/+15550100011", 200),
        ("/phone-numbers/lookup/+15550100001", 404),
    ] {
        assert_eq!(get(path).await.0, status, "{path}");
    }

    let suspended = json!({ "status": "suspended" });
    let active = json!({ "status": "active" });
    let (x, jones) = (json!({ "name": "x" }), json!({ "name": "Jones" }));
    let jones_suspended = json!({ "name": "Jones", "status": "suspended" });
    let new = json!({ "id": "new", "name": "x" });
    let of_smith = json!({ "tenants": [{ "id": "smith", "name": "x" }] });
    let key_of = |id: &str| json!({ "name": "more", "scopes": ["read"], "tenant_id": id });
    let order = json!({ "tenant_id": "smith", "number": "+15550100077" });
    let foreign_key = format!("/api/keys/{own}");
    let number_status = format!("/phone-numbers/{smiths}/status");
    let number_release = format!("/phone-numbers/{smiths}/release");
    for (method, path, body, answer) in [
        ("PUT", "/api/tenants/smith", Some(x), 404),
        ("PUT", "/api/tenants/smith/status", Some(active), 404),
        (
            "PUT",
            "/api/tenants/jones/status",
            Some(suspended.clone()),
            403,
        ),
        ("PUT", "/api/tenants/jones", Some(jones_suspended), 422),
        ("PUT", "/api/tenants/jones", Some(jones), 200),
        ("POST", "/api/tenants/", Some(new), 422),
        ("POST", "/api/apply", Some(of_smith), 422),
        ("POST", "/api/keys/", Some(key_of("smith")), 422),
        ("POST", "/api/keys/", Some(key_of("jones")), 201),
        ("DELETE", foreign_key.as_str(), None, 404),
        ("PUT", number_status.as_str(), Some(suspended), 404),
        ("POST", number_release.as_str(), None, 404),
        ("POST", "/phone-numbers/provision", Some(order), 422),
    ] {
        let status = app.status(method, path, &key, body.clone()).await;
        assert_eq!(status, answer, "{method} {path}: {body:?}");
    }
    assert_eq!(
        app.get("/api/tenants/smith").await["name"],
        "Smith Plumbing"
    );
}

/// It need not say whose: it could be nobody else's.
pub async fn key_made_with_a_tenants_key_is_the_tenants(app: Arc<TestApp>) {
    app.world().await;
    let (_, jones) = make(&app, "jones", Some("jones"), &["admin"]).await;
    make(&app, "platform", None, &["admin"]).await;
    let post = async |path: &str, body: serde_json::Value| {
        app.call("POST", path, &jones, Some(body)).await
    };
    let more = json!({ "name": "more", "scopes": ["admin"] });
    let (status, made) = post("/api/keys/", more).await;
    assert_eq!((status, &made["tenant_id"]), (201, &json!("jones")));
    let made = made["key"].as_str().unwrap();
    let file =
        json!({ "keys": [{ "name": "filed", "scopes": ["read"], "key": "a-key-of-jones" }] });
    let (status, answer) = post("/api/apply", file.clone()).await;
    assert_eq!(
        (status, &answer["created"]),
        (200, &json!(["key filed"])),
        "{answer}"
    );
    let (_, again) = post("/api/apply", file).await;
    assert_eq!(again["unchanged"], json!(["key filed"]));
    for key in [made, "a-key-of-jones"] {
        let (_, page) = app.call("GET", "/api/tenants/", key, None).await;
        let ids: Vec<_> = page["items"].as_array().unwrap().iter().collect();
        assert_eq!((ids.len(), &ids[0]["id"]), (1, &json!("jones")));
    }
    // A key of all tenants does not become one of jones.
    let taken = json!({ "keys": [{ "name": "platform", "scopes": ["read"] }] });
    let (status, answer) = post("/api/apply", taken).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("keys[0].name"))
    );
    let keys = app.get("/api/keys/").await;
    let mut keys = keys["items"].as_array().unwrap().iter();
    let platform = keys.find(|it| it["name"] == "platform").unwrap();
    assert_eq!(
        (&platform["tenant_id"], &platform["scopes"]),
        (&json!(null), &json!(["admin"]))
    );
}

pub async fn withdrawn_key_opens_nothing(app: Arc<TestApp>) {
    let (id, key) = make(&app, "short-lived", None, &["read"]).await;
    assert_eq!(numbers(&app, &key).await, 200);
    assert_eq!(
        app.status("DELETE", &format!("/api/keys/{id}"), ADMIN, None)
            .await,
        204
    );
    assert_eq!(numbers(&app, &key).await, 401);
    assert_eq!(
        app.status("DELETE", &format!("/api/keys/{id}"), ADMIN, None)
            .await,
        404
    );
    let told = app.recorder.wait_for::<KeyChanged>(2).await;
    for made in [true, false] {
        let changed = KeyChanged {
            hash: key_hash(&key),
            made,
        };
        assert!(told.iter().any(|(_, told)| *told == changed), "{told:?}");
    }
}

pub async fn keys_of_an_apply_file(app: Arc<TestApp>) {
    app.world().await;
    let file = json!({ "keys": [
        { "name": "console", "scopes": ["read", "write"] },
        { "name": "smith", "scopes": ["read"], "tenant": "smith", "key": "a-key-of-smith" },
    ]});
    let first = app.apply(file.clone()).await;
    assert_eq!(first["created"], json!(["key console", "key smith"]));
    let made = first["keys"][0]["key"].as_str().unwrap();
    assert_eq!(
        (
            first["keys"].as_array().unwrap().len(),
            &first["keys"][0]["name"]
        ),
        (1, &json!("console"))
    );
    assert_eq!(numbers(&app, made).await, 200);
    let again = app.apply(file.clone()).await;
    assert_eq!(again["unchanged"], json!(["key console", "key smith"]));
    assert_eq!(again.get("keys"), None);

    // Another key by the same name: the old one opens nothing any more.
    assert_eq!(numbers(&app, "a-key-of-smith").await, 200);
    let mut other = file;
    other["keys"][1]["key"] = json!("a-new-key-of-smith");
    assert_eq!(app.apply(other).await["updated"], json!(["key smith"]));
    assert_eq!(numbers(&app, "a-key-of-smith").await, 401);
    assert_eq!(numbers(&app, "a-new-key-of-smith").await, 200);
    let (status, answer) = app
        .post("/api/keys/", json!({ "name": "smith", "scopes": ["read"] }))
        .await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("exists")));
    let twin = json!({ "name": "twin", "scopes": ["read"], "key": "a-new-key-of-smith" });
    assert_eq!(app.post("/api/keys/", twin).await.0, 409);
}

pub async fn no_route_is_open(app: Arc<TestApp>) {
    let routes = tenants::ROLE.routes.concat();
    assert_eq!(routes.len(), 18);
    let described = app.call("GET", "/api/openapi.json", "", None).await.1;
    for route in routes {
        assert!(
            described["paths"].get(route.path).is_some(),
            "{}",
            route.path
        );
        assert!(matches!(route.access, Access::Key(_)), "{}", route.path);
        let method = match route.method {
            Method::Get => HttpMethod::GET,
            Method::Head => HttpMethod::HEAD,
            Method::Post => HttpMethod::POST,
            Method::Put => HttpMethod::PUT,
            Method::Delete => HttpMethod::DELETE,
        };
        let path = route.path.replace(['{', '}'], "");
        for key in ["", "a-wrong-key"] {
            let (status, answer) = app.call(method.as_str(), &path, key, Some(json!({}))).await;
            assert_eq!(status, 401, "{method} {path}: {answer}");
        }
    }
}

pub async fn key_that_has_expired_opens_nothing(app: Arc<TestApp>) {
    let grant = async || -> KeyGrant {
        app.ask(&KeyQuery {
            hash: key_hash("the-key-of-the-fair"),
        })
        .await
    };
    let apply = async |expires_at: serde_json::Value| {
        let key = json!({ "name": "fair", "scopes": ["read"], "key": "the-key-of-the-fair", "expires_at": expires_at });
        app.post("/api/apply", json!({ "keys": [key] })).await
    };
    let (status, answer) = apply(json!("tomorrow")).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("keys[0].expires_at"))
    );
    let now = app.clock.now();
    assert_eq!(apply(json!(now - TimeDelta::seconds(1))).await.0, 422);
    assert_eq!(apply(json!(now + TimeDelta::hours(1))).await.0, 200);
    assert!(grant().await.known);
    let shown = async || app.get("/api/keys/").await["items"][0].clone();
    let used = shown().await["last_used_at"].clone();
    assert!(used.is_string(), "{}", shown().await);

    app.clock.advance(TimeDelta::minutes(30));
    assert!(grant().await.known);
    assert_ne!(shown().await["last_used_at"], used);
    app.clock.advance(TimeDelta::minutes(31));
    assert!(!grant().await.known);
    // What is not said of it stays; nothing makes it last.
    let (_, same) = app
        .post(
            "/api/apply",
            json!({ "keys": [{ "name": "fair", "scopes": ["read"] }] }),
        )
        .await;
    assert_eq!(same["unchanged"], json!(["key fair"]));
    assert_eq!(apply(json!(null)).await.0, 200);
    assert!(grant().await.known);
    assert_eq!(shown().await["expires_at"], json!(null));
}
