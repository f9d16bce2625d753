//! Prompts, as Twilio fetches them.

use std::sync::Arc;

use clock::Clock;
use events::v1::{SpeechRestore, SpeechSynthesized};
use events::{Envelope, Event};
use objects::{Config, Objects};
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use testkit::Ear;

use crate::lab::Lab;

const KEY: &str = "0123456789abcdef0123456789abcdef";
const CONTENT: &[u8] = b"RIFF\x24\0\0\0WAVEfmt and the sound";

fn store(lab: &Lab) -> Objects {
    Objects::open(Config::Embedded {
        dir: lab.settings().data_dir.join("objects"),
    })
}

async fn ask(lab: &Lab, file: &str, headers: &[(&'static str, &str)]) -> Response {
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
    let url = format!("{}/audio/{file}", lab.base());
    client.get(url).headers(headers).send().await.unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response
        .headers()
        .get(name)
        .map_or("", |v| v.to_str().unwrap())
}

pub async fn a_prompt_is_served_to_anybody(lab: Arc<Lab>) {
    let file = format!("{KEY}.wav");
    assert_eq!(
        header(&ask(&lab, &file, &[]).await, "cache-control"),
        "no-store"
    );
    // It is made in another process a moment later; that it was not there is not remembered.
    store(&lab)
        .put(&format!("audio/{file}"), CONTENT, "text/plain")
        .await
        .unwrap();
    let got = ask(&lab, &file, &[]).await;
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

    let head = reqwest::Client::new().head(format!("{}/audio/{file}", lab.base()));
    let head = head.send().await.unwrap();
    assert_eq!(
        (head.status().as_u16(), header(&head, "etag")),
        (200, etag.as_str())
    );
    assert_eq!(header(&head, "content-length"), CONTENT.len().to_string());
    assert!(head.bytes().await.unwrap().is_empty());

    for known in [etag.as_str(), "*", &format!("\"other\", W/{etag}")] {
        let got = ask(&lab, &file, &[("if-none-match", known)]).await;
        assert_eq!(
            (got.status().as_u16(), header(&got, "etag")),
            (304, etag.as_str())
        );
        assert!(got.bytes().await.unwrap().is_empty());
    }
    let other = ask(&lab, &file, &[("if-none-match", "\"other\"")]).await;
    assert_eq!(other.status(), 200);
}

/// Twilio would end the call with an error.
pub async fn prompt_that_is_gone_is_made_again_while_twilio_waits(lab: Arc<Lab>) {
    // Another voice speaks now, and makes another kind of file.
    let made = format!("{KEY}.mp3");
    let put = store(&lab);
    put.put(&format!("audio/{made}"), "ID3 and sound", "audio/mpeg")
        .await
        .unwrap();
    let reply = SpeechSynthesized {
        key: KEY.into(),
        file: made,
        ..SpeechSynthesized::default()
    };
    let reply = move |_: &Envelope| Some(Envelope::new("trunkline/test", &Clock::system(), &reply));
    let ear = Arc::new(Ear::default());
    ear.listen_and_answer("test.restore", &lab.bus(), &[SpeechRestore::TYPE], reply)
        .await;
    let got = ask(&lab, &format!("{KEY}.wav"), &[]).await;
    assert_eq!(
        (got.status().as_u16(), header(&got, "content-type")),
        (200, "audio/mpeg")
    );
    assert_eq!(got.text().await.unwrap(), "ID3 and sound");
    let asked = ear.hear::<SpeechRestore>(1).await.remove(0);
    assert_eq!(asked.1.key, KEY);
    assert!(asked.0.deadline.is_some());
}

pub async fn prompt_that_cannot_be_made_again_is_a_moment_of_silence(lab: Arc<Lab>) {
    let file = format!("{KEY}.wav");
    let got = ask(&lab, &file, &[]).await;
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
    let ear = Arc::new(Ear::default());
    ear.listen_and_answer("test.restore", &lab.bus(), &[SpeechRestore::TYPE], reply)
        .await;
    let began = std::time::Instant::now();
    for n in 0..200 {
        let got = ask(&lab, &format!("{n:032x}.wav"), &[]).await;
        assert_eq!(got.status(), 200, "{n}");
    }
    let asked = u64::try_from(ear.heard::<SpeechRestore>().len()).unwrap();
    let allowed = 20 + 5 * (began.elapsed().as_secs() + 1);
    assert!((1..=allowed).contains(&asked), "{asked} of {allowed}");
}

pub async fn a_part_of_a_prompt(lab: Arc<Lab>) {
    let file = format!("{KEY}.ulaw");
    store(&lab)
        .put(&format!("audio/{file}"), "0123456789", "audio/basic")
        .await
        .unwrap();
    for (range, part, content_range) in [
        ("bytes=0-3", "0123", "bytes 0-3/10"),
        ("bytes=7-", "789", "bytes 7-9/10"),
        ("bytes=-2", "89", "bytes 8-9/10"),
        ("bytes=8-99", "89", "bytes 8-9/10"),
    ] {
        let got = ask(&lab, &file, &[("range", range)]).await;
        assert_eq!(
            (got.status().as_u16(), header(&got, "content-range")),
            (206, content_range)
        );
        assert_eq!(header(&got, "content-type"), "audio/basic");
        assert_eq!(got.text().await.unwrap(), part);
    }
    let beyond = ask(&lab, &file, &[("range", "bytes=10-")]).await;
    assert_eq!(
        (beyond.status().as_u16(), header(&beyond, "content-range")),
        (416, "bytes */10")
    );
    for whole in [
        vec![("range", "seconds=0-3")],
        vec![("range", "bytes=0-1,4-5")],
        vec![("range", "bytes=0-3"), ("if-range", "\"another\"")],
    ] {
        let got = ask(&lab, &file, &whole).await;
        assert_eq!(got.status(), 200, "{whole:?}");
        assert_eq!(got.text().await.unwrap(), "0123456789");
    }
}

pub async fn what_is_no_prompt_is_not_found(lab: Arc<Lab>) {
    let objects = store(&lab);
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
        let got = ask(&lab, file, &[]).await;
        assert_eq!(got.status(), 404, "{file}");
        let body: serde_json::Value = got.json().await.unwrap();
        assert_eq!(body["error"]["code"], "not_found", "{file}");
    }
}

/// What was asked for lately is served whatever becomes of the store; the rest is a 503, and comes back with it.
pub async fn a_store_that_is_away(lab: Arc<Lab>) {
    let (warm, cold) = (format!("{KEY}.wav"), format!("{KEY}.mp3"));
    let objects = store(&lab);
    objects
        .put(&format!("audio/{warm}"), CONTENT, "audio/wav")
        .await
        .unwrap();
    objects
        .put(&format!("audio/{cold}"), "ID3 and sound", "audio/mpeg")
        .await
        .unwrap();
    assert_eq!(ask(&lab, &warm, &[]).await.status(), 200);
    let (folder, aside) = (
        lab.settings().data_dir.join("objects/trunkline"),
        lab.settings().data_dir.join("aside"),
    );
    std::fs::rename(&folder, &aside).unwrap();
    assert_eq!(ask(&lab, &warm, &[]).await.bytes().await.unwrap(), CONTENT);
    let got = ask(&lab, &cold, &[]).await;
    assert_eq!(got.status(), 503);
    std::fs::rename(&aside, &folder).unwrap();
    let got = ask(&lab, &cold, &[]).await;
    assert_eq!(
        (got.status().as_u16(), header(&got, "content-type")),
        (200, "audio/mpeg")
    );
}
