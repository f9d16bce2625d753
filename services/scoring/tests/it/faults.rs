//! A provider that fails, and a store that does.

use std::sync::Arc;

use events::v1::{
    AnswerScored, AnswerScoringFailed, AnswerTranscriptionFailed, QuestionWritingFailed,
    SpeechSynthesisFailed, SpeechSynthesized,
};

use crate::answers::scored;
use crate::outside::{Mishap, wav};
use crate::test_app::{RECORDING, TestApp, score, speak, transcribe, write};

pub async fn fault_that_passes(app: Arc<TestApp>) {
    app.world().say([scored(70, "a team")]);
    app.world()
        .will("completions", [Mishap::Busy(0), Mishap::Rubbish]);
    app.publish(&score("a1", "I led a team")).await;
    let (_, event) = app.recorder.wait_for::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.usage.unwrap().attempts), (70, 3));
    app.world().will("speech", [Mishap::Status(503)]);
    app.publish(&speak("Hello there.")).await;
    app.recorder.wait_for::<SpeechSynthesized>(1).await;
    assert!(app.dead().await.is_empty());
}

pub async fn fault_that_does_not_pass(app: Arc<TestApp>) {
    app.world().always("speech", Mishap::Hang);
    app.world().always("completions", Mishap::Rubbish);
    app.publish(&speak("Hello there.")).await;
    app.publish(&write("w1")).await;
    let (_, event) = app
        .recorder
        .wait_for::<QuestionWritingFailed>(1)
        .await
        .remove(0);
    assert_eq!(
        (event.write_id.as_str(), event.reason.as_str()),
        ("w1", "provider_failed")
    );
    let (_, event) = app
        .recorder
        .wait_for::<SpeechSynthesisFailed>(1)
        .await
        .remove(0);
    assert!(
        ["deadline", "provider_failed"].contains(&event.reason.as_str()),
        "{}",
        event.reason
    );
    assert!(app.dead().await.is_empty());
}

pub async fn refusal_is_final(app: Arc<TestApp>) {
    app.world().always("completions", Mishap::Status(401));
    app.publish(&score("a1", "I led a team")).await;
    let (_, event) = app
        .recorder
        .wait_for::<AnswerScoringFailed>(1)
        .await
        .remove(0);
    assert_eq!(event.reason, "provider_refused");
    assert_eq!(app.world().asked("completions").len(), 1);
    app.world().record(RECORDING, wav("whatever"), 0);
    app.world().always("transcriptions", Mishap::Status(400));
    app.publish(&transcribe("a1")).await;
    let (_, event) = app
        .recorder
        .wait_for::<AnswerTranscriptionFailed>(1)
        .await
        .remove(0);
    assert_eq!(event.reason, "provider_refused");
    assert_eq!(app.world().asked("transcriptions").len(), 1);
}

/// Without a place for its result nobody is paid.
pub async fn store_that_is_away(app: Arc<TestApp>) {
    app.world().say([scored(70, "a team")]);
    app.publish(&score("a1", "I led a team")).await;
    app.recorder.wait_for::<AnswerScored>(1).await;
    let (folder, aside) = (app.folder().join("trunkline"), app.folder().join("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    app.publish(&score("a2", "I led a team")).await;
    let (_, event) = app
        .recorder
        .wait_for::<AnswerScoringFailed>(1)
        .await
        .remove(0);
    assert_eq!(
        (event.answer_id.as_str(), event.reason.as_str()),
        ("a2", "store_failed")
    );
    assert_eq!(app.world().asked("completions").len(), 1);
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["objects"]["available"]),
        (&false.into(), &false.into())
    );
    std::fs::rename(&aside, &folder).unwrap();
    app.publish(&score("a2", "I led a team")).await;
    app.recorder.wait_for::<AnswerScored>(2).await;
}
