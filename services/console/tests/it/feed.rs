//! `/events` for a browser that comes back.

use std::sync::Arc;

use events::Envelope;
use events::v1::KeyChanged;

use crate::test_app::TestApp;

const PATH: &str = "/events?type=key.changed,call.*";

async fn publish(app: &TestApp, id: &str, tenant: &str) {
    let event = KeyChanged {
        hash: id.to_owned(),
        made: false,
    };
    let event = Envelope::at("trunkline/test", id.to_owned(), app.clock.now(), &event);
    app.bus().publish(&event.tenant(tenant)).await.unwrap();
}

pub async fn events_go_on_after_the_last_that_was_seen(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let mut feed = owner.follow(PATH, None).await;
    publish(&app, "one", "smith").await;
    feed.until("id: one").await;
    drop(feed);
    publish(&app, "two", "smith").await;
    publish(&app, "three", "smith").await;
    let mut again = owner.follow(PATH, Some("one")).await;
    again.until("id: three").await;
    assert!(again.text.starts_with("id: two"), "{}", again.text);
    assert_eq!(again.text.matches("id: two").count(), 1);
    // And what passes from now on.
    publish(&app, "four", "smith").await;
    again.until("id: four").await;
}

pub async fn reader_of_an_unknown_event_is_told_of_a_gap(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let mut feed = owner.follow(PATH, Some("never-seen")).await;
    feed.until("event: missed").await;
    publish(&app, "one", "").await;
    feed.until("id: one").await;
}

pub async fn tenants_session_hears_its_tenant_only(app: Arc<TestApp>) {
    let mut smith = app.browser();
    smith.sign_in(&[("api_key", "write-smith")]).await;
    let mut feed = smith.follow(PATH, None).await;
    publish(&app, "foreign", "jones").await;
    publish(&app, "own", "smith").await;
    feed.until("id: own").await;
    assert!(!feed.text.contains("foreign"), "{}", feed.text);
}

pub async fn reader_of_other_types_than_before_is_told_of_a_gap(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let mut feed = owner.follow("/events?type=key.changed", None).await;
    publish(&app, "one", "smith").await;
    feed.until("id: one").await;
    let more = "/events?type=conversation.*,key.changed";
    let mut again = owner.follow(more, Some("one")).await;
    again.until("event: missed").await;
    publish(&app, "two", "smith").await;
    again.until("id: two").await;
}
