//! Sessions whose process is gone: another one ends their rows and tells it.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use events::v1::{CallHangUp, StreamEnded};
use store::Store;
use streams::Timings;
use streams::test_support::{MIGRATIONS, given_to, held_by};

use crate::phone::Phone;
use crate::test_app::TestApp;

/// Processes that look at once; whoever really lives tells so long before anybody could doubt it.
pub const QUICK: Timings = Timings {
    beat: Duration::from_millis(50),
    lease: Duration::from_secs(600),
    sure: Duration::ZERO,
};

/// The last word of a path.
pub fn session(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn database(app: &TestApp) -> Store {
    app.store("streams", MIGRATIONS).await
}

fn ends(app: &TestApp, call_sid: &str) -> Vec<StreamEnded> {
    let told = app.recorder.each::<StreamEnded>().into_iter();
    let these = told.map(|it| it.1).filter(|it| it.call_sid == call_sid);
    these.collect()
}

pub async fn session_of_a_killed_process_is_told_ended_once_and_no_other(app: Arc<TestApp>) {
    app.stop().await;
    app.up_with(QUICK).await;
    // A second process looks, too.
    let second = streams::role_with_timings(&app.parts(), QUICK)
        .await
        .unwrap();
    app.start(vec![second]).await;
    let store = database(&app).await;
    let (now, hour) = (app.clock.now(), TimeDelta::hours(1));
    let path = app.offered("CA-live", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA-live").await;
    phone.hears("Are you salaried?").await;
    let lasted = TimeDelta::seconds(90);
    let until = now - hour + lasted + TimeDelta::seconds(600);
    let killed = app.offered("CA-killed", "loan").await;
    let (slow, fresh) = (
        app.offered("CA-slow", "loan").await,
        app.offered("CA-fresh", "loan").await,
    );
    // One whose process may still be there, and one whose process has not had the time to say so.
    held_by(&store, session(&slow), "slow", now - hour, now + hour)
        .await
        .unwrap();
    held_by(&store, session(&fresh), "fresh", now, now - hour)
        .await
        .unwrap();
    held_by(&store, session(&killed), "killed", now - hour, until)
        .await
        .unwrap();
    let ended = app.ended("CA-killed").await;
    assert_eq!(
        (ended.reason.as_str(), ended.session_id.as_str()),
        ("lost", session(&killed))
    );
    assert_eq!(ended.duration_ms, 90_000);
    let seen = app.get("/api/streams/calls/CA-killed").await;
    assert_eq!(
        (&seen["items"][0]["status"], &seen["items"][0]["reason"]),
        (&"ended".into(), &"lost".into())
    );
    // The call goes on where it stood.
    assert_ne!(app.offered("CA-killed", "loan").await, killed);
    // A process of a version before, which did not say who it is, and a later one: what comes first was looked at by then.
    let old = app.offered("CA-old", "loan").await;
    held_by(&store, session(&old), "", now - hour * 6, now - hour * 5)
        .await
        .unwrap();
    assert_eq!(app.ended("CA-old").await.reason, "lost");
    let later = app.offered("CA-later", "loan").await;
    held_by(&store, session(&later), "later", now - hour, now - hour)
        .await
        .unwrap();
    assert_eq!(app.ended("CA-later").await.reason, "lost");
    assert_eq!(ends(&app, "CA-killed").len(), 1);
    for call in ["CA-live", "CA-slow", "CA-fresh"] {
        assert_eq!(ends(&app, call), [], "{call}");
    }
    phone.hang_up().await;
    assert_eq!(app.ended("CA-live").await.reason, "stopped");
}

pub async fn session_that_was_taken_for_lost_and_lives_is_hung_up_and_told_no_second_time(
    app: Arc<TestApp>,
) {
    app.stop().await;
    app.up_with(QUICK).await;
    let store = database(&app).await;
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    let since = app.clock.now() - TimeDelta::hours(1);
    given_to(&store, session(&path), "halted", since)
        .await
        .unwrap();
    assert_eq!(app.ended("CA1").await.reason, "lost");
    phone.speak("of course");
    phone.hears("Thank you and goodbye.").await;
    app.recorder.wait_for::<CallHangUp>(1).await;
    phone.hang_up().await;
    let seen = app.get("/api/streams/calls/CA1").await;
    assert_eq!(seen["items"][0]["reason"], "goodbye");
    assert_eq!(ends(&app, "CA1").len(), 1);
}
