//! What Twilio tells, and who may tell it.

use std::sync::Arc;

use events::v1::{RecordingAbsent, RecordingStored};
use testkit::eventually;

use crate::lab::{CALL, Lab, OTHER_ACCOUNT, RECORDING, sound};
use crate::twilio::Answer;

async fn metrics(lab: &Lab) -> String {
    let answer = reqwest::get(format!("{}/metrics", lab.base())).await;
    answer.unwrap().text().await.unwrap()
}

pub async fn callback_many_times_is_one_object(lab: Arc<Lab>) {
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.started(CALL).await;
    for _ in 0..20 {
        lab.told("completed", |_| {}).await;
    }
    lab.is("completed").await;
    lab.told("completed", |_| {}).await;
    lab.restart().await;
    lab.told("completed", |_| {}).await;
    lab.told("in-progress", |_| {}).await;
    lab.heard::<RecordingStored>(1).await;
    assert_eq!(lab.is("completed").await.version, 2);
    assert_eq!(lab.twilio().asked(RECORDING).len(), 1, "fetched once");
    assert_eq!(
        lab.keys_in_store().await.len(),
        2,
        "the file and its waveform"
    );
}

pub async fn callback_before_its_call_waits_for_it(lab: Arc<Lab>) {
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.told("completed", |_| {}).await;
    let rows = lab.row_is(|rows| rows.len() == 1).await;
    assert_eq!(rows[0].tenant_id, "");
    assert!(lab.twilio().asked(RECORDING).is_empty());
    lab.started(CALL).await;
    assert_eq!(lab.is("completed").await.tenant_id, "smith");
}

pub async fn callback_of_another_account_is_refused(lab: Arc<Lab>) {
    // The first that asks installs the recorder: what was counted before is lost.
    metrics(&lab).await;
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.started(CALL).await;
    lab.call_is_known().await;
    lab.told("completed", |event| {
        event.account_sid = OTHER_ACCOUNT.into()
    })
    .await;
    // One that came before the call is refused when the call is known.
    let early = "CA00000000000000000000000000000009";
    lab.told("completed", |event| {
        event.account_sid = OTHER_ACCOUNT.into();
        event.call_sid = early.into();
    })
    .await;
    lab.started(early).await;
    // A right one, after which the wrong ones have been decided on.
    lab.told("completed", |_| {}).await;
    let row = lab.is("completed").await;
    assert_eq!(row.account_sid, crate::lab::ACCOUNT);
    lab.heard::<RecordingStored>(1).await;
    assert_eq!(lab.stored().len(), 1);
    eventually("the refusal is counted", async || {
        metrics(&lab).await.contains("recordings_refused_total")
    })
    .await;
}

pub async fn absent_recording_is_told_with_its_code(lab: Arc<Lab>) {
    lab.started(CALL).await;
    lab.told("in-progress", |_| {}).await;
    lab.told("absent", |event| event.error_code = Some(16101))
        .await;
    let row = lab.is("absent").await;
    assert_eq!(row.metadata.0["error_code"], 16101);
    lab.heard::<RecordingAbsent>(1).await;
    assert_eq!(lab.absent()[0].status, "absent");
    assert!(lab.twilio().all().is_empty(), "nothing is fetched");
}

pub async fn callback_out_of_order_changes_nothing(lab: Arc<Lab>) {
    lab.recorded([Answer::Sound(sound())]).await;
    let before = lab.is("completed").await;
    for status in ["in-progress", "processing", "absent", "failed"] {
        lab.told(status, |_| {}).await;
    }
    // What is deleted there stays here.
    lab.told("deleted", |_| {}).await;
    let rows = lab.row_is(|rows| rows[0].twilio_status == "deleted").await;
    assert_eq!(
        (rows[0].status.as_str(), &rows[0].sha256),
        ("completed", &before.sha256)
    );
    assert_eq!(rows[0].metadata.0["deleted_at_twilio"], true);
}

/// Nobody's: it is not fetched, and there when its call is heard of after all.
pub async fn recording_of_a_call_that_nobody_has_heard_of_is_counted_and_not_fetched(
    lab: Arc<Lab>,
) {
    metrics(&lab).await;
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.told("completed", |_| {}).await;
    eventually("it is counted", async || {
        metrics(&lab).await.contains("recordings_unclaimed_total")
    })
    .await;
    assert!(lab.twilio().all().is_empty());
    lab.started(CALL).await;
    lab.is("completed").await;
}
