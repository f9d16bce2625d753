//! What each process shows of itself, and that nothing is open by mistake.

use std::sync::LazyLock;

use reqwest::redirect::Policy;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use super::fixtures::{SMITH, caller, world};
use super::signatures::{BY_NEWS, ringing};
use crate::local_platform::{
    ADMIN, LocalPlatform, Mode, Plan, SERVICE_KEY, client, play, sid, so, within,
};

/// Of the contract, those that the roles of today serve.
const PROMISED: &[(&str, &str)] = &[
    ("post", "/webhooks/twilio/call"),
    ("post", "/webhooks/twilio/call/status/{call_sid}"),
    ("post", "/webhooks/twilio/sms"),
    ("post", "/webhooks/twilio/sms/status"),
    ("get", "/calls/"),
    ("get", "/calls/{id}"),
    ("get", "/calls/{id}/timeline"),
    ("post", "/calls/incoming"),
    ("post", "/calls/missed"),
    ("get", "/phone-numbers/lookup/{e164}"),
    ("post", "/phone-numbers/provision"),
    ("put", "/phone-numbers/{id}/status"),
    ("post", "/phone-numbers/{id}/release"),
    ("get", "/conversations/"),
    ("get", "/conversations/{id}"),
    ("post", "/conversations/{id}/messages"),
    ("post", "/conversations/{id}/ai/deactivate"),
    ("post", "/conversations/{id}/ai/activate"),
    ("post", "/api/apply"),
    ("post", "/webhook/voice"),
    ("post", "/webhook/menu"),
    ("post", "/start-interview"),
    ("post", "/webhook/response"),
    ("post", "/continue-interview"),
    ("post", "/webhook/status"),
    ("post", "/api/webhooks/call-status"),
    ("post", "/api/webhooks/record-response"),
    ("post", "/api/webhooks/recording-status"),
    ("post", "/recording/status"),
    ("get", "/calls/{call_id}/recording/{recording_id}"),
    ("get", "/calls/{call_id}/recording/{recording_id}/play"),
    ("delete", "/calls/{call_id}/recording/{recording_id}"),
    ("post", "/api/candidates/"),
    ("get", "/api/candidates/"),
    ("post", "/api/job-descriptions/"),
    ("get", "/api/job-descriptions/"),
    ("post", "/api/flows/"),
    ("get", "/api/flows/"),
    ("post", "/api/trigger-interview/"),
    ("get", "/api/interviews/{id}/flow/"),
    ("post", "/api/interviews/{id}/flow/"),
    ("get", "/api/interviews/{id}/results/"),
    ("get", "/api/twilio/debug/"),
    ("get", "/api/twilio/recordings/"),
    ("get", "/api/webhook-test/"),
    ("get", "/api/audio-availability/"),
    ("get", "/audio/{file}"),
    ("head", "/audio/{file}"),
    ("get", "/events"),
    ("get", "/health"),
    ("get", "/health/live"),
    ("get", "/health/ready"),
    ("get", "/metrics"),
    ("get", "/api/openapi.json"),
];

/// All that may be had without a credential.
const PUBLIC: &[&str] = &[
    "/",
    "/api/openapi.json",
    "/audio/{file}",
    "/calls/{call_id}/recording/{recording_id}/signed",
    "/console/assets/{file}",
    "/console/sign-in",
    "/health",
    "/health/live",
    "/health/ready",
    "/metrics",
];

/// Follows no redirect.
static STAYS: LazyLock<Client> = LazyLock::new(|| {
    let client = Client::builder().redirect(Policy::none());
    client.pool_max_idle_per_host(0).build().unwrap()
});

async fn text(url: &str) -> (u16, String, String) {
    let response = client().get(url).send().await.unwrap();
    let kind = response
        .headers()
        .get("content-type")
        .map(|v| v.to_str().unwrap().to_owned());
    (
        response.status().as_u16(),
        kind.unwrap_or_default(),
        response.text().await.unwrap(),
    )
}

async fn document(url: &str) -> Value {
    let (status, _, body) = text(&format!("{url}/api/openapi.json")).await;
    assert_eq!(status, 200);
    serde_json::from_str(&body).unwrap()
}

pub async fn every_role_tells_how_it_is(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            ringing(
                platform.hook("/webhooks/twilio/call"),
                &sid("CA"),
                &caller(1),
                SMITH,
            )
            .send()
            .await
            .twiml();
            for (name, url) in platform.urls() {
                let (status, _, body) = text(&format!("{url}/health/live")).await;
                let alive: Value = serde_json::from_str(&body).unwrap();
                assert_eq!((status, &alive["status"]), (200, &json!("ok")), "{name}");
                assert!(
                    alive["version"].is_string() && alive["commit"].is_string(),
                    "{name}"
                );
                for path in ["/health/ready", "/health", "/health/ready/"] {
                    let (status, _, body) = text(&format!("{url}{path}")).await;
                    let report: Value = serde_json::from_str(&body).unwrap();
                    assert_eq!(
                        (status, &report["ready"]),
                        (200, &json!(true)),
                        "{name}{path}: {body}"
                    );
                    assert_eq!(report["parts"]["bus"], "ok", "{name}");
                }
                for path in ["/health", "/health/live", "/health/ready"] {
                    let head = client().head(format!("{url}{path}"));
                    let head = head.send().await.unwrap();
                    assert_eq!(head.status(), 200, "{name}: HEAD {path}");
                    assert_eq!(head.bytes().await.unwrap().len(), 0);
                }
                let (status, kind, metrics) = text(&format!("{url}/metrics")).await;
                assert_eq!(status, 200);
                assert!(kind.starts_with("text/plain"), "{name}: {kind}");
                is_prometheus(&name, &metrics);
                let (status, _, _) = text(&format!("{url}/nothing/here")).await;
                assert_eq!(status, 404, "{name}");
            }
            let counted = platform
                .counter("ingress", "webhooks_total", "outcome=\"decided\"")
                .await;
            assert_eq!(counted, 1);
            assert_eq!(
                platform.counter("calls", "calls_started_total", "").await,
                1
            );
            what_carries_frames_is_more_urgent_than_the_rest(platform);
        },
    )
    .await;
}

/// A frame of each call every 20 ms does not wait for work that nobody hears.
fn what_carries_frames_is_more_urgent_than_the_rest(platform: &LocalPlatform) {
    let threads = platform.threads("streams");
    let main = threads.iter().find(|it| it.name == "trunkline").unwrap();
    let server: Vec<_> = threads
        .iter()
        .filter(|it| it.name.starts_with("actix-server"))
        .collect();
    assert!(server.len() >= 3, "{threads:?}");
    assert!(server.iter().all(|it| it.nice == main.nice), "{threads:?}");
    let mut workers = threads.iter().filter(|it| it.name == "tokio-rt-worker");
    assert!(workers.any(|it| it.nice > main.nice), "{threads:?}");
}

/// Every line is a comment or `name{labels} number`.
fn is_prometheus(name: &str, metrics: &str) {
    assert!(metrics.contains("http_requests_total"), "{name}: {metrics}");
    for line in metrics.lines().filter(|line| !line.is_empty()) {
        if line.starts_with("# TYPE ") || line.starts_with("# HELP ") {
            continue;
        }
        let (series, value) = line
            .rsplit_once(' ')
            .unwrap_or_else(|| panic!("{name}: {line}"));
        assert!(value.parse::<f64>().is_ok(), "{name}: {line}");
        let bare = series.split('{').next().unwrap();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        assert!(bare.chars().all(plain), "{name}: {line}");
        // Not in the value: a sum of seconds has any digits.
        assert!(
            !series.contains("1555"),
            "{name} has a phone number in its metrics: {line}"
        );
    }
}

pub async fn nothing_is_open_by_mistake(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            for (name, url) in platform.urls() {
                let document = document(&url).await;
                assert_eq!(document["openapi"], "3.1.0");
                is_complete(&name, &document);
                for (path, item) in document["paths"].as_object().unwrap() {
                    for (method, operation) in item.as_object().unwrap() {
                        // Described are the routes of every role; what is served here is asked for here.
                        let role = operation["x-trunkline-role"].as_str();
                        if role.is_none_or(|role| platform.url_of(role) == url) {
                            is_guarded(&name, &url, path, method, operation).await;
                        }
                    }
                }
            }
            // A key with too little says so, one for a tenant sees only its own.
            let made = platform
                .post(
                    "/api/keys/",
                    json!({ "name": "reader", "scopes": ["read"], "tenant_id": "smith" }),
                )
                .await;
            assert_eq!(made.0, 201, "{made:?}");
            let key = made.1["key"].as_str().unwrap();
            platform.secret(key);
            let (status, _) = platform.ask(Method::GET, "/calls/", key, None).await;
            assert_eq!(status, 200);
            let (status, _) = platform.ask(Method::GET, "/api/keys/", key, None).await;
            assert_eq!(status, 403);
            let (status, _) = platform
                .ask(Method::POST, "/api/apply", key, Some(json!({})))
                .await;
            assert_eq!(status, 403);
            let (status, _) = platform
                .ask(Method::GET, "/api/tenants/harbor", key, None)
                .await;
            assert_eq!(status, 404);
            let (status, _) = platform
                .ask(Method::GET, "/api/tenants/smith", key, None)
                .await;
            assert_eq!(status, 200);
            // Withdrawn, it opens nothing any more, in whichever process it was believed.
            let path = format!("/api/keys/{}", made.1["id"].as_str().unwrap());
            let (status, _) = platform.ask(Method::DELETE, &path, ADMIN, None).await;
            assert_eq!(status, 204);
            within(BY_NEWS, "a withdrawn key is refused", async || {
                let here = platform
                    .ask(Method::GET, "/api/tenants/smith", key, None)
                    .await
                    .0;
                let there = platform.ask(Method::GET, "/calls/", key, None).await.0;
                so((here, there) == (401, 401))
            })
            .await;
        },
    )
    .await;
}

/// On every route that the document describes: an unknown parameter, an unknown field, a bad limit and a bad cursor are 422
/// with the name, and a wrong method is 405 with those that there are.
pub async fn request_that_is_wrong_is_refused_in_one_way(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            for (name, url) in platform.urls() {
                for (path, item) in document(&url).await["paths"].as_object().unwrap() {
                    let item = item.as_object().unwrap();
                    let here = |operation: &Value| {
                        let role = operation["x-trunkline-role"].as_str();
                        role.is_none_or(|role| platform.url_of(role) == url)
                    };
                    let served = item.iter().filter(|(_, it)| here(it));
                    let served: Vec<(&String, &Value)> = served.collect();
                    if served.is_empty() {
                        continue;
                    }
                    let address = format!("{url}{}", concrete(path));
                    refuses_other_methods(&name, &address, &served).await;
                    for (method, operation) in served {
                        refuses_what_is_unknown(&name, &address, method, operation).await;
                    }
                }
            }
        },
    )
    .await;
}

async fn refuses_other_methods(name: &str, address: &str, served: &[(&String, &Value)]) {
    let request = client().request(Method::PATCH, address);
    let answer = request.send().await.unwrap();
    let what = format!("{name}: PATCH {address}");
    assert_eq!(answer.status(), 405, "{what}");
    let allow = answer.headers()["allow"].to_str().unwrap().to_owned();
    let mut methods: Vec<_> = served.iter().map(|(it, _)| it.to_uppercase()).collect();
    methods.sort();
    assert_eq!(allow, methods.join(", "), "{what}");
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["code"], "method_not_allowed", "{what}");
}

async fn refuses_what_is_unknown(name: &str, address: &str, method: &str, operation: &Value) {
    let security = operation["security"][0].as_object();
    let (header, key) = match security.and_then(|it| it.keys().next()) {
        Some(scheme) if scheme == "apiKey" => ("X-API-Key", ADMIN),
        Some(scheme) if scheme == "serviceKey" => ("X-Service-Key", SERVICE_KEY),
        // What Twilio, monitors and browsers add is their affair.
        _ => return,
    };
    let http: Method = method.to_uppercase().parse().unwrap();
    let client = client();
    let ask = |query: &str| {
        let request = client.request(http.clone(), format!("{address}{query}"));
        request.header(header, key)
    };
    let parameters = operation["parameters"].as_array();
    let has = |name: &str| {
        let mut all = parameters.into_iter().flatten();
        all.any(|it| it["name"] == name && it["in"] == "query")
    };
    let mut faults = vec![("?no_such_parameter=1", "no_such_parameter")];
    if has("limit") {
        faults.extend(["?limit=0", "?limit=201", "?limit=many"].map(|it| (it, "limit")));
        faults.push(("?cursor=!", "cursor"));
    }
    for (query, field) in faults {
        let answer = ask(query).send().await.unwrap();
        let what = format!("{name}: {method} {address}{query}");
        assert_eq!(answer.status(), 422, "{what}");
        if method == "head" {
            continue;
        }
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["details"]["field"], field, "{what}: {error}");
    }
    if operation["requestBody"].is_object() {
        let answer = ask("").json(&json!({ "no_such_field": 1 })).send().await;
        let answer = answer.unwrap();
        let what = format!("{name}: {method} {address} with an unknown field");
        assert_eq!(answer.status(), 422, "{what}");
        let error = answer.text().await.unwrap();
        assert!(error.contains("no_such_field"), "{what}: {error}");
    }
}

/// A path of the document with something in each of its places.
fn concrete(path: &str) -> String {
    let parts = path.trim_end_matches('/').split('/');
    let filled = parts.map(|part| if part.starts_with('{') { "x" } else { part });
    filled.collect::<Vec<_>>().join("/")
}

/// Behind one address there may be several processes: each describes what all of them serve.
fn is_complete(name: &str, document: &Value) {
    let paths = document["paths"].as_object().unwrap();
    for (method, path) in PROMISED {
        let bare = path.trim_end_matches('/');
        let described = paths
            .iter()
            .any(|(path, item)| path.trim_end_matches('/') == bare && item[*method].is_object());
        assert!(described, "{method} {path} is not described by {name}");
    }
}

async fn is_guarded(name: &str, url: &str, path: &str, method: &str, operation: &Value) {
    let scheme = operation["security"][0]
        .as_object()
        .and_then(|s| s.keys().next());
    let expected: &[u16] = match scheme.map(String::as_str) {
        None => {
            assert!(PUBLIC.contains(&path), "{name}: {method} {path} is open");
            return;
        }
        Some("twilioSignature") => &[403],
        Some("apiKey" | "serviceKey") => &[401],
        // Pages lead to the sign-in.
        Some("session") => &[303],
        Some(other) => panic!("{name}: {path} has a scheme {other}"),
    };
    let concrete = concrete(path);
    let http: Method = method.to_uppercase().parse().unwrap();
    for end in ["", "/"] {
        let url = format!("{url}{concrete}{end}");
        let plain = || STAYS.request(http.clone(), &url);
        let attempts = [
            ("nothing", plain()),
            ("a wrong key", plain().header("X-API-Key", "tk_wrong")),
            ("an empty key", plain().header("X-API-Key", "")),
            (
                "a wrong service key",
                plain().header("X-Service-Key", "sk_wrong"),
            ),
            ("a basic password", plain().basic_auth("admin", Some(ADMIN))),
            (
                "the key in the query",
                plain().query(&[("api_key", ADMIN), ("X-API-Key", ADMIN)]),
            ),
            (
                "the key of roles for the one of people",
                plain().header("X-API-Key", SERVICE_KEY),
            ),
        ];
        // With a session that nobody has begun: what changes something is refused before it is looked up.
        if scheme.is_some_and(|scheme| scheme == "apiKey") {
            let made_up = plain().header("cookie", "trunkline_session=0123456789abcdef");
            let status = made_up.send().await.unwrap().status().as_u16();
            let reads = matches!(method, "get" | "head");
            let refusal = if reads { 401 } else { 403 };
            assert_eq!(
                status, refusal,
                "{name}: {method} {url} with a made-up session"
            );
        }
        for (what, request) in attempts {
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            assert!(
                expected.contains(&status),
                "{name}: {method} {url} with {what} answers {status}"
            );
            if status == 303 {
                let location = response.headers()["location"].to_str().unwrap();
                assert!(location.starts_with("/console/sign-in?next="), "{location}");
                continue;
            }
            if method == "head" {
                continue;
            }
            let body: Value = response.json().await.unwrap();
            assert!(
                body["error"]["code"].is_string() && body["error"]["message"].is_string(),
                "{body}"
            );
        }
    }
}
