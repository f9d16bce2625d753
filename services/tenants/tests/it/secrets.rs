//! Credentials come in and never go out.

use std::sync::Arc;

use api::Method;
use encryption::Sealer;
use serde_json::json;
use settings::Secret;
use testkit::ADMIN;

use crate::fixtures::OTHER_ACCOUNT;
use crate::test_app::{TestApp, log};

pub async fn credentials_are_never_shown(app: Arc<TestApp>) {
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
        app.apply(document.clone()).await.to_string(),
        app.apply(document).await.to_string(),
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
            let (status, body) = app.call("GET", &path, key, None).await;
            // Nobody was forgotten here: there is no receipt of that name.
            let is_receipt = path.starts_with("/api/erasures/");
            assert_eq!(status, if is_receipt { 404 } else { 200 }, "{path}");
            seen.push(body.to_string());
        }
    }
    // A refusal does not repeat what was refused.
    let wrong = json!({ "tenants": [{ "id": "smith", "name": "Smith", "twilio": { "account_sid": secrets[0], "auth_tokens": [format!("{} {}", secrets[0], secrets[1])] } }],
        "keys": [{ "name": "x", "scopes": [secrets[2]], "key": secrets[2] }] });
    let (status, body) = app.post("/api/apply", wrong).await;
    assert_eq!(status, 422);
    seen.push(body.to_string());
    seen.push(app.call("GET", "/metrics", "", None).await.1.to_string());
    seen.push(log().text());
    for secret in secrets {
        assert!(seen.iter().all(|text| !text.contains(secret)), "{secret}");
    }
}

pub async fn credential_is_bound_to_its_row_and_sealed_anew(app: Arc<TestApp>) {
    let account = |sid: &str, token: &str| json!({ "account_sid": sid, "auth_tokens": [token] });
    let others = "AC00000000000000000000000000000003";
    app.apply(json!({ "tenants": [
        { "id": "smith", "name": "Smith", "twilio": account(others, "the-token-of-smith"), "notify_url": "https://x.example/" },
        { "id": "jones", "name": "Jones", "twilio": account(OTHER_ACCOUNT, "the-token-of-jones") },
    ]}))
    .await;
    let store = app.store("tenants", tenants::MIGRATIONS).await;
    let sealer = |keys: &str| Sealer::new(&Secret::new(keys));
    let current = app.settings().secret_key.clone().unwrap();
    let current = current.reveal();
    let same = tenants::reseal(&store, &sealer(current)).await.unwrap();
    assert_eq!(same, 0, "nothing is outdated");

    // With a new key in front both are sealed anew, and opened with it alone.
    let rotating = format!("a-new-secret-key,{current}");
    assert_eq!(
        tenants::reseal(&store, &sealer(&rotating)).await.unwrap(),
        2
    );
    assert_eq!(
        tenants::reseal(&store, &sealer("a-new-secret-key"))
            .await
            .unwrap(),
        0
    );
    let wrong = tenants::reseal(&store, &sealer("another-secret-key")).await;
    assert!(
        wrong
            .unwrap_err()
            .to_string()
            .contains("TRUNKLINE_SECRET_KEY")
    );

    // Back to the key that the platform has; then one takes the token of the other.
    let back = format!("{current},a-new-secret-key");
    assert_eq!(tenants::reseal(&store, &sealer(&back)).await.unwrap(), 2);
    let mut tx = store.begin().await.unwrap();
    let stolen =
        "UPDATE accounts SET token = (SELECT token FROM accounts WHERE tenant_id = 'jones')";
    store::on!(tx, c => diesel::sql_query(stolen).execute(c).await).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(
        app.status("GET", "/api/tenants/jones", ADMIN, None).await,
        200
    );
    let (status, answer) = app.call("GET", "/api/tenants/smith", ADMIN, None).await;
    assert_eq!(status, 503, "{answer}");
}
