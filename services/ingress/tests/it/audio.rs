//! Prompts, as Twilio fetches them.

use std::sync::Arc;

use clock::Clock;
use events::v1::{SpeechRestore, SpeechSynthesized};
use events::{Envelope, Event};
use objects::{Config, Objects};
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use testkit::EventRecorder;

use crate::test_app::TestApp;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const CONTENT: &[u8] = b"RIFF\x24\0\0\0WAVEfmt and the sound";

fn store(app: &TestApp) -> Objects {
    Objects::open(Config::Embedded {
        dir: app.settings().data_dir.join("objects"),
    })
}

async fn ask(app: &TestApp, file: &str, headers: &[(&'static str, &str)]) -> Response {
    let client = reqwest::Client::new();
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        })
        .collect();
    let url = format!("{}/audio/{file}", app.base());
    client.get(url).headers(headers).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

pub async fn prompt_is_served_to_anybody(app: Arc<TestApp>) {
    let file = format!("{KEY}.wav");
    assert_eq!(
        header(&ask(&app, &file, &[]).await, "cache-control"),
        "no-store"
    );
    // It is made in another process a moment later; that it was not there is not remembered.
    store(&app)
        .put(&format!("audio/{file}"), CONTENT, "text/plain")
        .await
        .unwrap();
    let got = ask(&app, &file, &[]).await;
    assert_eq!(got.status(), 200);
    assert_eq!(header(&got, "content-type"), "audio/wav");
    assert_eq!(
        header(&got, "cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(header(&got, "accept-ranges"), "bytes");
    let etag = header(&got, "etag").to_owned();
    assert!(etag.starts_with('"') && etag.len() > 10, "{etag}");
    assert_eq!(got.bytes().await.unwrap(), CONTENT);

    let head = reqwest::Client::new().head(format!("{}/audio/{file}", app.base()));
    let head = head.send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), header(&head, "etag")),
        (200, etag.as_str())
    );
    assert_eq!(header(&head, "content-length"), CONTENT.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());

    for known in [etag.as_str(), "*", &format!("\"other\", W/{etag}")] {
        let got = ask(&app, &file, &[("if-none-match", known)]).await;
        assert_eq!(
            (got.status().as_u16(), header(&got, "etag")),
            (304, etag.as_str())
        );
        assert!(got.bytes().await.unwrap().is_empty());
    }
    let other = ask(&app, &file, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status(), 200);
}

/// Twilio would end the call with an error.
pub async fn prompt_that_is_gone_is_made_again_while_twilio_waits(app: Arc<TestApp>) {
    // Another voice speaks now, and makes another kind of file.
    let made = format!("{KEY}.mp3");
    let put = store(&app);
    put.put(&format!("audio/{made}"), "ID3 and sound", "audio/mpeg")
        .await
        .unwrap();
    let reply = SpeechSynthesized {
        key: KEY.into(),
        file: made,
        ..SpeechSynthesized::default()
    };
    let reply = move |_: &Envelope| Some(Envelope::new("trunkline/test", &Clock::system(), &reply));
    let recorder = Arc::new(EventRecorder::default());
    recorder
        .listen_and_answer("test.restore", &app.bus(), &[SpeechRestore::TYPE], reply)
        .await;
    let got = ask(&app, &format!("{KEY}.wav"), &[]).await;
    assert_eq!(
        (got.status().as_u16(), header(&got, "content-type")),
        (200, "audio/mpeg")
    );
    assert_eq!(got.text().await.unwrap(), "ID3 and sound");
    let asked = recorder.wait_for::<SpeechRestore>(1).await.remove(0);
    assert_eq!(asked.1.key, KEY);
    assert!(asked.0.deadline.is_some());
}

pub async fn prompt_that_cannot_be_made_again_is_a_moment_of_silence(app: Arc<TestApp>) {
    let file = format!("{KEY}.wav");
    let got = ask(&app, &file, &[]).await;
    assert_eq!(
        (got.status().as_u16(), header(&got, "content-type")),
        (200, "audio/wav")
    );
    assert_eq!(header(&got, "cache-control"), "no-store");
    let sound = audio::Sound::read(&got.bytes().await.unwrap()).unwrap();
    assert!(sound.seconds() > 0.0 && sound.samples.iter().all(|it| it.abs() < 16));
    // Anybody can make names up: only so many are asked for, and the others' prompts are silent, not an end of their calls.
    let nowhere = SpeechSynthesized {
        key: KEY.into(),
        file: file.clone(),
        ..SpeechSynthesized::default()
    };
    let reply = move |_: &Envelope| {
        let reply = Envelope::new("trunkline/test", &Clock::system(), &nowhere);
        Some(reply)
    };
    let recorder = Arc::new(EventRecorder::default());
    recorder
        .listen_and_answer("test.restore", &app.bus(), &[SpeechRestore::TYPE], reply)
        .await;
    let began = std::time::Instant::now();
    for n in 0..200 {
        let got = ask(&app, &format!("{n:032x}.wav"), &[]).await;
        assert_eq!(got.status(), 200, "{n}");
    }
    let asked = u64::try_from(recorder.heard::<SpeechRestore>().len()).unwrap();
    let allowed = 20 + 5 * (began.elapsed().as_secs() + 1);
    assert!((1..=allowed).contains(&asked), "{asked} of {allowed}");
}

pub async fn part_of_a_prompt(app: Arc<TestApp>) {
    let file = format!("{KEY}.ulaw");
    store(&app)
        .put(&format!("audio/{file}"), "0123456789", "audio/basic")
        .await
        .unwrap();
    for (range, part, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = ask(&app, &file, &[("range", range)]).await;
        assert_eq!(
            (got.status().as_u16(), header(&got, "content-range")),
            (206, content_range)
        );
        assert_eq!(header(&got, "content-type"), "audio/basic");
        assert_eq!(got.text().await.unwrap(), part);
    }
    let beyond = ask(&app, &file, &[("range", "bytes=10-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range")),
        (416, "bytes */10")
    );
    for whole in [
        vec![("range", "seconds=0-3")],
        vec![("range", "bytes=0-1,4-5")],
        vec![("range", "bytes=0-3"), ("if-range", "\"another\"")],
    ] {
        let got = ask(&app, &file, &whole).await;
        assert_eq!(got.status(), 200, "{whole:?}");
        assert_eq!(got.text().await.unwrap(), "0123456789");
    }
}

pub async fn what_is_no_prompt_is_not_found(app: Arc<TestApp>) {
    let objects = store(&app);
    objects
        .put("ai/score/secret.json", "{}", "application/json")
        .await
        .unwrap();
    objects
        .put("audio/0123456789abcdef.json", "{}", "application/json")
        .await
        .unwrap();
    for file in [
        "..%2Fai%2Fscore%2Fsecret.json",
        "0123456789abcdef.json",
        "secret.wav",
        "0123456789abcdeF.wav",
        KEY,
    ] {
        let got = ask(&app, file, &[]).await;
        assert_eq!(got.status(), 404, "{file}");
        let body: serde_json::Value = got.json().await.unwrap();
        assert_eq!(body["error"]["code"], "not_found", "{file}");
    }
}

/// What was asked for lately is served whatever becomes of the store; the rest is a 503, and comes back with it.
pub async fn store_that_is_away(app: Arc<TestApp>) {
    let (warm, cold) = (format!("{KEY}.wav"), format!("{KEY}.mp3"));
    let objects = store(&app);
    objects
        .put(&format!("audio/{warm}"), CONTENT, "audio/wav")
        .await
        .unwrap();
    objects
        .put(&format!("audio/{cold}"), "ID3 and sound", "audio/mpeg")
        .await
        .unwrap();
    assert_eq!(ask(&app, &warm, &[]).await.status(), 200);
    let (folder, aside) = (
        app.settings().data_dir.join("objects/trunkline"),
        app.settings().data_dir.join("aside"),
    );
    std::fs::rename(&folder, &aside).unwrap();
    assert_eq!(ask(&app, &warm, &[]).await.bytes().await.unwrap(), CONTENT);
    let got = ask(&app, &cold, &[]).await;
    assert_eq!(got.status(), 503);
    std::fs::rename(&aside, &folder).unwrap();
    let got = ask(&app, &cold, &[]).await;
    assert_eq!(
        (got.status().as_u16(), header(&got, "content-type")),
        (200, "audio/mpeg")
    );
}
