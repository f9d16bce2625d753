//! Credentials come in and never go out.

use std::sync::Arc;

use role::http::Method;
use serde_json::json;
use testkit::ADMIN;

use crate::lab::{Lab, log};
use crate::world::OTHER_ACCOUNT;

pub async fn credentials_are_never_shown(lab: Arc<Lab>) {
    let secrets = [
        "an-auth-token-that-is-secret",
        "an-older-token-that-is-secret",
        "an-api-key-that-is-secret",
    ];
    let document = json!({
        "tenants": [{
            "id": "smith", "name": "Smith", "numbers": [{ "number": "+15550100001" }],
            "twilio": { "account_sid": OTHER_ACCOUNT, "auth_tokens": [secrets[0], secrets[1]] },
        }],
        "keys": [{ "name": "console", "scopes": ["admin"], "key": secrets[2] }],
    });
    let mut seen = vec![
        lab.apply(document.clone()).await.to_string(),
        lab.apply(document).await.to_string(),
    ];
    for route in tenants::ROLE
        .routes
        .concat()
        .iter()
        .filter(|route| route.method == Method::Get)
    {
        let path = route
            .path
            .replace("{id}", "smith")
            .replace("{e164}", "+15550100001");
        for key in [ADMIN, secrets[2]] {
            let (status, body) = lab.call("GET", &path, key, None).await;
            assert_eq!(status, 200, "{path}");
            seen.push(body.to_string());
        }
    }
    // A refusal does not repeat what was refused.
    let wrong = json!({ "tenants": [{ "id": "smith", "name": "Smith", "twilio": { "account_sid": secrets[0], "auth_tokens": [format!("{} {}", secrets[0], secrets[1])] } }],
        "keys": [{ "name": "x", "scopes": [secrets[2]], "key": secrets[2] }] });
    let (status, body) = lab.post("/api/apply", wrong).await;
    assert_eq!(status, 422);
    seen.push(body.to_string());
    seen.push(lab.call("GET", "/metrics", "", None).await.1.to_string());
    seen.push(log().text());
    for secret in secrets {
        assert!(seen.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}
