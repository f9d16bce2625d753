//! Recordings, and what was said in them.

use std::sync::Arc;

use events::v1::{AnswerNotTranscribed, AnswerTranscribed};

use crate::lab::{Lab, RECORDING, transcribe};
use crate::outside::wav;

async fn reasons(lab: &Lab, count: usize) -> Vec<(String, String)> {
    let told = lab.ear.hear::<AnswerNotTranscribed>(count).await;
    told.into_iter()
        .map(|(_, e)| (e.answer_id, e.reason))
        .collect()
}

pub async fn an_answer_is_transcribed(lab: Arc<Lab>) {
    lab.world().record(RECORDING, wav("whatever"), 0);
    lab.world().hear(" I led a team\n of five. ");
    lab.publish(&transcribe("a1")).await;
    let told = lab.ear.hear::<AnswerTranscribed>(1).await;
    let (envelope, event) = &told[0];
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!((event.answer_id.as_str(), event.question_number), ("a1", 2));
    assert_eq!(event.transcript, "I led a team of five.");
    let usage = event.usage.clone().unwrap();
    assert_eq!(
        (usage.provider.as_str(), usage.simulated, usage.attempts),
        ("openai", false, 1)
    );
    let twilio = lab.world().asked(&format!("{RECORDING}.wav"));
    assert!(twilio[0].authorization.starts_with("Basic "));
    let provider = lab.world().asked("transcriptions");
    assert_eq!(provider[0].authorization, "Bearer the-providers-key");
}

/// Twilio has none (any more): what was archived is heard.
pub async fn recording_that_is_archived_is_read_from_the_store(lab: Arc<Lab>) {
    let key = role::recording_key("smith", RECORDING, "wav");
    let put = lab.objects().put(&key, wav("whatever"), "audio/wav").await;
    put.unwrap();
    lab.world().hear("Here I am.");
    lab.publish(&transcribe("a1")).await;
    let told = lab.ear.hear::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert!(lab.world().asked(RECORDING).is_empty());
}

pub async fn a_file_that_is_not_there_yet(lab: Arc<Lab>) {
    lab.world().record(RECORDING, wav("whatever"), 4);
    lab.world().hear("Here I am.");
    lab.publish(&transcribe("a1")).await;
    let told = lab.ear.hear::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert_eq!(lab.world().asked(&format!("{RECORDING}.wav")).len(), 5);
}

pub async fn a_file_that_never_comes(lab: Arc<Lab>) {
    // Twilio does not know it, and patience ends.
    let mut command = transcribe("never");
    command.patience_until = (lab.clock.now() + chrono::TimeDelta::milliseconds(150)).to_rfc3339();
    lab.publish(&command).await;
    assert_eq!(
        reasons(&lab, 1).await,
        [("never".to_owned(), "recording_absent".to_owned())]
    );
    // Twilio knows that there is none: nobody waits ten minutes for it.
    lab.world().record_nothing(RECORDING);
    lab.publish(&transcribe("absent")).await;
    assert_eq!(
        reasons(&lab, 2).await[1],
        ("absent".to_owned(), "recording_absent".to_owned())
    );
    // A recording that no SID or address leads to, and one on a host that is not Twilio's.
    let mut nowhere = transcribe("nowhere");
    nowhere.recording_sid.clear();
    lab.publish(&nowhere).await;
    assert_eq!(
        reasons(&lab, 3).await[2],
        ("nowhere".to_owned(), "recording_absent".to_owned())
    );
    nowhere.answer_id = "foreign".to_owned();
    nowhere.recording_url = "https://evil.example/RE1".to_owned();
    lab.publish(&nowhere).await;
    assert_eq!(
        reasons(&lab, 4).await[3],
        ("foreign".to_owned(), "recording_refused".to_owned())
    );
    assert!(lab.world().asked("transcriptions").is_empty());
}

/// A process that stops does not wait for a file that Twilio does not have yet; the next one finds it.
pub async fn recording_not_there_yet_when_the_process_stops_is_fetched_by_the_next(lab: Arc<Lab>) {
    lab.world().record(RECORDING, wav("whatever"), usize::MAX);
    lab.publish(&transcribe("a1")).await;
    testkit::eventually("the file is looked for", async || {
        !lab.world().asked(&format!("{RECORDING}.wav")).is_empty()
    })
    .await;
    lab.stop().await;
    lab.world().record(RECORDING, wav("whatever"), 0);
    lab.world().hear("Here I am.");
    lab.restart().await;
    let told = lab.ear.hear::<AnswerTranscribed>(1).await;
    assert_eq!(told[0].1.transcript, "Here I am.");
    assert!(lab.dead().await.is_empty());
}

pub async fn what_cannot_be_heard(lab: Arc<Lab>) {
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
        lab.world().record(RECORDING, file, 0);
        lab.publish(&transcribe(&format!("a{n}"))).await;
        let told = reasons(&lab, n + 1).await;
        assert_eq!(told[n], (format!("a{n}"), reason.to_owned()));
    }
    let silence: Vec<i16> = (0..8_000).map(|n| n % 7).collect();
    let silence = audio::Sound::mono(silence)
        .to_wav(audio::Encoding::MuLaw)
        .unwrap();
    lab.world().record(RECORDING, silence, 0);
    lab.publish(&transcribe("silence")).await;
    let told = lab.ear.hear::<AnswerTranscribed>(1).await;
    assert_eq!(
        (told[0].1.transcript.as_str(), &told[0].1.usage),
        ("", &None)
    );
    assert!(
        lab.world().asked("transcriptions").is_empty(),
        "nobody is paid for silence"
    );
}
