//! For how long recordings are kept, and where, on a clock that the test moves.

use std::sync::Arc;

use chrono::Duration;
use events::v1::{RecordingDelete, RecordingDeleted, RecordingSettings};
use recordings::test_support::RecordingRow;
use testkit::eventually;

use crate::test_app::{CALL, RECORDING, TestApp, sound, track};
use crate::twilio::Answer;

fn kept_for(days: u32) -> RecordingSettings {
    RecordingSettings {
        enabled: true,
        format: "wav".into(),
        retention_days: days,
        ..RecordingSettings::default()
    }
}

/// A call of which there is a recording with this last digit.
async fn recorded(app: &TestApp, digit: u32) -> String {
    let (call, recording) = (
        format!("{}{digit}", &CALL[..CALL.len() - 1]),
        format!("{}{digit}", &RECORDING[..RECORDING.len() - 1]),
    );
    app.twilio().files(&recording, [Answer::Sound(sound())]);
    app.started_as_wanted(&call).await;
    app.told("completed", |event| {
        event.call_sid.clone_from(&call);
        if let Some(file) = &mut event.recording {
            file.url = file.url.replace(RECORDING, &recording);
            file.recording_sid.clone_from(&recording);
        }
    })
    .await;
    row_is(app, &call, |row| row.status == "completed").await;
    call
}

async fn row_is(app: &TestApp, call: &str, right: impl Fn(&RecordingRow) -> bool) -> RecordingRow {
    eventually("the row is right", async || {
        app.row_of(call).await.is_some_and(|row| right(&row))
    })
    .await;
    app.row_of(call).await.unwrap()
}

pub async fn recording_whose_days_are_over_is_deleted_and_no_other(app: Arc<TestApp>) {
    app.wants(kept_for(0));
    let for_ever = recorded(&app, 1).await;
    app.wants(kept_for(90));
    let long = recorded(&app, 2).await;
    app.wants(kept_for(30));
    let short = recorded(&app, 3).await;
    assert_eq!(app.row_of(&for_ever).await.unwrap().delete_at, None);
    app.clock.advance(Duration::days(31));
    let row = row_is(&app, &short, |row| row.status == "deleted").await;
    assert_eq!(row.metadata.0["deleted_by"], "retention");
    assert_eq!(row.object_key, "");
    eventually("its file is gone", async || {
        app.keys_in_store().await.len() == 4
    })
    .await;
    for call in [&for_ever, &long] {
        assert_eq!(app.row_of(call).await.unwrap().status, "completed");
    }
    app.heard::<RecordingDeleted>(1).await;
    assert!(
        app.recorder.heard::<RecordingDelete>().is_empty(),
        "Twilio keeps it"
    );
    // What it wants by now counts: 30 days, also for what was to be kept for longer.
    app.clock.advance(Duration::days(60));
    row_is(&app, &long, |row| row.status == "deleted").await;
}

pub async fn recording_is_deleted_at_twilio_too_where_the_tenant_wants_it(app: Arc<TestApp>) {
    app.wants(RecordingSettings {
        delete_at_twilio: true,
        ..kept_for(30)
    });
    let call = recorded(&app, 1).await;
    app.clock.advance(Duration::days(31));
    row_is(&app, &call, |row| row.status == "deleted").await;
    app.heard::<RecordingDelete>(1).await;
    assert_eq!(
        app.recorder.heard::<RecordingDelete>()[0].1.recording_sid,
        RECORDING
    );
}

pub async fn legal_hold_keeps_what_is_due_until_it_is_lifted(app: Arc<TestApp>) {
    app.wants(kept_for(30));
    let call = recorded(&app, 1).await;
    let due = app.row_of(&call).await.unwrap().delete_at;
    app.wants(RecordingSettings {
        legal_hold: true,
        ..kept_for(30)
    });
    app.clock.advance(Duration::days(31));
    row_is(&app, &call, |row| row.delete_at > due).await;
    assert_eq!(app.row_of(&call).await.unwrap().status, "completed");
    app.wants(kept_for(30));
    app.clock.advance(Duration::days(2));
    row_is(&app, &call, |row| row.status == "deleted").await;
}

pub async fn recording_is_kept_for_longer_where_the_tenant_wants_it_by_now(app: Arc<TestApp>) {
    app.wants(kept_for(30));
    let call = recorded(&app, 1).await;
    app.wants(kept_for(0));
    app.clock.advance(Duration::days(31));
    let row = row_is(&app, &call, |row| row.delete_at.is_none()).await;
    assert_eq!(row.status, "completed");
}

/// What the tenant wants counts for live tracks too, which may be told before their call.
pub async fn track_before_its_call_is_kept_and_moved_as_the_tenant_wants(app: Arc<TestApp>) {
    app.wants(RecordingSettings {
        storage_class: "GLACIER_IR".into(),
        storage_class_after_days: 10,
        ..kept_for(30)
    });
    app.publish(&track("user")).await;
    row_is(&app, CALL, |row| row.status == "completed").await;
    app.started_as_wanted(CALL).await;
    let row = row_is(&app, CALL, |row| row.delete_at.is_some()).await;
    let stored = row.stored_at.unwrap().0;
    assert_eq!(row.delete_at.unwrap().0, stored + Duration::days(30));
    assert_eq!(row.move_at.unwrap().0, stored + Duration::days(10));
    app.clock.advance(Duration::days(31));
    row_is(&app, CALL, |row| row.status == "deleted").await;
}

pub async fn file_is_moved_to_the_storage_class_after_its_days(app: Arc<TestApp>) {
    app.wants(RecordingSettings {
        storage_class: "GLACIER_IR".into(),
        storage_class_after_days: 30,
        ..kept_for(0)
    });
    let call = recorded(&app, 1).await;
    assert!(app.row_of(&call).await.unwrap().move_at.is_some());
    app.clock.advance(Duration::days(31));
    let row = row_is(&app, &call, |row| row.move_at.is_none()).await;
    assert_eq!(row.metadata.0["storage_class"], "GLACIER_IR");
    assert_eq!(row.status, "completed");
}
