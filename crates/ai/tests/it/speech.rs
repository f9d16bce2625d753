//! Voices: what is asked of each, and what counts as speech.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use ai::{Error, Provider, Settings, SpeakRequest, Speech};
use audio::Sound;
use tokio::sync::Semaphore;

use crate::server::{Act, ELEVENLABS, MURF, SPEAK, Server, ai, wav};

async fn speech(server: &Server, request: SpeakRequest) -> Speech {
    ai(server.all()).speak(&request).await.unwrap().value
}

/// Speech that a telephone carries without further ado.
fn is_for_the_telephone(speech: &Speech, seconds: f64) {
    assert_eq!(
        (speech.content_type, speech.extension),
        ("audio/wav", "wav")
    );
    assert_eq!(speech.duration, Some(Duration::from_secs_f64(seconds)));
    // The format tag of mu-law.
    assert_eq!(speech.bytes[20..22], [7, 0]);
    let sound = Sound::read(&speech.bytes).unwrap();
    assert_eq!(
        (sound.rate, sound.channels, sound.seconds()),
        (8_000, 1, seconds)
    );
}

#[tokio::test]
async fn openai_speaks() {
    let server = Server::start().await;
    let request = SpeakRequest {
        provider: Some(Provider::OpenAi),
        voice: "nova".into(),
        ..SpeakRequest::new("Good morning.")
    };
    is_for_the_telephone(&speech(&server, request).await, 1.5);
    let sent = server.seen(SPEAK)[0].json();
    assert_eq!(sent["input"], "Good morning.");
    assert_eq!(sent["voice"], "nova");
    assert_eq!(sent["response_format"], "wav");
    assert_eq!(sent["model"], "gpt-4o-mini-tts");
}

#[tokio::test]
async fn elevenlabs_speaks() {
    let server = Server::start().await;
    let request = SpeakRequest {
        language: "de-DE".into(),
        voice: "a/voice?".into(),
        ..SpeakRequest::new("Guten Morgen.")
    };
    is_for_the_telephone(&speech(&server, request).await, 1.5);
    let seen = &server.seen(ELEVENLABS)[0];
    assert_eq!(
        seen.path,
        "/v1/text-to-speech/a%2Fvoice%3F?output_format=wav_8000"
    );
    assert_eq!(seen.headers["xi-api-key"], "xi-secret-key");
    let sent = seen.json();
    assert_eq!(
        (&sent["text"], &sent["language_code"]),
        (&"Guten Morgen.".into(), &"de".into())
    );

    let request = SpeakRequest {
        language: "de-DE".into(),
        model: "eleven_multilingual_v2".into(),
        ..SpeakRequest::new("Guten Morgen.")
    };
    speech(&server, request).await;
    // This model answers with an error when it is told a language.
    assert!(
        server.seen(ELEVENLABS)[1]
            .json()
            .get("language_code")
            .is_none()
    );
}

#[tokio::test]
async fn murf_speaks() {
    let server = Server::start().await;
    let request = SpeakRequest {
        provider: Some(Provider::Murf),
        language: "es-ES".into(),
        ..SpeakRequest::new("Buenos días.")
    };
    is_for_the_telephone(&speech(&server, request).await, 2.0);
    let seen = &server.seen(MURF)[0];
    assert_eq!(seen.headers["api-key"], "murf-secret-key");
    let sent = seen.json();
    assert_eq!(sent["text"], "Buenos días.");
    assert_eq!(sent["voiceId"], "en-US-natalie");
    assert_eq!(sent["multiNativeLocale"], "es-ES");
    assert_eq!(
        (&sent["format"], &sent["sampleRate"]),
        (&"WAV".into(), &8_000.into())
    );
    assert_eq!(
        (&sent["channelType"], &sent["encodeAsBase64"]),
        (&"MONO".into(), &true.into())
    );
}

#[tokio::test]
async fn type_is_what_the_bytes_are() {
    let server = Server::start().await;
    let request = || SpeakRequest {
        provider: Some(Provider::OpenAi),
        ..SpeakRequest::new("Hello.")
    };
    let mp3 = [&[0xFF, 0xFB, 0x90, 0x64][..], &[0; 400]].concat();
    server.next(SPEAK, [Act::Say("audio/wav", mp3.clone())]);
    let heard = speech(&server, request()).await;
    assert_eq!((heard.content_type, heard.extension), ("audio/mpeg", "mp3"));
    assert_eq!((heard.duration, &heard.bytes[..]), (None, &mp3[..]));

    // A header as a server writes that does not know the length yet.
    let mut endless = wav(1.0, 24_000);
    endless[4..8].fill(0xFF);
    endless[40..44].fill(0xFF);
    server.next(SPEAK, [Act::Say("application/octet-stream", endless)]);
    is_for_the_telephone(&speech(&server, request()).await, 1.0);
}

#[tokio::test]
async fn what_is_not_sound_is_not_speech() {
    let server = Server::start().await;
    let empty = wav(0.0, 24_000);
    let broken = wav(1.0, 24_000)[..30].to_vec();
    let murf = |body: &str| Act::Say("application/json", body.as_bytes().to_vec());
    let invalid = [
        (
            SPEAK,
            Act::Say("audio/wav", b"<!doctype html><p>Sign in".to_vec()),
        ),
        (
            SPEAK,
            Act::Say("audio/wav", b"{\"error\":{\"message\":\"quota\"}}".to_vec()),
        ),
        (SPEAK, Act::Say("audio/wav", Vec::new())),
        (SPEAK, Act::Say("audio/wav", empty)),
        (SPEAK, Act::Say("audio/wav", broken)),
        (SPEAK, Act::Break),
        (ELEVENLABS, Act::Say("audio/basic", vec![0xFF; 4_000])),
        (MURF, murf("{\"audioFile\":\"https://example.com/a.wav\"}")),
        (MURF, murf("{\"encodedAudio\":\"not base64!\"}")),
        (MURF, murf("{\"encodedAudio\":\"PGh0bWw+\"}")),
    ];
    let ai = ai(server.all());
    for (path, act) in invalid {
        let provider = match path {
            SPEAK => Provider::OpenAi,
            MURF => Provider::Murf,
            _ => Provider::ElevenLabs,
        };
        server.next(path, [act]);
        let request = SpeakRequest {
            provider: Some(provider),
            ..SpeakRequest::new("Hello.")
        };
        let answer = ai.speak(&request).await.unwrap();
        assert_eq!(
            (answer.usage.provider, answer.usage.attempts),
            (provider, 2)
        );
    }
}

/// What is given out of a line, and who spoke last.
async fn pieces(
    settings: Settings,
    heard: impl Fn(&[u8]) + Send + Sync,
) -> Result<Provider, Error> {
    let request = SpeakRequest::new("Good morning.");
    let answer = ai(settings).speak_in_pieces(&request, heard).await?;
    Ok(answer.usage.provider)
}

#[tokio::test]
async fn sound_is_given_out_before_its_end_has_come() {
    let server = Server::start().await;
    let file = wav(2.0, 24_000);
    let (first, rest) = file.split_at(file.len() / 2);
    let gate = Arc::new(Semaphore::new(0));
    let rest = Some((gate.clone(), rest.to_vec()));
    server.next(SPEAK, [Act::Parts("audio/wav", first.to_vec(), rest)]);
    let heard = Mutex::new(Vec::new());
    // The rest comes only when something of the first part has been given out.
    let sound = |piece: &[u8]| {
        heard.lock().unwrap().extend_from_slice(piece);
        gate.add_permits(1);
    };
    assert_eq!(pieces(server.openai(), sound).await, Ok(Provider::OpenAi));
    assert_eq!(heard.into_inner().unwrap().len(), 16_000);
}

#[tokio::test]
async fn sound_that_breaks_off_goes_on_where_it_was() {
    let server = Server::start().await;
    let file = wav(2.0, 8_000);
    let first = file[..file.len() / 2].to_vec();
    server.next(
        SPEAK,
        [
            Act::Parts("audio/wav", first, None),
            Act::Say("audio/wav", file.clone()),
        ],
    );
    let heard = Mutex::new(Vec::new());
    let sound = |piece: &[u8]| heard.lock().unwrap().extend_from_slice(piece);
    assert_eq!(pieces(server.openai(), sound).await, Ok(Provider::OpenAi));
    let whole = audio::mulaw::encode_all(&Sound::read(&file).unwrap().telephone());
    assert!(heard.into_inner().unwrap() == whole);
}

#[tokio::test]
async fn mu_law_without_a_header_is_taken_by_its_type_and_a_page_never() {
    let server = Server::start().await;
    let heard = Mutex::new(Vec::new());
    let sound = |piece: &[u8]| heard.lock().unwrap().extend_from_slice(piece);
    let voice = audio::mulaw::encode_all(&audio::speech("good morning", Some(0.5)));
    server.next(ELEVENLABS, [Act::Say("audio/basic", voice.clone())]);
    assert_eq!(pieces(server.all(), sound).await, Ok(Provider::ElevenLabs));
    assert!(*heard.lock().unwrap() == voice);
    assert!(
        server.seen(ELEVENLABS)[0]
            .path
            .ends_with("/stream?output_format=ulaw_8000")
    );
    // What is no sound is not played, whatever it is called; the next provider speaks.
    heard.lock().unwrap().clear();
    let page = |kind| Act::Say(kind, b"<html>maintenance</html>".to_vec());
    server.next(
        ELEVENLABS,
        ["text/html", "audio/basic", "audio/mpeg"].map(page),
    );
    let sound = |piece: &[u8]| heard.lock().unwrap().extend_from_slice(piece);
    assert_eq!(pieces(server.all(), sound).await, Ok(Provider::OpenAi));
    assert_eq!(heard.into_inner().unwrap().len(), 12_000);
}

#[tokio::test]
async fn silence_is_no_speech_whole_or_in_pieces() {
    let server = Server::start().await;
    let silence = |seconds: usize| {
        let sound = Sound::mono(vec![12; seconds * 8_000]);
        sound.to_wav(audio::Encoding::Pcm16).unwrap()
    };
    let silent = || Act::Say("audio/wav", silence(2));
    server.next(SPEAK, [silent(), silent()]);
    let ai = ai(server.openai());
    let answer = ai.speak(&SpeakRequest::new("Hello.")).await.unwrap();
    assert_eq!(answer.usage.attempts, 3);
    // In pieces: nothing of it is given out, and whoever is next speaks from the beginning.
    let mute = || Act::Say("audio/basic", vec![0xFF; 16_000]);
    server.next(ELEVENLABS, [mute(), mute(), mute()]);
    let heard = Mutex::new(Vec::new());
    let sound = |piece: &[u8]| heard.lock().unwrap().extend_from_slice(piece);
    assert_eq!(pieces(server.all(), sound).await, Ok(Provider::OpenAi));
    assert_eq!(heard.lock().unwrap().len(), 12_000);
    // A voice that takes a breath first is not cut.
    heard.lock().unwrap().clear();
    let mut late = vec![0; 8_000];
    late.extend(audio::speech("good morning", Some(0.5)));
    let late = Sound::mono(late);
    let file = late.to_wav(audio::Encoding::Pcm16).unwrap();
    server.next(SPEAK, [Act::Say("audio/wav", file)]);
    let sound = |piece: &[u8]| heard.lock().unwrap().extend_from_slice(piece);
    assert_eq!(pieces(server.openai(), sound).await, Ok(Provider::OpenAi));
    assert_eq!(heard.lock().unwrap().len(), late.samples.len());
    // Where there is nothing to say, silence is what was asked for.
    server.next(SPEAK, [silent()]);
    let answer = ai.speak(&SpeakRequest::new("...")).await.unwrap();
    assert_eq!(answer.usage.attempts, 1);
}
