//! Who sweeps: of several processes one, until it is gone.

use std::sync::Arc;

use chrono::Duration;
use clock::Time;
use recordings::test_support::{lease_held, lease_take};
use role::Platform;
use testkit::eventually;

use crate::lab::{Lab, timings};

const NAME: &str = "sweep";

async fn takes(lab: &Lab, name: &str, holder: &str, now: Time) -> bool {
    let mut tx = lab.database().begin().await.unwrap();
    let until = now + Duration::seconds(30);
    let taken = lease_take(&mut tx, name, holder, now, until).await.unwrap();
    tx.commit().await.unwrap();
    taken
}

async fn held(lab: &Lab) -> Option<(String, Time)> {
    let mut tx = lab.database().read().await.unwrap();
    lease_held(&mut tx, NAME).await.unwrap()
}

pub async fn lease_is_one_holders_until_it_is_over(lab: Arc<Lab>) {
    let (now, later) = (lab.clock.now(), lab.clock.now() + Duration::seconds(20));
    assert!(takes(&lab, "other", "one", now).await);
    assert!(!takes(&lab, "other", "two", now).await);
    assert!(
        takes(&lab, "other", "one", later).await,
        "its holder prolongs it"
    );
    let first_end = now + Duration::seconds(31);
    assert!(!takes(&lab, "other", "two", first_end).await);
    let end = later + Duration::seconds(31);
    assert!(takes(&lab, "other", "two", end).await);
    assert!(!takes(&lab, "other", "one", end).await);
}

/// Waits until the lease was prolonged twice.
async fn goes_on(lab: &Lab) -> String {
    for _ in 0..2 {
        let before = held(lab).await;
        eventually("the lease is prolonged", async || held(lab).await != before).await;
    }
    held(lab).await.unwrap().0
}

pub async fn one_of_two_processes_sweeps_and_the_other_when_it_is_gone(lab: Arc<Lab>) {
    let first = goes_on(&lab).await;
    let parts = lab.open().await;
    let role = recordings::role_with_timings(&parts, timings())
        .await
        .unwrap();
    let other = Platform::start(parts, vec![role]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(goes_on(&lab).await, first, "the second one waits");
    }
    lab.stop().await;
    eventually("the second one sweeps", async || {
        held(&lab).await.is_some_and(|it| it.0 != first)
    })
    .await;
    let second = goes_on(&lab).await;
    assert_ne!(second, first);
    other.stop().await;
}
