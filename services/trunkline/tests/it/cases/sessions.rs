//! A session of one tenant's operator, at every route of every role.

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::fixtures::{HARBOR, caller, world};
use super::signatures::{BY_NEWS, ringing};
use crate::local_platform::{LocalPlatform, Mode, Plan, play, sid, so, within};

/// Another tenant's name, in whatever it is shown.
const FOREIGN: &str = "harbor";

pub async fn session_sees_its_own_tenant_only(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let call = sid("CA");
            ringing(
                platform.hook("/webhooks/twilio/call"),
                &call,
                &caller(1),
                HARBOR,
            )
            .send()
            .await
            .twiml();
            let key = json!({ "name": "smiths", "scopes": ["admin"], "tenant_id": "smith" });
            let (status, made) = platform.post("/api/keys/", key).await;
            assert_eq!(status, 201, "{made}");
            let key = made["key"].as_str().unwrap();
            platform.secret(key);
            let session = sign_in(platform, key).await;
            let ask = async |path: &str| {
                let role = role_of(path);
                let response = session
                    .get(format!("{}{path}", platform.url_of(role)))
                    .send();
                let response = response.await.unwrap();
                (response.status().as_u16(), response.text().await.unwrap())
            };
            let document = document(platform).await;
            for (path, item) in document["paths"].as_object().unwrap() {
                let operation = &item["get"];
                if operation["security"][0]["apiKey"].is_null() || path == "/events" {
                    continue;
                }
                // Of lists, what is the tenant's own; of one thing, another tenant's.
                let role = operation["x-trunkline-role"].as_str().unwrap_or("tenants");
                for id in [FOREIGN, &call] {
                    let concrete: Vec<&str> = path
                        .split('/')
                        .map(|part| if part.starts_with('{') { id } else { part })
                        .collect();
                    let url = format!("{}{}", platform.url_of(role), concrete.join("/"));
                    let response = session.get(&url).send().await.unwrap();
                    let status = response.status().as_u16();
                    let body = response.text().await.unwrap();
                    let told = body.replace(&url, "").to_lowercase();
                    assert!(status < 500, "{url} answers {status}: {body}");
                    assert!(
                        !told.contains(FOREIGN),
                        "{url} tells of another tenant: {body}"
                    );
                    if path.contains('{') {
                        assert!(status >= 400, "{url} answers {status}: {body}");
                    }
                }
            }
            // Its own it sees, and so do the pages where every role is behind one address.
            assert_eq!(ask("/api/tenants/smith").await.0, 200);
            if platform.urls().len() == 1 {
                for (path, wanted) in [
                    ("/console/tenants/smith", 200),
                    ("/console/tenants/harbor", 404),
                    (&format!("/console/calls/{call}"), 404),
                    ("/console/numbers", 200),
                    ("/console/calls", 200),
                ] {
                    let (status, body) = ask(path).await;
                    assert_eq!(status, wanted, "{path}: {body}");
                    assert!(!body.to_lowercase().contains(FOREIGN), "{path}: {body}");
                }
            }
            // Withdrawn, the key takes its sessions with it, in whichever process they were believed.
            let path = format!("/api/keys/{}", made["id"].as_str().unwrap());
            platform
                .ask(Method::DELETE, &path, crate::local_platform::ADMIN, None)
                .await;
            within(
                BY_NEWS,
                "a session of a withdrawn key is refused",
                async || {
                    so(ask("/api/tenants/smith").await.0 == 401 && ask("/calls/").await.0 == 401)
                },
            )
            .await;
        },
    )
    .await;
}

async fn document(platform: &LocalPlatform) -> Value {
    let url = format!("{}/api/openapi.json", platform.url_of("tenants"));
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

fn role_of(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("calls") => "calls",
        Some("console") => "console",
        _ => "tenants",
    }
}

/// A browser that has signed in with a key.
async fn sign_in(platform: &LocalPlatform, key: &str) -> Client {
    let stay = Client::builder().redirect(Policy::none()).build().unwrap();
    let url = format!("{}/console/sign-in", platform.url_of("console"));
    let answer = stay
        .post(url)
        .form(&[("api_key", key)])
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 303);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap();
    platform.secret(cookie.split('=').nth(1).unwrap());
    let mut headers = HeaderMap::new();
    headers.insert("cookie", HeaderValue::from_str(cookie).unwrap());
    let client = Client::builder()
        .redirect(Policy::none())
        .default_headers(headers);
    client.build().unwrap()
}
