//! Legal hold and erasures: what may be deleted when, and what comes of a call that was forgotten.

use std::sync::Arc;

use chrono::Duration;
use events::v1::{
    CallsForget, CopiesForget, PersonForgotten, RecordingDelete, RecordingKnown, RecordingQuery,
    RecordingSettings, RecordingStored,
};
use reqwest::Method;
use testkit::{ADMIN, eventually};

use crate::test_app::{ACCOUNT, CALL, RECORDING, TestApp, sound, track};
use crate::twilio::Answer;

fn held(legal_hold: bool) -> RecordingSettings {
    RecordingSettings {
        enabled: true,
        legal_hold,
        ..RecordingSettings::default()
    }
}

/// The call is to be forgotten: what was counted, once this part is told of.
async fn forgotten(app: &TestApp, part: &str) -> Vec<(String, u64)> {
    app.publish(&CallsForget {
        receipt_id: "receipt".into(),
        part: part.into(),
        call_sids: vec![CALL.into()],
    })
    .await;
    let told = format!("recordings/{part}");
    let find = || {
        let heard = app.recorder.heard::<PersonForgotten>();
        heard.into_iter().find(|it| it.1.part == told)
    };
    eventually("the part is told", async || find().is_some()).await;
    let counts = find().unwrap().1.counts.into_iter();
    counts.map(|it| (it.what, it.count)).collect()
}

async fn nothing_is_left(app: &TestApp) {
    eventually("no row and no object is left", async || {
        app.rows().await.is_empty() && app.keys_in_store().await.is_empty()
    })
    .await;
}

pub async fn hold_set_after_the_call_wins_over_delete_until_it_is_lifted(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}", row.id);
    app.wants(held(true));
    let (status, refused) = app.ask(Method::DELETE, &path, ADMIN).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &"legal_hold".into())
    );
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(words.contains("recording.legal_hold"), "{words}");
    assert_eq!(app.is("completed").await.version, row.version);
    // Nobody says whether there is one: nothing is deleted on a guess.
    app.tenants_is_away();
    assert_eq!(app.ask(Method::DELETE, &path, ADMIN).await.0, 503);
    assert_eq!(app.keys_in_store().await.len(), 2);
    app.wants(held(false));
    assert_eq!(app.ask(Method::DELETE, &path, ADMIN).await.0, 204);
    app.is("deleted").await;
}

pub async fn hold_of_the_calls_time_that_is_lifted_does_not_keep(app: Arc<TestApp>) {
    app.wants(held(true));
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started_as_wanted(CALL).await;
    app.told("completed", |_| {}).await;
    let path = format!("/calls/{CALL}/recording/{}", app.is("completed").await.id);
    assert_eq!(app.ask(Method::DELETE, &path, ADMIN).await.0, 409);
    app.wants(held(false));
    assert_eq!(app.ask(Method::DELETE, &path, ADMIN).await.0, 204);
}

pub async fn erasure_removes_row_objects_and_twilios_copy(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    app.is("completed").await;
    let counts = forgotten(&app, "1").await;
    assert_eq!(counts, [("recordings".to_owned(), 1)]);
    nothing_is_left(&app).await;
    let copies = app.recorder.wait_for::<CopiesForget>(1).await;
    assert_eq!(copies[0].1.recording_sids, [RECORDING]);
    eventually("the objects are told", async || {
        let heard = app.recorder.heard::<PersonForgotten>();
        heard.iter().any(|it| it.1.part.starts_with("objects/"))
    })
    .await;
    assert_eq!(
        forgotten(&app, "2").await,
        [],
        "a second time there is nothing"
    );
}

pub async fn erasure_keeps_what_is_on_hold_says_so_and_removes_it_when_the_hold_is_lifted(
    app: Arc<TestApp>,
) {
    app.recorded([Answer::Sound(sound())]).await;
    app.is("completed").await;
    // Set after the call.
    app.wants(held(true));
    let counts = forgotten(&app, "1").await;
    assert_eq!(counts, [("recordings_under_legal_hold".to_owned(), 1)]);
    // A live track that was on its way is kept and goes with the rest.
    app.publish(&track("user")).await;
    app.row_is(|rows| rows.len() == 2).await;
    app.clock.advance(Duration::days(3));
    eventually("it was asked again", async || {
        let rows = app.rows().await;
        rows.iter()
            .all(|row| row.delete_at.is_some_and(|at| at.0 > app.clock.now()))
    })
    .await;
    assert_eq!(app.rows().await.len(), 2);
    assert!(app.recorder.heard::<RecordingDelete>().is_empty());
    app.wants(held(false));
    app.clock.advance(Duration::days(2));
    nothing_is_left(&app).await;
    let deleted = app.recorder.wait_for::<RecordingDelete>(1).await;
    assert_eq!(deleted[0].1.recording_sid, RECORDING);
    let known: RecordingKnown = known(&app).await;
    assert!(!known.known);
}

async fn known(app: &TestApp) -> RecordingKnown {
    let query = app.envelope(&RecordingQuery {
        call_sid: CALL.into(),
    });
    let patience = std::time::Duration::from_secs(10);
    let reply = app.bus().request(query, patience).await.unwrap();
    reply.decode().unwrap()
}

pub async fn what_comes_of_a_forgotten_call_is_not_kept(app: Arc<TestApp>) {
    app.started(CALL).await;
    app.call_is_known().await;
    assert!(known(&app).await.known);
    forgotten(&app, "1").await;
    assert!(!known(&app).await.known);
    // A track that was stored meanwhile, a callback and the call's end that were on their way.
    let late = track("mixed");
    let put = app.objects().put(&late.key, sound(), "audio/wav").await;
    put.unwrap();
    app.publish(&late).await;
    app.told("in-progress", |_| {}).await;
    app.told("completed", |_| {}).await;
    app.started(CALL).await;
    let deleted = app.recorder.wait_for::<RecordingDelete>(1).await;
    assert_eq!(
        (
            deleted[0].1.account_sid.as_str(),
            deleted[0].1.recording_sid.as_str()
        ),
        (ACCOUNT, RECORDING)
    );
    nothing_is_left(&app).await;
    assert!(!known(&app).await.known);
    assert!(app.recorder.heard::<RecordingStored>().is_empty());
    assert!(app.twilio().all().is_empty(), "nothing is fetched");
}
