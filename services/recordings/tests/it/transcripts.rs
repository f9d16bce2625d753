//! Recordings in words: ordered where the tenant wants it, kept beside the file, served, and gone with it.

use std::sync::Arc;

use events::v1::{AiUsage, RecordingSettings, RecordingTranscribe, RecordingTranscribed};
use reqwest::Method;
use serde_json::{Value, json};
use testkit::{ADMIN, eventually};

use crate::test_app::{CALL, RECORDING, TestApp, sound, track};
use crate::twilio::Answer;

fn wanted() -> RecordingSettings {
    RecordingSettings {
        enabled: true,
        format: "wav".into(),
        encryption: "kms".into(),
        kms_key: "alias/recordings".into(),
        transcribe: true,
        transcribe_language: "en-US".into(),
        transcribe_model: "whisper-large".into(),
        ..RecordingSettings::default()
    }
}

/// A recording whose transcript is ordered.
async fn ordered(app: &TestApp) -> RecordingTranscribe {
    app.wants(wanted());
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started_as_wanted(CALL).await;
    app.call_is_known().await;
    app.told("completed", |_| {}).await;
    let ordered = app.recorder.wait_for::<RecordingTranscribe>(1).await;
    ordered[0].1.clone()
}

fn words() -> Value {
    json!([{ "text": "good", "from_s": 0.1, "to_s": 0.5 }, { "text": "morning", "from_s": 0.6, "to_s": 1.4 }])
}

/// Scoring has transcribed.
async fn transcribed(app: &TestApp, order: &RecordingTranscribe) {
    let document = json!({
        "sha256": order.sha256, "language": "en-US", "is_whole": true,
        "turns": [
            { "speaker": "customer", "from_s": 0.0, "to_s": 1.5, "text": "good morning", "words": words() },
            { "speaker": "business", "from_s": 1.8, "to_s": 2.0, "text": "hello" },
        ],
        "usage": { "provider": "openai", "model": "whisper-large", "simulated": false, "latency_ms": 1, "attempts": 1 },
    });
    let (objects, document) = (app.objects(), document.to_string());
    let put = objects.put(&order.transcript_key, document, "application/json");
    put.await.unwrap();
    app.publish(&RecordingTranscribed {
        recording_id: order.recording_id.clone(),
        call_sid: order.call_sid.clone(),
        key: order.key.clone(),
        transcript_key: order.transcript_key.clone(),
        turns: 2,
        usage: Some(AiUsage::default()),
        ..RecordingTranscribed::default()
    })
    .await;
}

pub async fn recording_is_transcribed_served_by_speaker_and_deleted_with_its_file(
    app: Arc<TestApp>,
) {
    let order = ordered(&app).await;
    let row = app.is("completed").await;
    assert_eq!((&order.key, &order.sha256), (&row.object_key, &row.sha256));
    assert_eq!(
        order.transcript_key,
        format!("recordings/smith/{RECORDING}.transcript.json")
    );
    assert_eq!(
        (order.language.as_str(), order.model.as_str()),
        ("en-US", "whisper-large")
    );
    assert_eq!(
        (order.encryption.as_str(), order.kms_key.as_str()),
        ("kms", "alias/recordings")
    );
    assert_eq!(order.duration_ms, 2_000);
    let path = format!("/calls/{CALL}/recording/{}/transcript", row.id);
    let (status, early) = app.ask(Method::GET, &path, ADMIN).await;
    assert_eq!(
        (status, &early["error"]["code"]),
        (409, &"not_ready".into())
    );
    transcribed(&app, &order).await;
    eventually("it is told", async || {
        let stored = app.stored();
        let told = stored
            .last()
            .map(|it| it.metadata.clone())
            .unwrap_or_default();
        told.contains("\"turns\":2") && !told.contains("good morning")
    })
    .await;
    let (status, found) = app.ask(Method::GET, &path, "read-smith").await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        found["turns"][0],
        json!({ "speaker": "customer", "from_s": 0.0, "to_s": 1.5, "text": "good morning", "words": words() })
    );
    assert_eq!(found["turns"][1]["words"], json!([]), "none were given");
    assert_eq!(
        (&found["language"], &found["provider"]),
        (&"en-US".into(), &"openai".into())
    );
    assert_eq!(app.ask(Method::GET, &path, "read-jones").await.0, 404);
    let whole = path.replace("/transcript", "");
    assert_eq!(app.ask(Method::DELETE, &whole, ADMIN).await.0, 204);
    eventually("file, waveform and transcript are gone", async || {
        app.keys_in_store().await.is_empty()
    })
    .await;
    // One that comes after the recording was deleted goes too.
    transcribed(&app, &order).await;
    eventually("the late transcript is gone", async || {
        app.keys_in_store().await.is_empty() && app.is("deleted").await.transcript_key.is_empty()
    })
    .await;
}

pub async fn recording_that_is_not_transcribed_says_why(app: Arc<TestApp>) {
    let order = ordered(&app).await;
    let row = app.is("completed").await;
    app.publish(&RecordingTranscribed {
        recording_id: order.recording_id,
        call_sid: order.call_sid,
        key: order.key,
        reason: "provider_refused".into(),
        ..RecordingTranscribed::default()
    })
    .await;
    app.row_is(|rows| rows[0].metadata.0["transcript"]["status"] == "failed")
        .await;
    let path = format!("/calls/{CALL}/recording/{}/transcript", row.id);
    let (status, refused) = app.ask(Method::GET, &path, ADMIN).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &"not_transcribed".into())
    );
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(words.contains("provider_refused"), "{words}");
}

pub async fn only_twilios_recording_of_a_call_is_transcribed_and_only_where_it_is_wanted(
    app: Arc<TestApp>,
) {
    // The tenant does not want it.
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}/transcript", row.id);
    assert_eq!(app.ask(Method::GET, &path, ADMIN).await.0, 404);
    app.publish(&track("user")).await;
    app.row_is(|rows| rows.len() == 2).await;
    // Answers of interviews are transcribed by who asked for them.
    app.wants(wanted());
    let (call, answer) = (CALL.replace('1', "7"), RECORDING.replace('1', "7"));
    app.twilio().files(&answer, [Answer::Sound(sound())]);
    app.started_as_wanted(&call).await;
    app.told("completed", |event| {
        event.call_sid.clone_from(&call);
        event.source = "RecordVerb".into();
        if let Some(file) = &mut event.recording {
            file.url = file.url.replace(RECORDING, &answer);
            file.recording_sid.clone_from(&answer);
        }
    })
    .await;
    eventually("the answer is stored", async || {
        let row = app.row_of(&call).await;
        row.is_some_and(|row| row.status == "completed")
    })
    .await;
    assert!(app.recorder.heard::<RecordingTranscribe>().is_empty());
}
