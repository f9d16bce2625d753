//! For how long recordings are kept, and where, on a clock that the test moves.

use std::sync::Arc;

use chrono::Duration;
use events::v1::{RecordingDelete, RecordingDeleted, RecordingSettings};
use recordings::test_support::RecordingRow;
use testkit::eventually;

use crate::lab::{CALL, Lab, RECORDING, sound, track};
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
async fn recorded(lab: &Lab, digit: u32) -> String {
    let (call, recording) = (
        format!("{}{digit}", &CALL[..CALL.len() - 1]),
        format!("{}{digit}", &RECORDING[..RECORDING.len() - 1]),
    );
    lab.twilio().files(&recording, [Answer::Sound(sound())]);
    lab.started_as_wanted(&call).await;
    lab.told("completed", |event| {
        event.call_sid.clone_from(&call);
        if let Some(file) = &mut event.recording {
            file.url = file.url.replace(RECORDING, &recording);
            file.recording_sid.clone_from(&recording);
        }
    })
    .await;
    row_is(lab, &call, |row| row.status == "completed").await;
    call
}

async fn row_is(lab: &Lab, call: &str, right: impl Fn(&RecordingRow) -> bool) -> RecordingRow {
    eventually("the row is right", async || {
        lab.row_of(call).await.is_some_and(|row| right(&row))
    })
    .await;
    lab.row_of(call).await.unwrap()
}

pub async fn recording_whose_days_are_over_is_deleted_and_no_other(lab: Arc<Lab>) {
    lab.wants(kept_for(0));
    let for_ever = recorded(&lab, 1).await;
    lab.wants(kept_for(90));
    let long = recorded(&lab, 2).await;
    lab.wants(kept_for(30));
    let short = recorded(&lab, 3).await;
    assert_eq!(lab.row_of(&for_ever).await.unwrap().delete_at, None);
    lab.clock.advance(Duration::days(31));
    let row = row_is(&lab, &short, |row| row.status == "deleted").await;
    assert_eq!(row.metadata.0["deleted_by"], "retention");
    assert_eq!(row.object_key, "");
    eventually("its file is gone", async || {
        lab.keys_in_store().await.len() == 4
    })
    .await;
    for call in [&for_ever, &long] {
        assert_eq!(lab.row_of(call).await.unwrap().status, "completed");
    }
    lab.heard::<RecordingDeleted>(1).await;
    assert!(
        lab.ear.heard::<RecordingDelete>().is_empty(),
        "Twilio keeps it"
    );
    // What it wants by now counts: 30 days, also for what was to be kept for longer.
    lab.clock.advance(Duration::days(60));
    row_is(&lab, &long, |row| row.status == "deleted").await;
}

pub async fn recording_is_deleted_at_twilio_too_where_the_tenant_wants_it(lab: Arc<Lab>) {
    lab.wants(RecordingSettings {
        delete_at_twilio: true,
        ..kept_for(30)
    });
    let call = recorded(&lab, 1).await;
    lab.clock.advance(Duration::days(31));
    row_is(&lab, &call, |row| row.status == "deleted").await;
    lab.heard::<RecordingDelete>(1).await;
    assert_eq!(
        lab.ear.heard::<RecordingDelete>()[0].1.recording_sid,
        RECORDING
    );
}

pub async fn legal_hold_keeps_what_is_due_until_it_is_lifted(lab: Arc<Lab>) {
    lab.wants(kept_for(30));
    let call = recorded(&lab, 1).await;
    let due = lab.row_of(&call).await.unwrap().delete_at;
    lab.wants(RecordingSettings {
        legal_hold: true,
        ..kept_for(30)
    });
    lab.clock.advance(Duration::days(31));
    row_is(&lab, &call, |row| row.delete_at > due).await;
    assert_eq!(lab.row_of(&call).await.unwrap().status, "completed");
    lab.wants(kept_for(30));
    lab.clock.advance(Duration::days(2));
    row_is(&lab, &call, |row| row.status == "deleted").await;
}

pub async fn recording_is_kept_for_longer_where_the_tenant_wants_it_by_now(lab: Arc<Lab>) {
    lab.wants(kept_for(30));
    let call = recorded(&lab, 1).await;
    lab.wants(kept_for(0));
    lab.clock.advance(Duration::days(31));
    let row = row_is(&lab, &call, |row| row.delete_at.is_none()).await;
    assert_eq!(row.status, "completed");
}

/// What the tenant wants counts for live tracks too, which may be told before their call.
pub async fn track_before_its_call_is_kept_and_moved_as_the_tenant_wants(lab: Arc<Lab>) {
    lab.wants(RecordingSettings {
        storage_class: "GLACIER_IR".into(),
        storage_class_after_days: 10,
        ..kept_for(30)
    });
    lab.publish(&track("user")).await;
    row_is(&lab, CALL, |row| row.status == "completed").await;
    lab.started_as_wanted(CALL).await;
    let row = row_is(&lab, CALL, |row| row.delete_at.is_some()).await;
    let stored = row.stored_at.unwrap().0;
    assert_eq!(row.delete_at.unwrap().0, stored + Duration::days(30));
    assert_eq!(row.move_at.unwrap().0, stored + Duration::days(10));
    lab.clock.advance(Duration::days(31));
    row_is(&lab, CALL, |row| row.status == "deleted").await;
}

pub async fn file_is_moved_to_the_storage_class_after_its_days(lab: Arc<Lab>) {
    lab.wants(RecordingSettings {
        storage_class: "GLACIER_IR".into(),
        storage_class_after_days: 30,
        ..kept_for(0)
    });
    let call = recorded(&lab, 1).await;
    assert!(lab.row_of(&call).await.unwrap().move_at.is_some());
    lab.clock.advance(Duration::days(31));
    let row = row_is(&lab, &call, |row| row.move_at.is_none()).await;
    assert_eq!(row.metadata.0["storage_class"], "GLACIER_IR");
    assert_eq!(row.status, "completed");
}
