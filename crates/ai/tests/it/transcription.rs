//! What is asked of a transcription, and what it costs.

use std::collections::BTreeMap;

use ai::{Price, Prices, Settings, TranscribeRequest};

use crate::server::{Act, Server, TRANSCRIBE, ai, wav};

#[tokio::test]
async fn recording_is_sent_without_its_name_and_with_its_language() {
    let server = Server::start().await;
    let request = TranscribeRequest {
        language: "de-AT".into(),
        ..TranscribeRequest::new(wav(1.0, 8_000), "RE0123-of-Jane-Doe.mp3")
    };
    let answer = ai(server.openai()).transcribe(&request).await.unwrap();
    assert_eq!(answer.value, "I led a team.");
    let sent = server.seen(TRANSCRIBE)[0].text();
    // The ending is that of the bytes.
    assert!(
        sent.contains("name=\"file\"; filename=\"audio.wav\""),
        "{sent}"
    );
    assert!(sent.contains("name=\"language\"\r\n\r\nde\r\n"));
    assert!(sent.contains("name=\"model\"\r\n\r\ngpt-4o-mini-transcribe\r\n"));
    assert!(!sent.contains("Jane"));
}

#[tokio::test]
async fn silence_is_an_empty_text_and_invalid_is_none() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let say = |body: &str| Act::Say("application/json", body.as_bytes().to_vec());
    let request = TranscribeRequest::new(wav(1.0, 8_000), "a.wav");
    server.next(TRANSCRIBE, [say("{\"text\":\"\"}")]);
    assert_eq!(ai.transcribe(&request).await.unwrap().value, "");
    server.next(TRANSCRIBE, [say("I led a team."), say("{\"words\":[]}")]);
    assert_eq!(ai.transcribe(&request).await.unwrap().usage.attempts, 3);
}

#[tokio::test]
async fn transcription_with_nul_is_given_without_it() {
    let server = Server::start().await;
    let body = br#"{"text":"I led\u0000 a team."}"#;
    server.next(TRANSCRIBE, [Act::Say("application/json", body.to_vec())]);
    let request = TranscribeRequest::new(wav(1.0, 8_000), "a.wav");
    let heard = ai(server.openai()).transcribe(&request).await.unwrap();
    assert_eq!(heard.value, "I led a team.");
}

fn with_words(model: &str) -> TranscribeRequest {
    TranscribeRequest {
        words: true,
        model: model.into(),
        ..TranscribeRequest::new(wav(1.0, 8_000), "a.wav")
    }
}

#[tokio::test]
async fn words_have_their_place_where_the_model_gives_it() {
    let server = Server::start().await;
    let told = br#"{"text":"I led.","words":[{"word":"I","start":0.1,"end":0.2},{"word":" led.","start":0.25,"end":0.6}]}"#;
    server.next(TRANSCRIBE, [Act::Say("application/json", told.to_vec())]);
    let ai = ai(server.openai());
    let heard = ai.listen(&with_words("whisper-1")).await.unwrap().value;
    let words: Vec<_> = heard
        .words
        .iter()
        .map(|it| (it.text.as_str(), it.from_s, it.to_s))
        .collect();
    assert_eq!(words, [("I", 0.1, 0.2), ("led.", 0.25, 0.6)]);
    let sent = server.seen(TRANSCRIBE)[0].text();
    for part in [
        "name=\"response_format\"\r\n\r\nverbose_json\r\n",
        "name=\"timestamp_granularities[]\"\r\n\r\nword\r\n",
    ] {
        assert!(sent.contains(part), "{sent}");
    }
    // A model that would refuse is not asked for them.
    let heard = ai.listen(&with_words("gpt-4o-transcribe")).await.unwrap();
    assert!(heard.value.words.is_empty());
    assert!(!server.seen(TRANSCRIBE)[1].text().contains("verbose_json"));
}

#[tokio::test]
async fn server_that_gives_no_places_is_asked_for_the_words_alone() {
    let server = Server::start().await;
    server.next(TRANSCRIBE, [Act::Status(400, Vec::new())]);
    let ai = ai(server.openai());
    let heard = ai.listen(&with_words("whisper-1")).await.unwrap();
    assert_eq!(heard.value.text, "I led a team.");
    assert_eq!(heard.usage.attempts, 1);
    assert_eq!(server.seen(TRANSCRIBE).len(), 2);
}

#[tokio::test]
async fn minute_has_its_price() {
    let server = Server::start().await;
    let price = Price {
        minute: Some(0.003),
        ..Price::default()
    };
    let model = "gpt-4o-mini-transcribe".to_owned();
    let ai = ai(Settings {
        prices: Prices(BTreeMap::from([(model, price)])),
        ..server.openai()
    });
    let request = TranscribeRequest::new(wav(10.0, 8_000), "a.wav");
    let usage = ai.transcribe(&request).await.unwrap().usage;
    assert_eq!(usage.cost_micro_usd, Some(500), "by the length of the file");
    let counted = br#"{"text":"yes","usage":{"type":"duration","seconds":60}}"#;
    server.next(TRANSCRIBE, [Act::Say("application/json", counted.to_vec())]);
    let usage = ai.transcribe(&request).await.unwrap().usage;
    assert_eq!(
        usage.cost_micro_usd,
        Some(3_000),
        "by what the provider counted"
    );
    // An MP3 file is not read, so nobody knows how long it is.
    let request = TranscribeRequest::new(b"ID3\x04rest".to_vec(), "a.mp3");
    let usage = ai.transcribe(&request).await.unwrap().usage;
    assert_eq!(usage.cost_micro_usd, None);
}
