//! Twilio's file, from its host into the store.

use std::sync::Arc;

use audio::{Encoding, Sound};
use events::v1::{RecordingAbsent, RecordingStored};
use sha2::{Digest, Sha256};

use crate::test_app::{ACCOUNT, CALL, RECORDING, TestApp, sound};
use crate::twilio::{Answer, Twilio};

pub async fn file_is_stored_once_with_its_facts(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    assert_eq!(
        (row.format.as_str(), row.channels, row.duration_ms),
        ("wav", 2, Some(2_000))
    );
    assert_eq!(row.size_bytes, Some(i64::try_from(sound().len()).unwrap()));
    assert_eq!(row.sha256, hex::encode(Sha256::digest(sound())));
    app.heard::<RecordingStored>(1).await;
    let told = &app.stored()[0];
    assert_eq!(
        (told.recording_sid.as_str(), told.call_sid.as_str()),
        (RECORDING, CALL)
    );
    assert_eq!(told.recording_type, "twilio");
    let object = app.objects().get(&row.object_key).await.unwrap().unwrap();
    assert_eq!(
        (object.bytes.as_ref(), object.content_type.as_str()),
        (&sound()[..], "audio/wav")
    );
    let peaks = app.objects().get(&row.peaks_key).await.unwrap().unwrap();
    let peaks: serde_json::Value = serde_json::from_slice(&peaks.bytes).unwrap();
    assert_eq!(peaks["channels"].as_array().unwrap().len(), 2);
    assert_eq!(peaks["channels"][0].as_array().unwrap().len(), 200);
    let asked = app.twilio().asked(RECORDING);
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].query, "RequestedChannels=2");
    assert!(asked[0].path.contains(ACCOUNT) && asked[0].authorization.starts_with("Basic "));
}

pub async fn file_that_is_not_there_is_waited_for(app: Arc<TestApp>) {
    let missing = || Answer::Status(404);
    let answers = [
        missing(),
        missing(),
        Answer::Status(503),
        Answer::Sound(sound()),
    ];
    app.recorded(answers).await;
    app.is("completed").await;
    assert_eq!(app.twilio().asked(RECORDING).len(), 4);
}

pub async fn one_channel_is_fetched_where_there_are_not_two(app: Arc<TestApp>) {
    app.twilio().mono();
    let file = Sound::mono(audio::speech("good morning", Some(2.0))).to_wav(Encoding::Pcm16);
    app.recorded([Answer::Sound(file.unwrap())]).await;
    assert_eq!(app.is("completed").await.channels, 1);
    let queries: Vec<String> = app
        .twilio()
        .asked(RECORDING)
        .into_iter()
        .map(|it| it.query)
        .collect();
    assert_eq!(queries, ["RequestedChannels=2", ""]);
}

pub async fn page_and_broken_file_are_fetched_again(app: Arc<TestApp>) {
    let empty = Sound::mono(Vec::new()).to_wav(Encoding::Pcm16).unwrap();
    let answers = [
        Answer::Page,
        Answer::Short(sound()),
        Answer::Sound(empty),
        Answer::Sound(sound()),
    ];
    app.recorded(answers).await;
    let row = app.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(sound())));
    assert_eq!(
        app.keys_in_store().await.len(),
        2,
        "the file and its waveform"
    );
}

pub async fn page_that_stays_a_page_is_failed(app: Arc<TestApp>) {
    app.recorded([Answer::Page]).await;
    let row = app.is("failed").await;
    assert_eq!(row.metadata.0["reason"], "not_audio");
    app.heard::<RecordingAbsent>(1).await;
    assert_eq!(app.absent()[0].status, "failed");
    assert!(app.keys_in_store().await.is_empty());
}

pub async fn address_on_another_host_is_not_fetched(app: Arc<TestApp>) {
    let elsewhere = Twilio::start();
    elsewhere.world.files(RECORDING, [Answer::Sound(sound())]);
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started(CALL).await;
    let url = format!(
        "{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
        elsewhere.url
    );
    app.told("completed", |event| {
        if let Some(file) = &mut event.recording {
            file.url = url;
        }
    })
    .await;
    let row = app.is("failed").await;
    assert_eq!(row.metadata.0["reason"], "foreign_host");
    assert!(elsewhere.world.all().is_empty(), "nobody was asked there");
    assert!(app.twilio().asked(RECORDING).is_empty());
}

pub async fn redirect_carries_no_credentials(app: Arc<TestApp>) {
    let elsewhere = Twilio::start();
    elsewhere.world.files("file", [Answer::Sound(sound())]);
    // Another host: the same machine by another name.
    let other = elsewhere.url.replace("127.0.0.1", "localhost");
    app.recorded([Answer::Redirect(format!("{other}/file.wav"))])
        .await;
    app.is("completed").await;
    let asked = elsewhere.world.all();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].authorization, "");
}

pub async fn deleted_recording_is_told_with_its_reason(app: Arc<TestApp>) {
    app.twilio().says(RECORDING, "deleted");
    app.recorded([Answer::Status(404)]).await;
    // It had been there when it was told of.
    app.twilio().says(RECORDING, "deleted");
    let row = app.is("deleted").await;
    assert_eq!(row.metadata.0["reason"], "deleted_at_twilio");
    app.heard::<RecordingAbsent>(1).await;
    assert_eq!(app.absent()[0].status, "deleted");
}

/// A file where the folder of unfinished objects should be: nothing can be stored until it is gone.
pub async fn store_that_is_away_is_waited_for(app: Arc<TestApp>) {
    let blocked = app.folder().join(".unfinished");
    std::fs::create_dir_all(app.folder()).unwrap();
    let _ = std::fs::remove_dir_all(&blocked);
    std::fs::write(&blocked, "in the way").unwrap();
    app.recorded([Answer::Sound(sound())]).await;
    testkit::eventually("it was tried", async || {
        app.twilio().asked(RECORDING).len() >= 3
    })
    .await;
    assert_eq!(app.rows().await[0].status, "processing");
    std::fs::remove_file(&blocked).unwrap();
    std::fs::create_dir_all(&blocked).unwrap();
    app.is("completed").await;
}

pub async fn file_larger_than_a_part_is_stored_in_parts(app: Arc<TestApp>) {
    let seconds = 2 * objects::PART / 32_000;
    let samples = vec![77; seconds * 8_000];
    let file = Sound::stereo(&samples, &samples)
        .to_wav(Encoding::Pcm16)
        .unwrap();
    app.recorded([Answer::Short(file.clone()), Answer::Sound(file.clone())])
        .await;
    let row = app.is("completed").await;
    assert_eq!(row.sha256, hex::encode(Sha256::digest(&file)));
    let head = app.objects().head(&row.object_key).await.unwrap().unwrap();
    assert_eq!(head.size, file.len() as u64);
    let left = std::fs::read_dir(app.folder().join(".unfinished"))
        .unwrap()
        .count();
    assert_eq!(left, 0, "what broke off was aborted");
}
