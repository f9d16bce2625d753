//! Ears that listen while a caller speaks: on the wire, and where the other side does not do its part.

use std::collections::BTreeMap;
use std::time::Duration;

use ai::{Ai, Deepgram, Ears, Error, Price, Prices, Provider, Settings, TranscribeRequest, Words};
use audio::mulaw;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::listener::{Listened, Listener, Manner};
use crate::server::{Act, Server, ai, wav};

/// The longest that anything here may take.
const PATIENCE: Duration = Duration::from_secs(90);

fn deepgram(listener: &Listener) -> Settings {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Settings {
        deepgram: Some(Deepgram {
            base_url: format!("{}/v1", listener.base),
            model: "nova-3-phonecall".into(),
            ..Deepgram::new("dg-secret-key")
        }),
        ..Settings::default()
    }
}

fn ears(ai: &Ai) -> Ears {
    ai.ears("en-US").unwrap()
}

/// Says something, frame by frame as a telephone sends it, with half a second of silence behind it.
async fn say(ears: &Ears, words: &str) {
    let mut sound = mulaw::encode_all(&audio::speech(words, Some(1.0)));
    sound.extend([mulaw::SILENCE; 4_000]);
    for frame in sound.chunks(160) {
        ears.sound(frame.to_vec());
        tokio::task::yield_now().await;
    }
}

async fn heard(words: Words) -> String {
    words.heard().await.unwrap().value
}

async fn until(what: &str, so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < end, "{what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn first(listener: &Listener) -> Listened {
    listener.sockets()[0].clone()
}

#[tokio::test]
async fn words_come_while_caller_speaks_and_are_final_at_the_end() {
    let listener = Listener::start().await;
    let price = Price {
        minute: Some(0.006),
        ..Price::default()
    };
    let ai = ai(Settings {
        prices: Prices(BTreeMap::from([("nova-3-phonecall".to_owned(), price)])),
        ..deepgram(&listener)
    });
    assert!(ai.has_ears());
    let ears = ears(&ai);
    say(&ears, "yes I am").await;
    until("interim words", || ears.interim().contains("yes")).await;
    let answer = ears.finish(false).heard().await.unwrap();
    assert_eq!(answer.value, "yes I am");
    assert_eq!(answer.usage.provider, Provider::Deepgram);
    assert_eq!(answer.usage.model, "nova-3-phonecall");
    // A second and a half at 0.6 cents a minute.
    assert_eq!(answer.usage.cost_micro_usd, Some(150));
    assert_eq!(ears.interim(), "");
    say(&ears, "no thank you").await;
    assert_eq!(heard(ears.finish(false)).await, "no thank you");
    let seen = first(&listener);
    assert_eq!(seen.authorization, "Token dg-secret-key");
    for part in [
        "/v1/listen?",
        "model=nova-3-phonecall",
        "encoding=mulaw",
        "sample_rate=8000",
        "interim_results=true",
        "language=en-US",
    ] {
        assert!(seen.path.contains(part), "{}", seen.path);
    }
    assert!(!seen.path.contains("dg-secret-key"));
    drop(ears);
    until("the socket is closed", || first(&listener).is_over).await;
    assert_eq!(first(&listener).told.last().unwrap(), "CloseStream");
}

#[tokio::test]
async fn both_parts_of_an_answer_are_heard_as_one_and_what_is_dropped_is_in_neither() {
    let listener = Listener::start().await;
    let ai = ai(deepgram(&listener));
    let ears = ears(&ai);
    say(&ears, "a cough").await;
    ears.forget();
    say(&ears, "yes").await;
    let _alone = ears.finish(false);
    say(&ears, "I think so").await;
    assert_eq!(heard(ears.finish(true)).await, "yes I think so");
    say(&ears, "of course").await;
    assert_eq!(heard(ears.finish(false)).await, "of course");
}

#[tokio::test]
async fn last_words_that_do_not_come_are_those_that_came_before_or_an_error_in_time() {
    let listener = Listener::start().await;
    listener.next([
        Manner::Endless,
        Manner::Deaf,
        Manner::Slow(Duration::from_secs(3_600)),
    ]);
    let ai = ai(deepgram(&listener));
    // Everything was understood, though nobody says that it is final.
    let first = ears(&ai);
    say(&first, "yes I am").await;
    until("interim words", || first.interim() == "yes I am").await;
    // The last of the silence is understood, too.
    sleep(Duration::from_millis(200)).await;
    assert_eq!(heard(first.finish(false)).await, "yes I am");
    for _ in 0..2 {
        let ears = ears(&ai);
        let began = Instant::now();
        ears.sound(vec![0x55; 1_600]);
        let error = ears.finish(false).heard().await.unwrap_err();
        assert!(
            matches!(
                error,
                Error::Failed {
                    provider: Provider::Deepgram,
                    ..
                }
            ),
            "{error}"
        );
        assert!(began.elapsed() < PATIENCE);
    }
}

#[tokio::test]
async fn ears_that_break_say_so_at_once_and_others_can_be_opened() {
    let listener = Listener::start().await;
    listener.next([Manner::Breaks(4_000), Manner::Fails(4_000), Manner::Refused]);
    let ai = ai(deepgram(&listener));
    for _ in 0..3 {
        let ears = ears(&ai);
        say(&ears, "yes I am").await;
        let error = ears.finish(false).heard().await.unwrap_err();
        assert!(error.is_retryable(), "{error}");
        until("they are known to be broken", || !ears.are_open()).await;
        // It stays so.
        assert!(ears.finish(false).heard().await.is_err());
    }
    let ears = ears(&ai);
    say(&ears, "yes I am").await;
    assert_eq!(heard(ears.finish(false)).await, "yes I am");
}

#[tokio::test]
async fn socket_is_kept_alive_while_nobody_speaks() {
    let listener = Listener::start().await;
    let ai = ai(deepgram(&listener));
    let ears = ears(&ai);
    until("the socket is open", || !listener.sockets().is_empty()).await;
    until("it is kept alive", || !first(&listener).told.is_empty()).await;
    assert_eq!(first(&listener).told[0], "KeepAlive");
    assert!(ears.are_open());
}

#[tokio::test]
async fn nobody_listens_along_where_nobody_is_configured() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    assert!(!ai.has_ears() && ai.ears("en").is_none());
}

#[tokio::test]
async fn whole_recording_is_transcribed_by_it_where_nobody_else_does() {
    let server = Server::start().await;
    let heard = json!({"metadata": {}, "results": {"channels": [{"alternatives": [{
        "transcript": "I led a team.", "confidence": 0.99, "words": [
            {"word": "i", "start": 0.1, "end": 0.2, "confidence": 0.9, "punctuated_word": "I"},
            {"word": "led", "start": 0.25, "end": 0.5, "confidence": 0.9},
        ],
    }]}]}});
    server.next(
        "/v1/listen",
        [
            Act::status(503),
            Act::Say("application/json", heard.to_string().into_bytes()),
        ],
    );
    let request = TranscribeRequest {
        language: "en-US".into(),
        // Another provider's.
        model: "whisper-1".into(),
        words: true,
        ..TranscribeRequest::new(wav(1.0, 8_000), "a.wav")
    };
    let answer = ai(server.deepgram()).listen(&request).await.unwrap();
    assert_eq!(answer.value.text, "I led a team.");
    let words: Vec<_> = answer
        .value
        .words
        .iter()
        .map(|it| it.text.as_str())
        .collect();
    assert_eq!(words, ["I", "led"]);
    assert_eq!(
        (answer.usage.provider, answer.usage.attempts),
        (Provider::Deepgram, 2)
    );
    let seen = &server.seen("/v1/listen")[1];
    assert!(seen.path.contains("model=nova-3") && seen.path.contains("language=en-US"));
    assert_eq!(seen.headers["authorization"], "Token dg-secret-key");
    assert_eq!(seen.headers["content-type"], "audio/wav");
}

#[tokio::test]
async fn connections_are_open_before_anything_is_asked() {
    let server = Server::start().await;
    let ai = ai(server.all());
    ai.warm().await;
    let opened = server.connections();
    // OpenAI's, ElevenLabs' and Murf's; once more changes nothing.
    assert_eq!(opened, 3);
    ai.warm().await;
    let seen = server.seen("/");
    assert!(
        seen.iter()
            .all(|it| !it.headers.contains_key("authorization")),
        "a key is shown"
    );
    assert_eq!(seen.len(), 3);
    let request = TranscribeRequest::new(wav(1.0, 8_000), "a.wav");
    ai.transcribe(&request).await.unwrap();
    assert_eq!(
        server.connections(),
        opened,
        "a connection that was open is used"
    );
}
