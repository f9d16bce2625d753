//! What the API tells of the streams of a call, and by which names.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clock::Clock;
use events::v1::{TenantFound, TenantQuery};
use events::{Envelope, Event};
use serde_json::{Value, json};
use streams::test_support::{MIGRATIONS, of_a_version_before};
use testkit::{ADMIN, EventRecorder, eventually};

use crate::lost::{QUICK, session};
use crate::phone::Phone;
use crate::test_app::TestApp;

fn path(call: &str) -> String {
    format!("/api/streams/calls/{call}")
}

fn attempts(list: &Value) -> Vec<i64> {
    let items = list["items"].as_array().unwrap().iter();
    items.map(|it| it["attempt"].as_i64().unwrap()).collect()
}

pub async fn streams_of_a_call_are_found_by_its_id_and_by_its_call_sid(app: Arc<TestApp>) {
    let first = app.offered("CA1", "loan").await;
    drop(Phone::call(&app, &first, "CA1").await);
    app.ended("CA1").await;
    app.offered("CA1", "loan").await;
    app.offered("CA2", "loan").await;
    for call in ["CA1", &role::call_id("CA1")] {
        let all = app.get(&path(call)).await;
        assert_eq!(
            (attempts(&all), &all["next_cursor"]),
            (vec![1, 2], &json!(null))
        );
        assert_eq!(all["items"][0]["call_sid"], "CA1");
        let page = app.get(&format!("{}?limit=1", path(call))).await;
        assert_eq!(attempts(&page), [1]);
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = format!("{}?limit=1&cursor={cursor}", path(call));
        let rest = app.get(&rest).await;
        assert_eq!(
            (attempts(&rest), &rest["next_cursor"]),
            (vec![2], &json!(null))
        );
        for wrong in ["cursor=x", "limit=0"] {
            let wrong = format!("{}?{wrong}", path(call));
            assert_eq!(app.call("GET", &wrong, ADMIN, None).await.0, 422, "{wrong}");
        }
        // To another tenant it is nobody's.
        let theirs = app.call("GET", &path(call), "read-jones", None).await;
        assert_eq!(theirs.0, 404);
    }
}

pub async fn streams_of_a_version_before_are_found_by_the_id_of_their_call(app: Arc<TestApp>) {
    let offered = app.offered("CA1", "loan").await;
    let store = app.store("streams", MIGRATIONS).await;
    of_a_version_before(&store, session(&offered))
        .await
        .unwrap();
    let path = path(&role::call_id("CA1"));
    assert_eq!(app.call("GET", &path, ADMIN, None).await.0, 404);
    app.stop().await;
    app.up_with(QUICK).await;
    eventually("the session has its call's id", async || {
        app.call("GET", &path, ADMIN, None).await.0 == 200
    })
    .await;
}

pub async fn tool_secret_is_of_the_keys_tenant_or_of_the_only_one(app: Arc<TestApp>) {
    let alone = Arc::new(AtomicBool::new(true));
    let tenants = {
        let alone = alone.clone();
        move |_: &Envelope| {
            let only = alone.load(Ordering::Relaxed).then(|| "smith".to_owned());
            let found = TenantFound {
                tenant_id: only.unwrap_or_default(),
                ..TenantFound::default()
            };
            Some(Envelope::new("trunkline/test", &Clock::system(), &found))
        }
    };
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.tenants", &app.bus(), &[TenantQuery::TYPE], tenants)
        .await;
    let ask = async |key: &str, query: &str| {
        let path = format!("/api/streams/tool-secret{query}");
        app.call("GET", &path, key, None).await
    };
    let named = ask(ADMIN, "?tenant=smith").await;
    assert_eq!((named.0, &named.1["tenant_id"]), (200, &json!("smith")));
    assert_eq!(ask("write-smith", "").await, named);
    assert_eq!(ask(ADMIN, "").await, named);
    assert_ne!(ask("write-jones", "").await.1["secret"], named.1["secret"]);
    assert_eq!(ask("write-smith", "?tenant=jones").await.0, 404);
    alone.store(false, Ordering::Relaxed);
    assert_eq!(ask("write-smith", "").await, named);
    let (status, answer) = ask(ADMIN, "").await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("tenant"))
    );
}
