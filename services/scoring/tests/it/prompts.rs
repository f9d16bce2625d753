//! Speech.

use std::sync::Arc;

use audio::Sound;
use events::v1::{SpeechRestore, SpeechSynthesisFailed, SpeechSynthesized};
use testkit::PATIENCE;

use crate::outside::wav;
use crate::test_app::{SPEECH, TestApp, speak};

pub async fn prompt_is_spoken_once(app: Arc<TestApp>) {
    let command = speak("Hello there.");
    for _ in 0..3 {
        app.publish(&command).await;
    }
    let told = app.recorder.wait_for::<SpeechSynthesized>(3).await;
    let file = format!("{SPEECH}.wav");
    for (_, event) in &told {
        assert_eq!((&event.key, &event.file), (&SPEECH.to_owned(), &file));
        assert_eq!(event.content_type, "audio/wav");
        let usage = event.usage.clone().unwrap();
        assert_eq!(
            (usage.provider.as_str(), usage.simulated),
            ("openai", false)
        );
    }
    assert_eq!(app.world().asked("speech").len(), 1);
    let kept = app
        .objects()
        .get(&format!("audio/{file}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.content_type, "audio/wav");
    let length = Sound::read(&kept.bytes).unwrap().seconds() * 1000.0;
    assert!((length - f64::from(told[0].1.duration_ms)).abs() < 2.0);
    // A file that was removed is made again.
    app.objects()
        .delete(&format!("audio/{file}"))
        .await
        .unwrap();
    app.publish(&command).await;
    app.recorder.wait_for::<SpeechSynthesized>(4).await;
    assert_eq!(app.world().asked("speech").len(), 2);

    app.publish(&events::v1::SpeechSynthesize {
        key: "f".repeat(32),
        ..speak(" ")
    })
    .await;
    let told = app.recorder.wait_for::<SpeechSynthesisFailed>(1).await;
    assert_eq!(told[0].1.reason, "nothing_to_say");
}

/// What operators and full disks do to a file: whatever is told as playable can be played, also by a new process.
pub async fn prompt_that_cannot_be_played_is_made_again(app: Arc<TestApp>) {
    let command = speak("Hello there.");
    let place = format!("audio/{SPEECH}.wav");
    let silent = wav("made before")[..44].to_vec();
    let damages: [Option<&[u8]>; 4] = [
        None,
        Some(b""),
        Some(b"<html>no such bucket</html>"),
        Some(&silent),
    ];
    app.publish(&command).await;
    app.recorder.wait_for::<SpeechSynthesized>(1).await;
    for (n, damage) in damages.into_iter().enumerate() {
        match damage {
            None => app.objects().delete(&place).await.unwrap(),
            Some(bytes) => {
                let put = app.objects();
                put.put(&place, bytes.to_vec(), "audio/wav").await.unwrap();
            }
        }
        if n % 2 == 0 {
            app.restart().await;
        }
        app.publish(&command).await;
        app.recorder.wait_for::<SpeechSynthesized>(n + 2).await;
        assert_eq!(app.world().asked("speech").len(), n + 2, "{damage:?}");
        let kept = app.objects().get(&place).await.unwrap().unwrap();
        assert!(Sound::read(&kept.bytes).unwrap().seconds() > 0.1);
    }
    // One whose story is lost is not trusted more.
    for key in [format!("ai/speech/{SPEECH}.json"), place.clone()] {
        app.objects().delete(&key).await.unwrap();
    }
    app.objects()
        .put(&place, "rubbish", "audio/wav")
        .await
        .unwrap();
    app.publish(&command).await;
    app.recorder.wait_for::<SpeechSynthesized>(6).await;
    assert_eq!(app.world().asked("speech").len(), 6);
}

/// Its file was removed while calls play it: whoever misses it knows its name only.
pub async fn prompt_that_is_gone_is_made_again_by_its_name(app: Arc<TestApp>) {
    let restore = |key: &str| {
        let command = SpeechRestore { key: key.into() };
        let order = app.envelope(&command);
        let bus = app.bus();
        async move { bus.request(order, PATIENCE).await.unwrap() }
    };
    let command = events::v1::SpeechSynthesize {
        language: "de-DE".into(),
        ..speak("Guten Tag.")
    };
    app.publish(&command).await;
    app.recorder.wait_for::<SpeechSynthesized>(1).await;
    let place = format!("audio/{SPEECH}.wav");
    app.objects().delete(&place).await.unwrap();
    let made: SpeechSynthesized = restore(SPEECH).await.decode().unwrap();
    assert_eq!(made.file, format!("{SPEECH}.wav"));
    assert!(app.objects().get(&place).await.unwrap().is_some());
    let asked = app.world().asked("speech");
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[0].body, asked[1].body,
        "the same words in the same voice"
    );
    // It is there again: nobody is asked.
    restore(SPEECH).await;
    assert_eq!(app.world().asked("speech").len(), 2);
    // Nobody knows what it said.
    let gone: SpeechSynthesisFailed = restore(&"e".repeat(32)).await.decode().unwrap();
    assert_eq!(gone.reason, "gone");
}

/// Its process died before it could be told.
pub async fn prompt_that_is_there_is_not_spoken(app: Arc<TestApp>) {
    let put = app.objects();
    put.put(
        &format!("audio/{SPEECH}.wav"),
        wav("made before"),
        "audio/wav",
    )
    .await
    .unwrap();
    app.publish(&speak("Hello there.")).await;
    let (_, event) = app
        .recorder
        .wait_for::<SpeechSynthesized>(1)
        .await
        .remove(0);
    assert_eq!((event.file, event.usage), (format!("{SPEECH}.wav"), None));
    assert!(event.duration_ms > 0);
    assert!(app.world().asked("speech").is_empty());
}

pub async fn what_works_is_shown(app: Arc<TestApp>) {
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(
        (&shown["available"], &shown["cached_prompts"]["count"]),
        (&true.into(), &0.into())
    );
    assert_eq!(shown["speech"]["providers"], serde_json::json!(["openai"]));
    assert_eq!(shown["speech"]["simulated"], false);
    assert_eq!(shown["objects"]["kind"], "embedded");
    assert!(!shown.to_string().contains("the-providers-key"));
    app.publish(&speak("Hello there.")).await;
    app.recorder.wait_for::<SpeechSynthesized>(1).await;
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(shown["cached_prompts"]["count"], 1);
    assert_eq!(shown["cached_prompts"]["has_more"], false);
    let many = (0..1_000).map(|n| {
        let put = app.objects();
        async move {
            put.put(&format!("audio/{n:032x}.wav"), "x", "audio/wav")
                .await
        }
    });
    for put in futures::future::join_all(many).await {
        put.unwrap();
    }
    let shown = app.get("/api/audio-availability/").await;
    assert_eq!(shown["cached_prompts"]["count"], 1_000);
    assert_eq!(shown["cached_prompts"]["has_more"], true);
    let (status, _) = app.call("GET", "/api/audio-availability/", "", None).await;
    assert_eq!(status, 401);
}
