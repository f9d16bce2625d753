//! A store in trouble, and processes that end in the middle: nothing is lost, nothing is left over.

use std::sync::Arc;
use std::time::Duration;

use audio::{Encoding, Sound};
use events::v1::RecordingStored;
use sha2::{Digest, Sha256};
use testkit::eventually;

use crate::test_app::{RECORDING, TestApp, sound};
use crate::twilio::Answer;

/// More than two parts.
fn large() -> Vec<u8> {
    let samples = vec![77; objects::PART / 2 + 40_000];
    Sound::stereo(&samples, &samples)
        .to_wav(Encoding::Pcm16)
        .unwrap()
}

/// The recording is stored once, whole, and nothing else is.
async fn is_stored_whole(app: &TestApp, file: &[u8]) {
    let row = app.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(file)));
    let head = app.objects().head(&row.object_key).await.unwrap().unwrap();
    assert_eq!(head.size, file.len() as u64);
    app.heard::<RecordingStored>(1).await;
    assert_eq!(app.stored().len(), 1);
    assert_eq!(app.keys_in_store().await.len(), 2);
    eventually("no upload is left over", async || {
        let store = app.objects();
        store.sweep_uploads("recordings/", Duration::ZERO).await == Ok(0)
    })
    .await;
}

/// While the store refuses, the recording is on its way, however often it is tried.
async fn waits_out(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(large())]).await;
    eventually("it was tried again", async || {
        app.trouble().refused() >= 3 && app.twilio().asked(RECORDING).len() >= 2
    })
    .await;
    assert_eq!(app.rows().await[0].status, "processing");
    assert!(app.keys_in_store().await.is_empty());
    assert!(app.dead().await.is_empty());
    app.trouble().over();
    is_stored_whole(&app, &large()).await;
}

pub async fn store_that_is_full_is_waited_for(app: Arc<TestApp>) {
    app.trouble().full();
    waits_out(app).await;
}

pub async fn store_that_forbids_is_waited_for(app: Arc<TestApp>) {
    app.trouble().forbidden();
    waits_out(app).await;
}

pub async fn store_that_asks_for_less_is_waited_for(app: Arc<TestApp>) {
    app.trouble().slow_down();
    waits_out(app).await;
}

pub async fn store_that_is_slow_gets_the_whole_file(app: Arc<TestApp>) {
    app.trouble().slow(Duration::from_millis(300));
    app.recorded([Answer::Sound(large())]).await;
    is_stored_whole(&app, &large()).await;
    assert_eq!(app.twilio().asked(RECORDING).len(), 1);
}

pub async fn process_that_ends_in_mid_download_is_followed_by_one_that_stores(app: Arc<TestApp>) {
    let file = large();
    app.recorded([Answer::Stalled(file.clone())]).await;
    eventually("the download has begun", async || {
        !app.twilio().asked(RECORDING).is_empty()
    })
    .await;
    app.stop().await;
    app.twilio().files(RECORDING, [Answer::Sound(file.clone())]);
    app.restart().await;
    is_stored_whole(&app, &file).await;
}

/// What a process that was killed leaves: parts of an upload that nobody goes on with.
pub async fn upload_of_a_killed_process_is_done_again_and_leaves_nothing(app: Arc<TestApp>) {
    let (file, key) = (large(), role::recording_key("smith", RECORDING, "wav"));
    let mut killed = app.objects().upload(&key, "audio/wav").await.unwrap();
    killed.write(&file[..objects::PART + 1_000]).await.unwrap();
    std::mem::forget(killed);
    app.recorded([Answer::Sound(file.clone())]).await;
    is_stored_whole(&app, &file).await;
}

pub async fn small_file_of_a_store_in_trouble_is_stored_once(app: Arc<TestApp>) {
    app.trouble().slow_down();
    app.recorded([Answer::Sound(sound())]).await;
    eventually("it was tried", async || app.trouble().refused() >= 1).await;
    app.trouble().over();
    is_stored_whole(&app, &sound()).await;
}
