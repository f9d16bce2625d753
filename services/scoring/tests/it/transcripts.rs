//! Recordings, and what was said in them.

use std::sync::Arc;

use events::v1::{AnswerTranscribed, AnswerTranscriptionFailed};

use crate::outside::wav;
use crate::test_app::{RECORDING, TestApp, transcribe};

async fn reasons(app: &TestApp, count: usize) -> Vec<(String, String)> {
    let told = app
        .recorder
        .wait_for::<AnswerTranscriptionFailed>(count)
        .await;
    told.into_iter()
        .map(|(_, e)| (e.answer_id, e.reason))
        .collect()
}

pub async fn answer_is_transcribed(app: Arc<TestApp>) {
    app.world().record(RECORDING, wav("whatever"), 0);
    app.world().transcribe_as(" I led a team\n of five. ");
    app.publish(&transcribe("a1")).await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(1).await;
    let (envelope, event) = &told[0];
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!((event.answer_id.as_str(), event.question_number), ("a1", 2));
    assert_eq!(event.transcript, "I led a team of five.");
    let usage = event.usage.clone().unwrap();
    assert_eq!(
        (usage.provider.as_str(), usage.simulated, usage.attempts),
        ("openai", false, 1)
    );
    let twilio = app.world().asked(&format!("{RECORDING}.wav"));
    assert!(twilio[0].authorization.starts_with("Basic "));
    let provider = app.world().asked("transcriptions");
    assert_eq!(provider[0].authorization, "Bearer the-providers-key");
}

/// Twilio has none (any more): what was archived is heard.
pub async fn recording_that_is_archived_is_read_from_the_store(app: Arc<TestApp>) {
    let key = role::recording_key("smith", RECORDING, "wav");
    let put = app.objects().put(&key, wav("whatever"), "audio/wav").await;
    put.unwrap();
    app.world().transcribe_as("Here I am.");
    app.publish(&transcribe("a1")).await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert!(app.world().asked(RECORDING).is_empty());
}

pub async fn file_that_is_not_there_yet(app: Arc<TestApp>) {
    app.world().record(RECORDING, wav("whatever"), 4);
    app.world().transcribe_as("Here I am.");
    app.publish(&transcribe("a1")).await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert_eq!(app.world().asked(&format!("{RECORDING}.wav")).len(), 5);
}

pub async fn file_that_never_comes(app: Arc<TestApp>) {
    // Twilio does not know it, and patience ends.
    let mut command = transcribe("never");
    command.patience_until = (app.clock.now() + chrono::TimeDelta::milliseconds(150)).to_rfc3339();
    app.publish(&command).await;
    assert_eq!(
        reasons(&app, 1).await,
        [("never".to_owned(), "recording_absent".to_owned())]
    );
    // Twilio knows that there is none: nobody waits ten minutes for it.
    app.world().record_nothing(RECORDING);
    app.publish(&transcribe("absent")).await;
    assert_eq!(
        reasons(&app, 2).await[1],
        ("absent".to_owned(), "recording_absent".to_owned())
    );
    // A recording that no SID or address leads to, and one on a host that is not Twilio's.
    let mut nowhere = transcribe("nowhere");
    nowhere.recording_sid.clear();
    app.publish(&nowhere).await;
    assert_eq!(
        reasons(&app, 3).await[2],
        ("nowhere".to_owned(), "recording_absent".to_owned())
    );
    nowhere.answer_id = "foreign".to_owned();
    nowhere.recording_url = "https://evil.example/RE1".to_owned();
    app.publish(&nowhere).await;
    assert_eq!(
        reasons(&app, 4).await[3],
        ("foreign".to_owned(), "recording_refused".to_owned())
    );
    assert!(app.world().asked("transcriptions").is_empty());
}

/// A process that stops does not wait for a file that Twilio does not have yet; the next one finds it.
pub async fn recording_not_there_yet_when_the_process_stops_is_fetched_by_the_next(
    app: Arc<TestApp>,
) {
    app.world().record(RECORDING, wav("whatever"), usize::MAX);
    app.publish(&transcribe("a1")).await;
    testkit::eventually("the file is looked for", async || {
        !app.world().asked(&format!("{RECORDING}.wav")).is_empty()
    })
    .await;
    app.stop().await;
    app.world().record(RECORDING, wav("whatever"), 0);
    app.world().transcribe_as("Here I am.");
    app.restart().await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert!(app.dead().await.is_empty());
}

pub async fn what_cannot_be_heard(app: Arc<TestApp>) {
    let nothing = audio::Sound::mono(Vec::new())
        .to_wav(audio::Encoding::Pcm16)
        .unwrap();
    for (n, (file, reason)) in [
        (Vec::new(), "recording_empty"),
        (nothing, "recording_empty"),
        (b"<html>not a sound</html>".to_vec(), "unreadable_audio"),
    ]
    .into_iter()
    .enumerate()
    {
        app.world().record(RECORDING, file, 0);
        app.publish(&transcribe(&format!("a{n}"))).await;
        let told = reasons(&app, n + 1).await;
        assert_eq!(told[n], (format!("a{n}"), reason.to_owned()));
    }
    let silence: Vec<i16> = (0..8_000).map(|n| n % 7).collect();
    let silence = audio::Sound::mono(silence)
        .to_wav(audio::Encoding::MuLaw)
        .unwrap();
    app.world().record(RECORDING, silence, 0);
    app.publish(&transcribe("silence")).await;
    let told = app.recorder.wait_for::<AnswerTranscribed>(1).await;
    assert_eq!(
        (told[0].1.transcript.as_str(), &told[0].1.usage),
        ("", &None)
    );
    assert!(
        app.world().asked("transcriptions").is_empty(),
        "nobody is paid for silence"
    );
}
