//! Live tracks as the tenant wants them kept, those of a call that was forgotten before they were stored, and those that the store did not take.

use std::path::PathBuf;
use std::sync::Arc;

use events::v1::{CallsForget, PersonForgotten, TrackStored};
use testkit::eventually;

use crate::phone::Phone;
use crate::test_app::{ACCOUNT, RECORDED, TestApp};

/// What a process that was killed leaves of a call.
async fn left_behind(app: &TestApp, session_id: &str, call_sid: &str, how: serde_json::Value) {
    let mut about = serde_json::json!({
        "session_id": session_id, "call_sid": call_sid, "tenant_id": "smith", "account_sid": ACCOUNT,
        "part": 1, "tracks": ["user"], "started_at": "2026-11-29T10:00:00.000Z",
    });
    for (name, value) in how.as_object().unwrap() {
        about[name] = value.clone();
    }
    let mut journal = format!("{about}\n").into_bytes();
    for frame in audio::mulaw::encode_all(&audio::speech("hello", None)).chunks_exact(160) {
        journal.extend_from_slice(frame);
        journal.extend_from_slice(&[0xFF; 160]);
    }
    std::fs::write(folder(app).join(format!("{session_id}.live")), journal).unwrap();
}

fn folder(app: &TestApp) -> PathBuf {
    app.settings().data_dir.join("live")
}

async fn nothing_waits(app: &TestApp) {
    eventually("no journal is left", async || {
        std::fs::read_dir(folder(app)).unwrap().next().is_none()
    })
    .await;
}

pub async fn journal_of_a_call_that_was_forgotten_is_removed_and_not_stored(app: Arc<TestApp>) {
    app.stop().await;
    // Neither has a session any more: of one the row's time was over, the other was forgotten.
    let none = serde_json::json!({});
    left_behind(&app, "0000000000000001", "CA-expired", none.clone()).await;
    left_behind(&app, "0000000000000002", "CA-forgotten", none).await;
    app.up().await;
    nothing_waits(&app).await;
    let stored = app.tracks("CA-expired", 1).await;
    assert_eq!(stored.len(), 1);
    let told = app.recorder.each::<TrackStored>();
    assert!(
        told.iter().all(|it| it.1.call_sid == "CA-expired"),
        "{told:?}"
    );
    let objects = objects::Objects::open(app.settings().object_store());
    let left = objects.list("recordings/smith/CA-forgotten").await;
    assert_eq!(left, Ok(Vec::new()));
}

/// The store is away when the call ends, and the person is forgotten before it is back.
pub async fn call_forgotten_while_its_tracks_wait_for_the_store_does_not_come_back(
    app: Arc<TestApp>,
) {
    let blocked = app.settings().data_dir.join("objects").join(".unfinished");
    let _ = std::fs::remove_dir_all(&blocked);
    std::fs::create_dir_all(blocked.parent().unwrap()).unwrap();
    std::fs::write(&blocked, "in the way").unwrap();
    let call = "CA-to-be-forgotten";
    let path = app.offered(call, RECORDED).await;
    let mut phone = Phone::call(&app, &path, call).await;
    phone.hears("Are you salaried?").await;
    phone.hang_up().await;
    app.ended(call).await;
    app.publish(&CallsForget {
        receipt_id: "receipt".to_owned(),
        part: "1".to_owned(),
        call_sids: vec![call.to_owned()],
    })
    .await;
    app.recorder.wait_for::<PersonForgotten>(1).await;
    app.stop().await;
    std::fs::remove_file(&blocked).unwrap();
    std::fs::create_dir_all(&blocked).unwrap();
    app.up().await;
    nothing_waits(&app).await;
    assert!(app.recorder.each::<TrackStored>().is_empty());
    let objects = objects::Objects::open(app.settings().object_store());
    assert_eq!(objects.list("recordings/").await, Ok(Vec::new()));
}

pub async fn tracks_are_encrypted_as_the_tenant_wants(app: Arc<TestApp>) {
    app.stop().await;
    let s3 = serde_json::json!({ "encryption": "s3" });
    let kms = serde_json::json!({ "encryption": "kms", "kms_key": "alias/recordings" });
    left_behind(&app, "0000000000000001", "CA1", s3).await;
    left_behind(&app, "0000000000000002", "CA2", kms).await;
    // As a journal of an earlier version says it: not at all.
    left_behind(&app, "0000000000000003", "CA3", serde_json::json!({})).await;
    app.up().await;
    nothing_waits(&app).await;
    let written = app.s3.as_ref().unwrap().trouble.written();
    for (call, word, key) in [
        ("CA1", "AES256", ""),
        ("CA2", "aws:kms", "alias/recordings"),
        ("CA3", "", ""),
    ] {
        let ours = written.iter().filter(|it| it.path.contains(call));
        let how: Vec<_> = ours
            .map(|it| (it.encryption.as_str(), it.kms_key.as_str()))
            .collect();
        assert_eq!(how, [(word, key); 2], "the track and its waveform, {call}");
    }
}

/// From the tenant's settings to the store.
pub async fn call_of_a_tenant_that_encrypts_is_stored_encrypted(app: Arc<TestApp>) {
    let path = app.offered("CA4", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA4").await;
    phone.hears("Are you salaried?").await;
    phone.hang_up().await;
    app.tracks("CA4", 3).await;
    let written = app.s3.as_ref().unwrap().trouble.written();
    let ours: Vec<_> = written
        .iter()
        .filter(|it| it.path.contains("CA4"))
        .collect();
    assert_eq!(ours.len(), 6, "three tracks, and their waveforms");
    assert!(ours.iter().all(|it| it.encryption == "AES256"), "{ours:?}");
}

/// Nothing else happens meanwhile that would have the archive look.
pub async fn tracks_that_could_not_be_stored_are_when_the_store_is_well_again(app: Arc<TestApp>) {
    let trouble = &app.s3.as_ref().unwrap().trouble;
    trouble.forbidden();
    let path = app.offered("CA5", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA5").await;
    phone.hears("Are you salaried?").await;
    phone.hang_up().await;
    eventually("it was tried", async || trouble.refused() > 0).await;
    trouble.over();
    app.tracks("CA5", 3).await;
    nothing_waits(&app).await;
}
