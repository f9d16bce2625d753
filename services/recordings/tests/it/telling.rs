//! What Twilio tells, and who may tell it.

use std::sync::Arc;

use events::v1::{RecordingAbsent, RecordingStored};
use testkit::eventually;

use crate::test_app::{CALL, OTHER_ACCOUNT, RECORDING, TestApp, sound};
use crate::twilio::Answer;

async fn metrics(app: &TestApp) -> String {
    let answer = reqwest::get(format!("{}/metrics", app.base())).await;
    answer.unwrap().text().await.unwrap()
}

pub async fn callback_many_times_is_one_object(app: Arc<TestApp>) {
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started(CALL).await;
    app.call_is_known().await;
    for _ in 0..20 {
        app.told("completed", |_| {}).await;
    }
    app.is("completed").await;
    app.told("completed", |_| {}).await;
    app.restart().await;
    app.told("completed", |_| {}).await;
    app.told("in-progress", |_| {}).await;
    app.heard::<RecordingStored>(1).await;
    assert_eq!(app.is("completed").await.version, 2);
    assert_eq!(app.twilio().asked(RECORDING).len(), 1, "fetched once");
    assert_eq!(
        app.keys_in_store().await.len(),
        2,
        "the file and its waveform"
    );
}

pub async fn callback_before_its_call_waits_for_it(app: Arc<TestApp>) {
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.told("completed", |_| {}).await;
    let rows = app.row_is(|rows| rows.len() == 1).await;
    assert_eq!(rows[0].tenant_id, "");
    assert!(app.twilio().asked(RECORDING).is_empty());
    app.started(CALL).await;
    assert_eq!(app.is("completed").await.tenant_id, "smith");
}

pub async fn callback_of_another_account_is_refused(app: Arc<TestApp>) {
    // The first that asks installs the recorder: what was counted before is lost.
    metrics(&app).await;
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started(CALL).await;
    app.call_is_known().await;
    app.told("completed", |event| {
        event.account_sid = OTHER_ACCOUNT.into()
    })
    .await;
    // One that came before the call is refused when the call is known.
    let early = "CA00000000000000000000000000000009";
    app.told("completed", |event| {
        event.account_sid = OTHER_ACCOUNT.into();
        event.call_sid = early.into();
    })
    .await;
    app.started(early).await;
    // A right one, after which the wrong ones have been decided on.
    app.told("completed", |_| {}).await;
    let row = app.is("completed").await;
    assert_eq!(row.account_sid, crate::test_app::ACCOUNT);
    app.heard::<RecordingStored>(1).await;
    assert_eq!(app.stored().len(), 1);
    eventually("the refusal is counted", async || {
        metrics(&app).await.contains("recordings_refused_total")
    })
    .await;
}

pub async fn absent_recording_is_told_with_its_code(app: Arc<TestApp>) {
    app.started(CALL).await;
    app.told("in-progress", |_| {}).await;
    app.told("absent", |event| event.error_code = Some(16101))
        .await;
    let row = app.is("absent").await;
    assert_eq!(row.metadata.0["error_code"], 16101);
    app.heard::<RecordingAbsent>(1).await;
    assert_eq!(app.absent()[0].status, "absent");
    assert!(app.twilio().all().is_empty(), "nothing is fetched");
}

pub async fn callback_out_of_order_changes_nothing(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let before = app.is("completed").await;
    for status in ["in-progress", "processing", "absent", "failed"] {
        app.told(status, |_| {}).await;
    }
    // What is deleted there stays here.
    app.told("deleted", |_| {}).await;
    let rows = app.row_is(|rows| rows[0].twilio_status == "deleted").await;
    assert_eq!(
        (rows[0].status.as_str(), &rows[0].sha256),
        ("completed", &before.sha256)
    );
    assert_eq!(rows[0].metadata.0["deleted_at_twilio"], true);
}

/// On the platform's account it may be any tenant's: it is not fetched, and there when its call is heard of after all.
pub async fn recording_of_an_unknown_call_on_the_platforms_account_is_counted_and_not_fetched(
    app: Arc<TestApp>,
) {
    metrics(&app).await;
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.told("completed", |_| {}).await;
    eventually("it is counted", async || {
        metrics(&app).await.contains("recordings_unclaimed_total")
    })
    .await;
    assert!(app.twilio().all().is_empty());
    app.started(CALL).await;
    app.is("completed").await;
}

/// `call.started` was lost, or the call began before the platform did.
pub async fn recording_of_an_unknown_call_on_a_tenants_account_is_fetched_by_that_account(
    app: Arc<TestApp>,
) {
    app.know_account("jones", OTHER_ACCOUNT).await;
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.told("completed", |event| {
        OTHER_ACCOUNT.clone_into(&mut event.account_sid)
    })
    .await;
    let row = app.is("completed").await;
    assert_eq!(
        (row.tenant_id.as_str(), row.account_sid.as_str()),
        ("jones", OTHER_ACCOUNT)
    );
    let asked = app.twilio().asked(RECORDING);
    assert_eq!(asked.len(), 1);
    assert!(asked[0].path.contains(OTHER_ACCOUNT), "{asked:?}");
}
