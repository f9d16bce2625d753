//! API keys: what they open, and what they do not.

use std::sync::Arc;

use actix_web::http::Method as HttpMethod;
use events::v1::{KeyChanged, KeyGrant, KeyQuery};
use role::http::{Access, Method};
use role::seal::key_hash;
use serde_json::{Value, json};
use testkit::ADMIN;

use crate::lab::Lab;

async fn make(lab: &Lab, name: &str, tenant: Option<&str>, scopes: &[&str]) -> (String, String) {
    let body = json!({ "name": name, "tenant_id": tenant, "scopes": scopes });
    let (status, made) = lab.post("/api/keys/", body).await;
    assert_eq!(status, 201, "{made}");
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("id"), text("key"))
}

pub async fn a_key_opens_what_it_says(lab: Arc<Lab>) {
    lab.world().await;
    let (_, read) = make(&lab, "reader", None, &["read"]).await;
    let (_, write) = make(&lab, "writer", None, &["write"]).await;
    let (_, admin) = make(&lab, "second", None, &["admin"]).await;
    let number = lab.get("/phone-numbers/lookup/+15550100001").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let status = format!("/phone-numbers/{number}/status");
    let active = || Some(json!({ "status": "active" }));
    for (key, list, change, tenant) in [
        (&read, 200, 403, 403),
        (&write, 200, 200, 403),
        (&admin, 200, 200, 200),
    ] {
        assert_eq!(lab.call("GET", "/phone-numbers/", key, None).await.0, list);
        assert_eq!(lab.call("PUT", &status, key, active()).await.0, change);
        assert_eq!(
            lab.call("PUT", "/api/tenants/smith/status", key, active())
                .await
                .0,
            tenant
        );
        assert_eq!(lab.call("GET", "/api/keys/", key, None).await.0, tenant);
        assert_eq!(
            lab.call("POST", "/api/apply", key, Some(json!({}))).await.0,
            tenant
        );
    }
    // A reader sees a tenant without its signing secret.
    lab.put(
        "/api/tenants/jones",
        json!({ "name": "Jones", "notify_url": "https://jones.example/" }),
    )
    .await;
    let (_, shown) = lab.call("GET", "/api/tenants/jones", &read, None).await;
    assert_eq!(shown.get("notify_secret"), None);
    let (_, shown) = lab.call("GET", "/api/tenants/jones", &admin, None).await;
    assert!(shown["notify_secret"].is_string());

    let grant: KeyGrant = lab
        .ask(&KeyQuery {
            hash: key_hash(&write),
        })
        .await;
    assert_eq!(
        (grant.known, grant.name.as_str(), grant.scopes),
        (true, "writer", vec!["write".to_owned()])
    );
    let grant: KeyGrant = lab
        .ask(&KeyQuery {
            hash: key_hash("made up"),
        })
        .await;
    assert_eq!(grant, KeyGrant::default());
}

pub async fn a_tenants_key_sees_its_tenant_only(lab: Arc<Lab>) {
    lab.world().await;
    let (_, key) = make(&lab, "jones", Some("jones"), &["admin"]).await;
    let (own, _) = make(&lab, "platform", None, &["admin"]).await;
    let smiths = lab.get("/phone-numbers/lookup/+15550100001").await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let get = async |path: &str| lab.call("GET", path, &key, None).await;
    let send = async |method: &str, path: &str, body: Value| {
        lab.call(method, path, &key, Some(body)).await
    };

    assert_eq!(
        get("/api/tenants/").await.1["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(get("/api/tenants/jones").await.0, 200);
    assert_eq!(get("/api/tenants/smith").await.0, 404);
    assert_eq!(
        get("/phone-numbers/").await.1["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(get("/phone-numbers/?tenant=smith").await.0, 404);
    assert_eq!(get("/phone-numbers/lookup/+15550100011").await.0, 200);
    assert_eq!(get("/phone-numbers/lookup/+15550100001").await.0, 404);
    assert_eq!(
        get("/api/keys/").await.1["items"].as_array().unwrap().len(),
        1
    );

    assert_eq!(
        send("PUT", "/api/tenants/smith", json!({ "name": "x" }))
            .await
            .0,
        404
    );
    assert_eq!(
        send(
            "PUT",
            "/api/tenants/smith/status",
            json!({ "status": "active" })
        )
        .await
        .0,
        404
    );
    assert_eq!(
        send(
            "PUT",
            "/api/tenants/jones/status",
            json!({ "status": "suspended" })
        )
        .await
        .0,
        403
    );
    assert_eq!(
        send(
            "PUT",
            "/api/tenants/jones",
            json!({ "name": "Jones", "status": "suspended" })
        )
        .await
        .0,
        422
    );
    assert_eq!(
        send("PUT", "/api/tenants/jones", json!({ "name": "Jones" }))
            .await
            .0,
        200
    );
    assert_eq!(
        send("POST", "/api/tenants/", json!({ "id": "new", "name": "x" }))
            .await
            .0,
        422
    );
    assert_eq!(
        send(
            "POST",
            "/api/apply",
            json!({ "tenants": [{ "id": "smith", "name": "x" }] })
        )
        .await
        .0,
        422
    );
    assert_eq!(
        send(
            "POST",
            "/api/keys/",
            json!({ "name": "more", "scopes": ["admin"] })
        )
        .await
        .0,
        422
    );
    assert_eq!(
        send(
            "POST",
            "/api/keys/",
            json!({ "name": "more", "scopes": ["read"], "tenant_id": "smith" })
        )
        .await
        .0,
        422
    );
    assert_eq!(
        send(
            "POST",
            "/api/keys/",
            json!({ "name": "more", "scopes": ["read"], "tenant_id": "jones" })
        )
        .await
        .0,
        201
    );
    assert_eq!(
        lab.call("DELETE", &format!("/api/keys/{own}"), &key, None)
            .await
            .0,
        404
    );
    assert_eq!(
        send(
            "PUT",
            &format!("/phone-numbers/{smiths}/status"),
            json!({ "status": "suspended" })
        )
        .await
        .0,
        404
    );
    assert_eq!(
        lab.call(
            "POST",
            &format!("/phone-numbers/{smiths}/release"),
            &key,
            None
        )
        .await
        .0,
        404
    );
    let buy = json!({ "tenant_id": "smith", "number": "+15550100077" });
    assert_eq!(send("POST", "/phone-numbers/provision", buy).await.0, 404);
    assert_eq!(
        lab.get("/api/tenants/smith").await["name"],
        "Smith Plumbing"
    );
}

pub async fn a_withdrawn_key_opens_nothing(lab: Arc<Lab>) {
    let (id, key) = make(&lab, "short-lived", None, &["read"]).await;
    assert_eq!(lab.call("GET", "/phone-numbers/", &key, None).await.0, 200);
    assert_eq!(
        lab.call("DELETE", &format!("/api/keys/{id}"), ADMIN, None)
            .await
            .0,
        204
    );
    assert_eq!(lab.call("GET", "/phone-numbers/", &key, None).await.0, 401);
    assert_eq!(
        lab.call("DELETE", &format!("/api/keys/{id}"), ADMIN, None)
            .await
            .0,
        404
    );
    let told = lab.ear.hear::<KeyChanged>(2).await;
    assert!(
        told.iter()
            .all(|(_, changed)| changed.hash == key_hash(&key))
    );
}

pub async fn keys_of_an_apply_file(lab: Arc<Lab>) {
    lab.world().await;
    let file = json!({ "keys": [
        { "name": "console", "scopes": ["read", "write"] },
        { "name": "smith", "scopes": ["read"], "tenant": "smith", "key": "a-key-of-smith" },
    ]});
    let first = lab.apply(file.clone()).await;
    assert_eq!(first["created"], json!(["key console", "key smith"]));
    let made = first["keys"][0]["key"].as_str().unwrap();
    assert_eq!(
        (
            first["keys"].as_array().unwrap().len(),
            &first["keys"][0]["name"]
        ),
        (1, &json!("console"))
    );
    assert_eq!(lab.call("GET", "/phone-numbers/", made, None).await.0, 200);
    let again = lab.apply(file.clone()).await;
    assert_eq!(again["unchanged"], json!(["key console", "key smith"]));
    assert_eq!(again.get("keys"), None);

    // Another key by the same name: the old one opens nothing any more.
    assert_eq!(
        lab.call("GET", "/phone-numbers/", "a-key-of-smith", None)
            .await
            .0,
        200
    );
    let mut other = file;
    other["keys"][1]["key"] = json!("a-new-key-of-smith");
    assert_eq!(lab.apply(other).await["updated"], json!(["key smith"]));
    assert_eq!(
        lab.call("GET", "/phone-numbers/", "a-key-of-smith", None)
            .await
            .0,
        401
    );
    assert_eq!(
        lab.call("GET", "/phone-numbers/", "a-new-key-of-smith", None)
            .await
            .0,
        200
    );
    let (status, answer) = lab
        .post("/api/keys/", json!({ "name": "smith", "scopes": ["read"] }))
        .await;
    assert_eq!((status, &answer["error"]["code"]), (409, &json!("exists")));
    let twin = json!({ "name": "twin", "scopes": ["read"], "key": "a-new-key-of-smith" });
    assert_eq!(lab.post("/api/keys/", twin).await.0, 409);
}

pub async fn no_route_is_open(lab: Arc<Lab>) {
    assert_eq!(tenants::ROUTES.len(), 14);
    let described = lab.call("GET", "/api/openapi.json", "", None).await.1;
    for route in tenants::ROUTES {
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
            let (status, answer) = lab.call(method.as_str(), &path, key, Some(json!({}))).await;
            assert_eq!(status, 401, "{method} {path}: {answer}");
        }
    }
}
