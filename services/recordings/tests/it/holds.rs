//! Legal hold and erasures: what may be deleted when, and what comes of a call that was forgotten.

use std::sync::Arc;

use chrono::Duration;
use events::v1::{
    CallsForget, CopiesForget, PersonForgotten, RecordingDelete, RecordingKnown, RecordingQuery,
    RecordingSettings, RecordingStored,
};
use reqwest::Method;
use testkit::{ADMIN, eventually};

use crate::lab::{ACCOUNT, CALL, Lab, RECORDING, sound, track};
use crate::twilio::Answer;

fn held(legal_hold: bool) -> RecordingSettings {
    RecordingSettings {
        enabled: true,
        legal_hold,
        ..RecordingSettings::default()
    }
}

/// The call is to be forgotten: what was counted, once this part is told of.
async fn forgotten(lab: &Lab, part: &str) -> Vec<(String, u64)> {
    lab.publish(&CallsForget {
        receipt_id: "receipt".into(),
        part: part.into(),
        call_sids: vec![CALL.into()],
    })
    .await;
    let told = format!("recordings/{part}");
    let find = || {
        let heard = lab.ear.heard::<PersonForgotten>();
        heard.into_iter().find(|it| it.1.part == told)
    };
    eventually("the part is told", async || find().is_some()).await;
    let counts = find().unwrap().1.counts.into_iter();
    counts.map(|it| (it.what, it.count)).collect()
}

async fn nothing_is_left(lab: &Lab) {
    eventually("no row and no object is left", async || {
        lab.rows().await.is_empty() && lab.keys_in_store().await.is_empty()
    })
    .await;
}

pub async fn hold_set_after_the_call_wins_over_delete_until_it_is_lifted(lab: Arc<Lab>) {
    lab.recorded([Answer::Sound(sound())]).await;
    let row = lab.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}", row.id);
    lab.wants(held(true));
    let (status, refused) = lab.ask(Method::DELETE, &path, ADMIN).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &"legal_hold".into())
    );
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(words.contains("recording.legal_hold"), "{words}");
    assert_eq!(lab.is("completed").await.version, row.version);
    // Nobody says whether there is one: nothing is deleted on a guess.
    lab.tenants_is_away();
    assert_eq!(lab.ask(Method::DELETE, &path, ADMIN).await.0, 503);
    assert_eq!(lab.keys_in_store().await.len(), 2);
    lab.wants(held(false));
    assert_eq!(lab.ask(Method::DELETE, &path, ADMIN).await.0, 204);
    lab.is("deleted").await;
}

pub async fn hold_of_the_calls_time_that_is_lifted_does_not_keep(lab: Arc<Lab>) {
    lab.wants(held(true));
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.started_as_wanted(CALL).await;
    lab.told("completed", |_| {}).await;
    let path = format!("/calls/{CALL}/recording/{}", lab.is("completed").await.id);
    assert_eq!(lab.ask(Method::DELETE, &path, ADMIN).await.0, 409);
    lab.wants(held(false));
    assert_eq!(lab.ask(Method::DELETE, &path, ADMIN).await.0, 204);
}

pub async fn erasure_removes_row_objects_and_twilios_copy(lab: Arc<Lab>) {
    lab.recorded([Answer::Sound(sound())]).await;
    lab.is("completed").await;
    let counts = forgotten(&lab, "1").await;
    assert_eq!(counts, [("recordings".to_owned(), 1)]);
    nothing_is_left(&lab).await;
    let copies = lab.ear.hear::<CopiesForget>(1).await;
    assert_eq!(copies[0].1.recording_sids, [RECORDING]);
    eventually("the objects are told", async || {
        let heard = lab.ear.heard::<PersonForgotten>();
        heard.iter().any(|it| it.1.part.starts_with("objects/"))
    })
    .await;
    assert_eq!(
        forgotten(&lab, "2").await,
        [],
        "a second time there is nothing"
    );
}

pub async fn erasure_keeps_what_is_on_hold_says_so_and_removes_it_when_the_hold_is_lifted(
    lab: Arc<Lab>,
) {
    lab.recorded([Answer::Sound(sound())]).await;
    lab.is("completed").await;
    // Set after the call.
    lab.wants(held(true));
    let counts = forgotten(&lab, "1").await;
    assert_eq!(counts, [("recordings_under_legal_hold".to_owned(), 1)]);
    // A live track that was on its way is kept and goes with the rest.
    lab.publish(&track("user")).await;
    lab.row_is(|rows| rows.len() == 2).await;
    lab.clock.advance(Duration::days(3));
    eventually("it was asked again", async || {
        let rows = lab.rows().await;
        rows.iter()
            .all(|row| row.delete_at.is_some_and(|at| at.0 > lab.clock.now()))
    })
    .await;
    assert_eq!(lab.rows().await.len(), 2);
    assert!(lab.ear.heard::<RecordingDelete>().is_empty());
    lab.wants(held(false));
    lab.clock.advance(Duration::days(2));
    nothing_is_left(&lab).await;
    let deleted = lab.ear.hear::<RecordingDelete>(1).await;
    assert_eq!(deleted[0].1.recording_sid, RECORDING);
    let known: RecordingKnown = known(&lab).await;
    assert!(!known.known);
}

async fn known(lab: &Lab) -> RecordingKnown {
    let query = lab.envelope(&RecordingQuery {
        call_sid: CALL.into(),
    });
    let patience = std::time::Duration::from_secs(10);
    let reply = lab.bus().request(query, patience).await.unwrap();
    reply.decode().unwrap()
}

pub async fn what_comes_of_a_forgotten_call_is_not_kept(lab: Arc<Lab>) {
    lab.started(CALL).await;
    lab.call_is_known().await;
    assert!(known(&lab).await.known);
    forgotten(&lab, "1").await;
    assert!(!known(&lab).await.known);
    // A track that was stored meanwhile, a callback and the call's end that were on their way.
    let late = track("mixed");
    let put = lab.objects().put(&late.key, sound(), "audio/wav").await;
    put.unwrap();
    lab.publish(&late).await;
    lab.told("in-progress", |_| {}).await;
    lab.told("completed", |_| {}).await;
    lab.started(CALL).await;
    let deleted = lab.ear.hear::<RecordingDelete>(1).await;
    assert_eq!(
        (
            deleted[0].1.account_sid.as_str(),
            deleted[0].1.recording_sid.as_str()
        ),
        (ACCOUNT, RECORDING)
    );
    nothing_is_left(&lab).await;
    assert!(!known(&lab).await.known);
    assert!(lab.ear.heard::<RecordingStored>().is_empty());
    assert!(lab.twilio().all().is_empty(), "nothing is fetched");
}
