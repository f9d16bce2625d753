//! Addresses that a tenant gives: none of ours, neither when it is written down nor when it is posted to.

use std::sync::Arc;

use events::v1::CallStarted;
use serde_json::{Value, json};
use testkit::eventually;

use crate::fixtures::world;
use crate::notify::{Theirs, a_call};
use crate::test_app::TestApp;

const BOUND: &str = "the-key-of-smith";

fn smith(url: &str) -> Value {
    json!({ "name": "Smith", "notify_url": url })
}

async fn place(app: &TestApp, key: &str, url: &str) -> (u16, Value) {
    let (status, answer) = app
        .call("PUT", "/api/tenants/smith", key, Some(smith(url)))
        .await;
    (status, answer["error"]["details"]["field"].clone())
}

pub async fn inner_address_is_refused_when_it_is_given(app: Arc<TestApp>) {
    app.world().await;
    for url in [
        "http://127.0.0.1:5432/",
        "http://2130706433/",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/",
        "http://localhost/",
        "https://10.0.0.1/hooks",
    ] {
        let (status, field) = place(&app, testkit::ADMIN, url).await;
        assert_eq!((status, &field), (422, &json!("notify_url")), "{url}");
    }
    let public = place(&app, testkit::ADMIN, "https://crm.example/hooks").await;
    assert_eq!(public.0, 200);
}

/// As on a laptop: the operator may try things out on their own machine, a tenant may not look around there.
pub async fn inner_address_is_an_operators_word_on_a_laptop(app: Arc<TestApp>) {
    let theirs = Theirs::start(&[]).await;
    let mut document = world();
    document["keys"] =
        json!([{ "name": "smiths", "tenant": "smith", "scopes": ["admin"], "key": BOUND }]);
    document["tenants"][0]["notify_url"] = json!(theirs.url());
    app.apply(document).await;
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    theirs.get(1).await;
    // The tenant may keep what the operator has given, and not choose another.
    assert_eq!(place(&app, BOUND, theirs.url()).await.0, 200);
    let (status, field) = place(&app, BOUND, "http://127.0.0.1:1/").await;
    assert_eq!((status, field), (422, json!("notify_url")));
    theirs.server.stop(false).await;
}

/// As it may have been stored before addresses were looked at; a name may become one at any time.
pub async fn inner_address_that_is_there_already_is_not_posted_to(app: Arc<TestApp>) {
    let theirs = Theirs::start(&[]).await;
    let mut document = world();
    document["tenants"][0]["notify_url"] = json!("https://crm.example/hooks");
    app.apply(document).await;
    let store = app.store("tenants", tenants::MIGRATIONS).await;
    let profile = json!({ "name": "Smith", "notify_url": theirs.url() }).to_string();
    let mut tx = store.begin().await.unwrap();
    let query = || diesel::sql_query("UPDATE tenants SET profile = ").sql(format!("'{profile}'"));
    store::on!(tx, c => query().execute(c).await).unwrap();
    tx.commit().await.unwrap();
    app.publish(&CallStarted {
        call: Some(a_call()),
    })
    .await;
    eventually("the post is refused", async || !app.dead().await.is_empty()).await;
    let (reason, attempts) = app.dead().await.remove(0);
    assert!(
        reason.contains("notify_url is a private address"),
        "{reason}"
    );
    assert_eq!(attempts, 1);
    assert!(theirs.posts().is_empty());
    theirs.server.stop(false).await;
}
