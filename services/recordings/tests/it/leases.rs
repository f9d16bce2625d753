//! Who sweeps: of several processes one, until it is gone.

use std::sync::Arc;

use chrono::Duration;
use clock::Time;
use recordings::test_support::{lease_held, lease_take};
use role::Platform;
use testkit::eventually;

use crate::test_app::{TestApp, timings};

const NAME: &str = "sweep";

async fn takes(app: &TestApp, name: &str, holder: &str, now: Time) -> bool {
    let mut tx = app.database().begin().await.unwrap();
    let until = now + Duration::seconds(30);
    let taken = lease_take(&mut tx, name, holder, now, until).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn held(app: &TestApp) -> Option<(String, Time)> {
    let mut tx = app.database().read().await.unwrap();
    lease_held(&mut tx, NAME).await.unwrap()
}

pub async fn lease_is_one_holders_until_it_is_over(app: Arc<TestApp>) {
    let (now, later) = (app.clock.now(), app.clock.now() + Duration::seconds(20));
    assert!(takes(&app, "other", "one", now).await);
    assert!(!takes(&app, "other", "two", now).await);
    assert!(
        takes(&app, "other", "one", later).await,
        "its holder prolongs it"
    );
    let first_end = now + Duration::seconds(31);
    assert!(!takes(&app, "other", "two", first_end).await);
    let end = later + Duration::seconds(31);
    assert!(takes(&app, "other", "two", end).await);
    assert!(!takes(&app, "other", "one", end).await);
}

/// Waits until the lease was prolonged twice.
async fn goes_on(app: &TestApp) -> String {
    for _ in 0..2 {
        let before = held(app).await;
        eventually("the lease is prolonged", async || held(app).await != before).await;
    }
    held(app).await.unwrap().0
}

pub async fn one_of_two_processes_sweeps_and_the_other_when_it_is_gone(app: Arc<TestApp>) {
    let first = goes_on(&app).await;
    let parts = app.open().await;
    let role = recordings::role_with_timings(&parts, timings())
        .await
        .unwrap();
    let other = Platform::start(parts, vec![role]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(goes_on(&app).await, first, "the second one waits");
    }
    app.stop().await;
    eventually("the second one sweeps", async || {
        held(&app).await.is_some_and(|it| it.0 != first)
    })
    .await;
    let second = goes_on(&app).await;
    assert_ne!(second, first);
    other.stop().await;
}
