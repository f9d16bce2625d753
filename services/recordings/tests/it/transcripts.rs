//! Recordings in words: ordered where the tenant wants it, kept beside the file, served, and gone with it.

use std::sync::Arc;

use events::v1::{AiUsage, RecordingSettings, RecordingTranscribe, RecordingTranscribed};
use reqwest::Method;
use serde_json::json;
use testkit::{ADMIN, eventually};

use crate::lab::{CALL, Lab, RECORDING, sound, track};
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
async fn ordered(lab: &Lab) -> RecordingTranscribe {
    lab.wants(wanted());
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.started_as_wanted(CALL).await;
    lab.call_is_known().await;
    lab.told("completed", |_| {}).await;
    let ordered = lab.ear.hear::<RecordingTranscribe>(1).await;
    ordered[0].1.clone()
}

/// Scoring has transcribed.
async fn transcribed(lab: &Lab, order: &RecordingTranscribe) {
    let document = json!({
        "sha256": order.sha256, "language": "en-US", "is_whole": true,
        "turns": [
            { "speaker": "customer", "from_s": 0.0, "to_s": 1.5, "text": "good morning" },
            { "speaker": "business", "from_s": 1.8, "to_s": 2.0, "text": "hello" },
        ],
        "usage": { "provider": "openai", "model": "whisper-large", "simulated": false, "latency_ms": 1, "attempts": 1 },
    });
    let (objects, document) = (lab.objects(), document.to_string());
    let put = objects.put(&order.transcript_key, document, "application/json");
    put.await.unwrap();
    lab.publish(&RecordingTranscribed {
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

pub async fn recording_is_transcribed_served_by_speaker_and_deleted_with_its_file(lab: Arc<Lab>) {
    let order = ordered(&lab).await;
    let row = lab.is("completed").await;
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
    let (status, early) = lab.ask(Method::GET, &path, ADMIN).await;
    assert_eq!(
        (status, &early["error"]["code"]),
        (409, &"not_ready".into())
    );
    transcribed(&lab, &order).await;
    eventually("it is told", async || {
        let stored = lab.stored();
        let told = stored
            .last()
            .map(|it| it.metadata.clone())
            .unwrap_or_default();
        told.contains("\"turns\":2") && !told.contains("good morning")
    })
    .await;
    let (status, found) = lab.ask(Method::GET, &path, "read-smith").await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        found["turns"][0],
        json!({ "speaker": "customer", "from_s": 0.0, "to_s": 1.5, "text": "good morning" })
    );
    assert_eq!(
        (&found["language"], &found["provider"]),
        (&"en-US".into(), &"openai".into())
    );
    assert_eq!(lab.ask(Method::GET, &path, "read-jones").await.0, 404);
    let whole = path.replace("/transcript", "");
    assert_eq!(lab.ask(Method::DELETE, &whole, ADMIN).await.0, 204);
    eventually("file, waveform and transcript are gone", async || {
        lab.keys_in_store().await.is_empty()
    })
    .await;
    // One that comes after the recording was deleted goes too.
    transcribed(&lab, &order).await;
    eventually("the late transcript is gone", async || {
        lab.keys_in_store().await.is_empty() && lab.is("deleted").await.transcript_key.is_empty()
    })
    .await;
}

pub async fn recording_that_is_not_transcribed_says_why(lab: Arc<Lab>) {
    let order = ordered(&lab).await;
    let row = lab.is("completed").await;
    lab.publish(&RecordingTranscribed {
        recording_id: order.recording_id,
        call_sid: order.call_sid,
        key: order.key,
        reason: "provider_refused".into(),
        ..RecordingTranscribed::default()
    })
    .await;
    lab.row_is(|rows| rows[0].metadata.0["transcript"]["status"] == "failed")
        .await;
    let path = format!("/calls/{CALL}/recording/{}/transcript", row.id);
    let (status, refused) = lab.ask(Method::GET, &path, ADMIN).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &"not_transcribed".into())
    );
    let words = refused["error"]["message"].as_str().unwrap();
    assert!(words.contains("provider_refused"), "{words}");
}

pub async fn only_twilios_recording_of_a_call_is_transcribed_and_only_where_it_is_wanted(
    lab: Arc<Lab>,
) {
    // The tenant does not want it.
    lab.recorded([Answer::Sound(sound())]).await;
    let row = lab.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}/transcript", row.id);
    assert_eq!(lab.ask(Method::GET, &path, ADMIN).await.0, 404);
    lab.publish(&track("user")).await;
    lab.row_is(|rows| rows.len() == 2).await;
    // Answers of interviews are transcribed by who asked for them.
    lab.wants(wanted());
    let (call, answer) = (CALL.replace('1', "7"), RECORDING.replace('1', "7"));
    lab.twilio().files(&answer, [Answer::Sound(sound())]);
    lab.started_as_wanted(&call).await;
    lab.told("completed", |event| {
        event.call_sid.clone_from(&call);
        event.source = "RecordVerb".into();
        if let Some(file) = &mut event.recording {
            file.url = file.url.replace(RECORDING, &answer);
            file.recording_sid.clone_from(&answer);
        }
    })
    .await;
    eventually("the answer is stored", async || {
        let row = lab.row_of(&call).await;
        row.is_some_and(|row| row.status == "completed")
    })
    .await;
    assert!(lab.ear.heard::<RecordingTranscribe>().is_empty());
}
