//! A store in trouble, and processes that end in the middle: nothing is lost, nothing is left over.

use std::sync::Arc;
use std::time::Duration;

use audio::{Encoding, Sound};
use events::v1::RecordingStored;
use sha2::{Digest, Sha256};
use testkit::eventually;

use crate::lab::{Lab, RECORDING, sound};
use crate::twilio::Answer;

/// More than two parts.
fn large() -> Vec<u8> {
    let samples = vec![77; objects::PART / 2 + 40_000];
    Sound::stereo(&samples, &samples)
        .to_wav(Encoding::Pcm16)
        .unwrap()
}

/// The recording is stored once, whole, and nothing else is.
async fn is_stored_whole(lab: &Lab, file: &[u8]) {
    let row = lab.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(file)));
    let head = lab.objects().head(&row.object_key).await.unwrap().unwrap();
    assert_eq!(head.size, file.len() as u64);
    lab.heard::<RecordingStored>(1).await;
    assert_eq!(lab.stored().len(), 1);
    assert_eq!(lab.keys_in_store().await.len(), 2);
    eventually("no upload is left over", async || {
        let store = lab.objects();
        store.sweep_uploads("recordings/", Duration::ZERO).await == Ok(0)
    })
    .await;
}

/// While the store refuses, the recording is on its way, however often it is tried.
async fn waits_out(lab: Arc<Lab>) {
    lab.recorded([Answer::Sound(large())]).await;
    eventually("it was tried again", async || {
        lab.trouble().refused() >= 3 && lab.twilio().asked(RECORDING).len() >= 2
    })
    .await;
    assert_eq!(lab.rows().await[0].status, "processing");
    assert!(lab.keys_in_store().await.is_empty());
    assert!(lab.dead().await.is_empty());
    lab.trouble().over();
    is_stored_whole(&lab, &large()).await;
}

pub async fn store_that_is_full_is_waited_for(lab: Arc<Lab>) {
    lab.trouble().full();
    waits_out(lab).await;
}

pub async fn store_that_forbids_is_waited_for(lab: Arc<Lab>) {
    lab.trouble().forbidden();
    waits_out(lab).await;
}

pub async fn store_that_asks_for_less_is_waited_for(lab: Arc<Lab>) {
    lab.trouble().slow_down();
    waits_out(lab).await;
}

pub async fn store_that_is_slow_gets_the_whole_file(lab: Arc<Lab>) {
    lab.trouble().slow(Duration::from_millis(300));
    lab.recorded([Answer::Sound(large())]).await;
    is_stored_whole(&lab, &large()).await;
    assert_eq!(lab.twilio().asked(RECORDING).len(), 1);
}

pub async fn process_that_ends_in_mid_download_is_followed_by_one_that_stores(lab: Arc<Lab>) {
    let file = large();
    lab.recorded([Answer::Stalled(file.clone())]).await;
    eventually("the download has begun", async || {
        !lab.twilio().asked(RECORDING).is_empty()
    })
    .await;
    lab.stop().await;
    lab.twilio().files(RECORDING, [Answer::Sound(file.clone())]);
    lab.restart().await;
    is_stored_whole(&lab, &file).await;
}

/// What a process that was killed leaves: parts of an upload that nobody goes on with.
pub async fn upload_of_a_killed_process_is_done_again_and_leaves_nothing(lab: Arc<Lab>) {
    let (file, key) = (large(), role::recording_key("smith", RECORDING, "wav"));
    let mut killed = lab.objects().upload(&key, "audio/wav").await.unwrap();
    killed.write(&file[..objects::PART + 1_000]).await.unwrap();
    std::mem::forget(killed);
    lab.recorded([Answer::Sound(file.clone())]).await;
    is_stored_whole(&lab, &file).await;
}

pub async fn small_file_of_a_store_in_trouble_is_stored_once(lab: Arc<Lab>) {
    lab.trouble().slow_down();
    lab.recorded([Answer::Sound(sound())]).await;
    eventually("it was tried", async || lab.trouble().refused() >= 1).await;
    lab.trouble().over();
    is_stored_whole(&lab, &sound()).await;
}
