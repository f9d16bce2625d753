//! Where no provider is configured.

use std::sync::Arc;

use audio::Sound;
use events::v1::{
    AnswerScored, AnswerTranscribed, InterviewSummarized, QuestionWritten, SpeechNotSynthesized,
    SpeechSynthesized,
};

use crate::lab::{Lab, RECORDING, score, speak, summarize, transcribe, write};
use crate::outside::wav;

const SAID: &str = "I led a team of five through a migration";

pub async fn words_are_simulated_and_say_so(lab: Arc<Lab>) {
    lab.world().record(RECORDING, wav(SAID), 1);
    lab.publish(&transcribe("a1")).await;
    let (_, heard) = lab.ear.hear::<AnswerTranscribed>(1).await.remove(0);
    assert_eq!(heard.transcript, SAID);
    lab.publish(&score("a1", SAID)).await;
    let (_, scored) = lab.ear.hear::<AnswerScored>(1).await.remove(0);
    assert!(scored.score <= 100 && SAID.contains(&scored.quote));
    lab.publish(&write("w1")).await;
    let (_, written) = lab.ear.hear::<QuestionWritten>(1).await.remove(0);
    assert!(!written.question.is_empty());
    lab.publish(&summarize("i1", &[Some(60), Some(81)])).await;
    let (_, summary) = lab.ear.hear::<InterviewSummarized>(1).await.remove(0);
    assert_eq!(summary.overall_score, 71);
    for usage in [heard.usage, scored.usage, written.usage, summary.usage] {
        let usage = usage.unwrap();
        assert!(usage.simulated && usage.provider == "simulated");
    }
}

pub async fn people_are_not_spoken_to_in_tones(lab: Arc<Lab>) {
    lab.publish(&speak("Hello there.")).await;
    let (_, event) = lab.ear.hear::<SpeechNotSynthesized>(1).await.remove(0);
    assert_eq!(event.reason, "no_provider");
    let shown = lab.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["speech"]["available"]),
        (&false.into(), &false.into())
    );
    assert_eq!(shown["chat"]["simulated"], true);
}

pub async fn the_emulators_callers_hear_tones(lab: Arc<Lab>) {
    lab.publish(&speak("Hello there.")).await;
    let (_, event) = lab.ear.hear::<SpeechSynthesized>(1).await.remove(0);
    assert!(event.usage.unwrap().simulated);
    let kept = lab
        .objects()
        .get(&format!("audio/{}", event.file))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        Sound::read(&kept.bytes).unwrap().heard().as_deref(),
        Some("Hello there.")
    );
    let shown = lab.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["speech"]["simulated"]),
        (&true.into(), &true.into())
    );
}
