//! Recordings of calls in words: each side by its channel, turn by turn, paid for once, whoever fails.

use std::sync::Arc;

use audio::{Encoding, Sound};
use events::v1::{RecordingTranscribe, RecordingTranscribed};
use serde_json::{Value, json};
use tokio::sync::Barrier;

use crate::outside::Mishap;
use crate::test_app::TestApp;

const KEY: &str = "recordings/smith/RE1.wav";
const TRANSCRIPT: &str = "recordings/smith/RE1.transcript.json";
/// More than one delivery asks.
const AWAY: usize = 4;

/// The customer speaks, then the business, then the customer again.
fn conversation() -> Vec<u8> {
    let quiet = |seconds: usize| vec![0; seconds * 8_000];
    let said = |words| audio::speech(words, Some(2.0));
    let customer = [said("my boiler is dead"), quiet(4), said("thank you")];
    let business = [quiet(3), said("we come at five"), quiet(3)];
    Sound::stereo(&customer.concat(), &business.concat())
        .to_wav(Encoding::Pcm16)
        .unwrap()
}

fn order() -> RecordingTranscribe {
    let until = clock::Clock::system().now() + chrono::TimeDelta::minutes(10);
    RecordingTranscribe {
        recording_id: "r1".to_owned(),
        call_sid: "CA1".to_owned(),
        tenant_id: "smith".to_owned(),
        key: KEY.to_owned(),
        sha256: "ab".to_owned(),
        duration_ms: 8_000,
        transcript_key: TRANSCRIPT.to_owned(),
        language: "en-US".to_owned(),
        model: "whisper-large".to_owned(),
        patience_until: until.to_rfc3339(),
        ..RecordingTranscribe::default()
    }
}

async fn stored(app: &TestApp, file: Vec<u8>) {
    app.objects().put(KEY, file, "audio/wav").await.unwrap();
}

async fn told(app: &TestApp, count: usize) -> RecordingTranscribed {
    let mut all = app.recorder.wait_for::<RecordingTranscribed>(count).await;
    all.remove(count - 1).1
}

async fn document(app: &TestApp) -> Value {
    let object = app.objects().get(TRANSCRIPT).await.unwrap().unwrap();
    serde_json::from_slice(&object.bytes).unwrap()
}

pub async fn recording_is_transcribed_by_speaker_and_paid_once(app: Arc<TestApp>) {
    stored(&app, conversation()).await;
    app.world().transcribe_as("some words");
    app.publish(&order()).await;
    let done = told(&app, 1).await;
    assert_eq!(
        (done.recording_id.as_str(), done.key.as_str(), done.turns),
        ("r1", KEY, 3)
    );
    assert_eq!(
        (done.transcript_key.as_str(), done.reason.as_str()),
        (TRANSCRIPT, "")
    );
    assert!(!done.usage.unwrap().simulated);
    let kept = document(&app).await;
    let turns = kept["turns"].as_array().unwrap();
    let speakers: Vec<&Value> = turns.iter().map(|it| &it["speaker"]).collect();
    assert_eq!(speakers, ["customer", "business", "customer"]);
    assert!(
        turns.iter().all(|it| it["text"] == "some words"),
        "{kept:#}"
    );
    let from = turns[1]["from_s"].as_f64().unwrap();
    assert!((2.5..3.2).contains(&from), "{from}");
    let asked = app.world().asked("transcriptions");
    assert_eq!(asked.len(), 3, "silence is not paid for");
    assert!(asked.iter().all(|it| it.body.contains("whisper-large")));
    // Ordered again, of a process that knows of nothing; what is told after it shows that it was taken.
    app.restart().await;
    app.publish(&order()).await;
    let other = RecordingTranscribe {
        recording_id: "r2".to_owned(),
        key: "recordings/smith/none.wav".to_owned(),
        transcript_key: "recordings/smith/none.transcript.json".to_owned(),
        ..order()
    };
    app.publish(&other).await;
    let gone = told(&app, 2).await;
    assert_eq!(
        (gone.recording_id.as_str(), gone.reason.as_str()),
        ("r2", "recording_gone")
    );
    assert_eq!(app.world().asked("transcriptions").len(), 3);
}

pub async fn words_have_their_places_where_the_provider_gives_them(app: Arc<TestApp>) {
    stored(&app, conversation()).await;
    app.publish(&order()).await;
    assert_eq!(told(&app, 1).await.turns, 3);
    let kept = document(&app).await;
    let words = kept["turns"][1]["words"].as_array().unwrap();
    let texts: Vec<&Value> = words.iter().map(|it| &it["text"]).collect();
    assert_eq!(texts, ["we", "come", "at", "five"]);
    // From the recording's beginning, not the stretch's.
    let from = words[0]["from_s"].as_f64().unwrap();
    assert!((2.9..3.1).contains(&from), "{kept:#}");
}

/// What was heard before the provider failed is not paid for again, and nothing is given up.
pub async fn provider_that_is_away_in_the_middle_of_a_recording_is_waited_for(app: Arc<TestApp>) {
    stored(&app, conversation()).await;
    app.world().transcribe_as("some words");
    let passes = Mishap::Together(Arc::new(Barrier::new(1)));
    let away = (0..AWAY).map(|_| Mishap::Status(503));
    app.world()
        .will("transcriptions", [passes].into_iter().chain(away));
    app.publish(&order()).await;
    let done = told(&app, 1).await;
    assert_eq!((done.turns, done.reason.as_str()), (3, ""));
    assert_eq!(document(&app).await["turns"].as_array().unwrap().len(), 3);
    let asked = app.world().asked("transcriptions").len();
    assert_eq!(asked, 3 + AWAY, "each turn is heard once");
    assert!(app.dead().await.is_empty());
}

pub async fn recording_that_cannot_be_transcribed_is_told_with_its_reason(app: Arc<TestApp>) {
    let told_of = async |count: usize, order: RecordingTranscribe| {
        app.publish(&order).await;
        let told = told(&app, count).await;
        assert_eq!(told.transcript_key, "");
        told.reason
    };
    let long = RecordingTranscribe {
        duration_ms: 3_600_001,
        ..order()
    };
    assert_eq!(told_of(1, long).await, "recording_too_long");
    stored(&app, b"<html>not a sound</html>".to_vec()).await;
    let broken = RecordingTranscribe {
        sha256: "cd".to_owned(),
        ..order()
    };
    assert_eq!(told_of(2, broken).await, "unreadable_audio");
    stored(&app, conversation()).await;
    app.world().always("transcriptions", Mishap::Status(500));
    let late = RecordingTranscribe {
        sha256: "ef".to_owned(),
        patience_until: "2026-11-29T10:00:00Z".to_owned(),
        ..order()
    };
    assert_eq!(told_of(3, late).await, "provider_failed");
    let kept = app.objects().head(TRANSCRIPT).await.unwrap();
    assert!(kept.is_none(), "nothing was heard, and nothing is kept");
}

pub async fn silence_is_a_transcript_without_turns(app: Arc<TestApp>) {
    let silence = Sound::mono(vec![3; 16_000]).to_wav(Encoding::MuLaw);
    stored(&app, silence.unwrap()).await;
    app.publish(&order()).await;
    let done = told(&app, 1).await;
    assert_eq!(
        (done.turns, done.reason.as_str(), done.usage),
        (0, "", None)
    );
    assert_eq!(document(&app).await["turns"], json!([]));
    assert!(app.world().asked("transcriptions").is_empty());
}
