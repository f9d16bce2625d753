//! A provider that fails, and a store that does.

use std::sync::Arc;

use events::v1::{
    AnswerNotScored, AnswerNotTranscribed, AnswerScored, QuestionNotWritten, SpeechNotSynthesized,
    SpeechSynthesized,
};

use crate::answers::scored;
use crate::lab::{Lab, RECORDING, score, speak, transcribe, write};
use crate::outside::{Mishap, wav};

pub async fn a_fault_that_passes(lab: Arc<Lab>) {
    lab.world().say([scored(70, "a team")]);
    lab.world()
        .will("completions", [Mishap::Busy(0), Mishap::Rubbish]);
    lab.publish(&score("a1", "I led a team")).await;
    let (_, event) = lab.ear.hear::<AnswerScored>(1).await.remove(0);
    assert_eq!((event.score, event.usage.unwrap().attempts), (70, 3));
    lab.world().will("speech", [Mishap::Status(503)]);
    lab.publish(&speak("Hello there.")).await;
    lab.ear.hear::<SpeechSynthesized>(1).await;
    assert!(lab.dead().await.is_empty());
}

pub async fn a_fault_that_does_not_pass(lab: Arc<Lab>) {
    lab.world().always("speech", Mishap::Hang);
    lab.world().always("completions", Mishap::Rubbish);
    lab.publish(&speak("Hello there.")).await;
    lab.publish(&write("w1")).await;
    let (_, event) = lab.ear.hear::<QuestionNotWritten>(1).await.remove(0);
    assert_eq!(
        (event.write_id.as_str(), event.reason.as_str()),
        ("w1", "provider_failed")
    );
    let (_, event) = lab.ear.hear::<SpeechNotSynthesized>(1).await.remove(0);
    assert!(
        ["deadline", "provider_failed"].contains(&event.reason.as_str()),
        "{}",
        event.reason
    );
    assert!(lab.dead().await.is_empty());
}

pub async fn a_refusal_is_final(lab: Arc<Lab>) {
    lab.world().always("completions", Mishap::Status(401));
    lab.publish(&score("a1", "I led a team")).await;
    let (_, event) = lab.ear.hear::<AnswerNotScored>(1).await.remove(0);
    assert_eq!(event.reason, "provider_refused");
    assert_eq!(lab.world().asked("completions").len(), 1);
    lab.world().record(RECORDING, wav("whatever"), 0);
    lab.world().always("transcriptions", Mishap::Status(400));
    lab.publish(&transcribe("a1")).await;
    let (_, event) = lab.ear.hear::<AnswerNotTranscribed>(1).await.remove(0);
    assert_eq!(event.reason, "provider_refused");
    assert_eq!(lab.world().asked("transcriptions").len(), 1);
}

/// Without a place for its result nobody is paid.
pub async fn a_store_that_is_away(lab: Arc<Lab>) {
    lab.world().say([scored(70, "a team")]);
    lab.publish(&score("a1", "I led a team")).await;
    lab.ear.hear::<AnswerScored>(1).await;
    let (folder, aside) = (lab.folder().join("trunkline"), lab.folder().join("aside"));
    std::fs::rename(&folder, &aside).unwrap();
    lab.publish(&score("a2", "I led a team")).await;
    let (_, event) = lab.ear.hear::<AnswerNotScored>(1).await.remove(0);
    assert_eq!(
        (event.answer_id.as_str(), event.reason.as_str()),
        ("a2", "store_failed")
    );
    assert_eq!(lab.world().asked("completions").len(), 1);
    let shown = lab.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["objects"]["available"]),
        (&false.into(), &false.into())
    );
    std::fs::rename(&aside, &folder).unwrap();
    lab.publish(&score("a2", "I led a team")).await;
    lab.ear.hear::<AnswerScored>(2).await;
}
