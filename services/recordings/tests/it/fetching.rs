//! Twilio's file, from its host into the store.

use std::sync::Arc;

use audio::{Encoding, Sound};
use events::v1::{RecordingAbsent, RecordingStored};
use sha2::{Digest, Sha256};

use crate::lab::{ACCOUNT, CALL, Lab, RECORDING, sound};
use crate::twilio::{Answer, Twilio};

pub async fn file_is_stored_once_with_its_facts(lab: Arc<Lab>) {
    lab.recorded([Answer::Sound(sound())]).await;
    let row = lab.is("completed").await;
    assert_eq!(
        (row.format.as_str(), row.channels, row.duration_ms),
        ("wav", 2, Some(2_000))
    );
    assert_eq!(row.size_bytes, Some(i64::try_from(sound().len()).unwrap()));
    assert_eq!(row.sha256, hex::encode(Sha256::digest(sound())));
    lab.heard::<RecordingStored>(1).await;
    let told = &lab.stored()[0];
    assert_eq!(
        (told.recording_sid.as_str(), told.call_sid.as_str()),
        (RECORDING, CALL)
    );
    assert_eq!(told.recording_type, "twilio");
    let object = lab.objects().get(&row.object_key).await.unwrap().unwrap();
    assert_eq!(
        (object.bytes.as_ref(), object.content_type.as_str()),
        (&sound()[..], "audio/wav")
    );
    let peaks = lab.objects().get(&row.peaks_key).await.unwrap().unwrap();
    let peaks: serde_json::Value = serde_json::from_slice(&peaks.bytes).unwrap();
    assert_eq!(peaks["channels"].as_array().unwrap().len(), 2);
    assert_eq!(peaks["channels"][0].as_array().unwrap().len(), 200);
    let asked = lab.twilio().asked(RECORDING);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].query, "RequestedChannels=2");
    assert!(asked[0].path.contains(ACCOUNT) && asked[0].authorization.starts_with("Basic "));
}

pub async fn file_that_is_not_there_is_waited_for(lab: Arc<Lab>) {
    let missing = || Answer::Status(404);
    let answers = [
        missing(),
        missing(),
        Answer::Status(503),
        Answer::Sound(sound()),
    ];
    lab.recorded(answers).await;
    lab.is("completed").await;
    assert_eq!(lab.twilio().asked(RECORDING).len(), 4);
}

pub async fn one_channel_is_fetched_where_there_are_not_two(lab: Arc<Lab>) {
    lab.twilio().mono();
    let file = Sound::mono(audio::speech("good morning", Some(2.0))).to_wav(Encoding::Pcm16);
    lab.recorded([Answer::Sound(file.unwrap())]).await;
    assert_eq!(lab.is("completed").await.channels, 1);
    let queries: Vec<String> = lab
        .twilio()
        .asked(RECORDING)
        .into_iter()
        .map(|it| it.query)
        .collect();
    assert_eq!(queries, ["RequestedChannels=2", ""]);
}

pub async fn page_and_broken_file_are_fetched_again(lab: Arc<Lab>) {
    let empty = Sound::mono(Vec::new()).to_wav(Encoding::Pcm16).unwrap();
    let answers = [
        Answer::Page,
        Answer::Short(sound()),
        Answer::Sound(empty),
        Answer::Sound(sound()),
    ];
    lab.recorded(answers).await;
    let row = lab.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(sound())));
    assert_eq!(
        lab.keys_in_store().await.len(),
        2,
        "the file and its waveform"
    );
}

pub async fn page_that_stays_a_page_is_failed(lab: Arc<Lab>) {
    lab.recorded([Answer::Page]).await;
    let row = lab.is("failed").await;
    assert_eq!(row.metadata.0["reason"], "not_audio");
    lab.heard::<RecordingAbsent>(1).await;
    assert_eq!(lab.absent()[0].status, "failed");
    assert!(lab.keys_in_store().await.is_empty());
}

pub async fn address_on_another_host_is_not_fetched(lab: Arc<Lab>) {
    let elsewhere = Twilio::start();
    elsewhere.world.files(RECORDING, [Answer::Sound(sound())]);
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.started(CALL).await;
    let url = format!(
        "{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        elsewhere.url
    );
    lab.told("completed", |event| {
        if let Some(file) = &mut event.recording {
            file.url = url;
        }
    })
    .await;
    let row = lab.is("failed").await;
    assert_eq!(row.metadata.0["reason"], "foreign_host");
    assert!(elsewhere.world.all().is_empty(), "nobody was asked there");
    assert!(lab.twilio().asked(RECORDING).is_empty());
}

pub async fn redirect_carries_no_credentials(lab: Arc<Lab>) {
    let elsewhere = Twilio::start();
    elsewhere.world.files("file", [Answer::Sound(sound())]);
    // Another host: the same machine by another name.
    let other = elsewhere.url.replace("127.0.0.1", "localhost");
    lab.recorded([Answer::Redirect(format!("{other}/file.wav"))])
        .await;
    lab.is("completed").await;
    let asked = elsewhere.world.all();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].authorization, "");
}

pub async fn deleted_recording_is_told_with_its_reason(lab: Arc<Lab>) {
    lab.twilio().says(RECORDING, "deleted");
    lab.recorded([Answer::Status(404)]).await;
    // It had been there when it was told of.
    lab.twilio().says(RECORDING, "deleted");
    let row = lab.is("deleted").await;
    assert_eq!(row.metadata.0["reason"], "deleted_at_twilio");
    lab.heard::<RecordingAbsent>(1).await;
    assert_eq!(lab.absent()[0].status, "deleted");
}

/// A file where the folder of unfinished objects should be: nothing can be stored until it is gone.
pub async fn store_that_is_away_is_waited_for(lab: Arc<Lab>) {
    let blocked = lab.folder().join(".unfinished");
    std::fs::create_dir_all(lab.folder()).unwrap();
    let _ = std::fs::remove_dir_all(&blocked);
    std::fs::write(&blocked, "in the way").unwrap();
    lab.recorded([Answer::Sound(sound())]).await;
    testkit::eventually("it was tried", async || {
        lab.twilio().asked(RECORDING).len() >= 3
    })
    .await;
    assert_eq!(lab.rows().await[0].status, "processing");
    std::fs::remove_file(&blocked).unwrap();
    std::fs::create_dir_all(&blocked).unwrap();
    lab.is("completed").await;
}

pub async fn file_larger_than_a_part_is_stored_in_parts(lab: Arc<Lab>) {
    let seconds = 2 * objects::PART / 32_000;
    let samples = vec![77; seconds * 8_000];
    let file = Sound::stereo(&samples, &samples)
        .to_wav(Encoding::Pcm16)
        .unwrap();
    lab.recorded([Answer::Short(file.clone()), Answer::Sound(file.clone())])
        .await;
    let row = lab.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(&file)));
    let head = lab.objects().head(&row.object_key).await.unwrap().unwrap();
    assert_eq!(head.size, file.len() as u64);
    let left = std::fs::read_dir(lab.folder().join(".unfinished"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "what broke off was aborted");
}
