//! Where no provider is configured.

use std::sync::Arc;

use audio::Sound;
use events::v1::{
    AnswerScored, AnswerTranscribed, InterviewSummarized, QuestionWritten, SpeechSynthesisFailed,
    SpeechSynthesized,
};

use crate::outside::wav;
use crate::test_app::{RECORDING, TestApp, score, speak, summarize, transcribe, write};

const SAID: &str = "I led a team of five through a migration";

pub async fn words_are_simulated_and_say_so(app: Arc<TestApp>) {
    app.world().record(RECORDING, wav(SAID), 1);
    app.publish(&transcribe("a1")).await;
    let (_, heard) = app
        .recorder
        .wait_for::<AnswerTranscribed>(1)
        .await
        .remove(0);
    assert_eq!(heard.transcript, SAID);
    app.publish(&score("a1", SAID)).await;
    let (_, scored) = app.recorder.wait_for::<AnswerScored>(1).await.remove(0);
    assert!(scored.score <= 100 && SAID.contains(&scored.quote));
    app.publish(&write("w1")).await;
    let (_, written) = app.recorder.wait_for::<QuestionWritten>(1).await.remove(0);
    assert!(!written.question.is_empty());
    app.publish(&summarize("i1", &[Some(60), Some(81)])).await;
    let (_, summary) = app
        .recorder
        .wait_for::<InterviewSummarized>(1)
        .await
        .remove(0);
    assert_eq!(summary.overall_score, 71);
    for usage in [heard.usage, scored.usage, written.usage, summary.usage] {
        let usage = usage.unwrap();
        assert!(usage.simulated && usage.provider == "simulated");
    }
}

pub async fn people_are_not_spoken_to_in_tones(app: Arc<TestApp>) {
    app.publish(&speak("Hello there.")).await;
    let (_, event) = app
        .recorder
        .wait_for::<SpeechSynthesisFailed>(1)
        .await
        .remove(0);
    assert_eq!(event.reason, "no_provider");
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["speech"]["available"]),
        (&false.into(), &false.into())
    );
    assert_eq!(shown["chat"]["simulated"], true);
}

pub async fn emulators_callers_hear_tones(app: Arc<TestApp>) {
    app.publish(&speak("Hello there.")).await;
    let (_, event) = app
        .recorder
        .wait_for::<SpeechSynthesized>(1)
        .await
        .remove(0);
    assert!(event.usage.unwrap().simulated);
    let kept = app
        .objects()
        .get(&format!("audio/{}", event.file))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        Sound::read(&kept.bytes).unwrap().heard().as_deref(),
        Some("Hello there.")
    );
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["speech"]["simulated"]),
        (&true.into(), &true.into())
    );
}
