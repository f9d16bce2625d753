//! Who is asked, and who follows.

use std::time::Duration;

use ai::{Error, Provider, Settings, Setup, Simulated, SpeakRequest, TranscribeRequest};
use clock::Clock;

use crate::server::{Act, ELEVENLABS, MURF, SPEAK, Server, TRANSCRIBE, ai, wav};

async fn speaker(settings: Settings, wished: Option<Provider>) -> Provider {
    let request = SpeakRequest {
        provider: wished,
        ..SpeakRequest::new("Good morning.")
    };
    ai(settings).speak(&request).await.unwrap().usage.provider
}

#[tokio::test]
async fn wished_one_speaks_else_murf_when_preferred_else_elevenlabs_else_openai() {
    let server = Server::start().await;
    let all = || server.all();
    let murf = || Settings {
        prefer_murf: true,
        ..server.all()
    };
    assert_eq!(speaker(all(), None).await, Provider::ElevenLabs);
    assert_eq!(speaker(murf(), None).await, Provider::Murf);
    assert_eq!(
        speaker(murf(), Some(Provider::OpenAi)).await,
        Provider::OpenAi
    );
    assert_eq!(speaker(all(), Some(Provider::Murf)).await, Provider::Murf);
    assert_eq!(
        speaker(server.openai(), Some(Provider::Murf)).await,
        Provider::OpenAi
    );
    // The simulated provider does not speak while another can.
    let simulated = Settings {
        simulated: Simulated::WordsAndSpeech,
        ..server.openai()
    };
    assert_eq!(
        speaker(simulated, Some(Provider::Simulated)).await,
        Provider::OpenAi
    );
}

#[tokio::test]
async fn this_machine_hears_and_speaks_before_others_and_is_shown_no_key() {
    let server = Server::start().await;
    let local = || server.local(server.all());
    assert_eq!(speaker(local(), None).await, Provider::Local);
    let sent = &server.seen(SPEAK)[0];
    assert!(!sent.headers.contains_key("authorization"));
    assert_eq!(sent.json()["model"], "piper");
    let wished = Some(Provider::ElevenLabs);
    assert_eq!(speaker(local(), wished).await, Provider::ElevenLabs);
    let request = TranscribeRequest::new(wav(1.0, 8_000), "a.wav");
    let usage = ai(local()).transcribe(&request).await.unwrap().usage;
    assert_eq!(
        (
            usage.provider.as_str(),
            usage.simulated,
            usage.model.as_str()
        ),
        ("local", false, "whisper-tiny.en")
    );
}

#[tokio::test]
async fn next_one_follows_when_one_fails_or_refuses() {
    let server = Server::start().await;
    let ai = ai(server.all());
    let page = Act::Say("audio/wav", b"<html>maintenance</html>".to_vec());
    let refused = [Act::status(401)];
    let failed = [page.clone(), page.clone(), page];
    let waits = [Act::Status(429, vec![("retry-after", "3".into())])];
    for (acts, attempts) in [(&refused[..], 2), (&failed, 4), (&waits, 2)] {
        server.next(ELEVENLABS, acts.to_vec());
        let answer = ai.speak(&SpeakRequest::new("Hello.")).await.unwrap();
        assert_eq!(answer.usage.provider, Provider::OpenAi);
        assert_eq!(answer.usage.attempts, attempts);
        assert!(answer.usage.latency < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn who_never_answers_leaves_time_for_the_others() {
    let server = Server::start().await;
    let ai = ai(server.all());
    server.next(ELEVENLABS, [Act::Hang]);
    server.next(SPEAK, [Act::Hang]);
    let request = SpeakRequest {
        within: Some(Duration::from_secs(3)),
        ..SpeakRequest::new("Hello.")
    };
    let answer = ai.speak(&request).await.unwrap();
    assert_eq!(answer.usage.provider, Provider::Murf);
    assert_eq!(answer.usage.attempts, 3);
    assert!(answer.usage.latency >= Duration::from_secs(2));
}

#[tokio::test]
async fn voice_means_something_only_to_whom_it_was_wished_from() {
    let server = Server::start().await;
    let ai = ai(server.all());
    server.next(MURF, [Act::status(400)]);
    let request = SpeakRequest {
        voice: "de-DE-matthias".into(),
        model: "GEN2".into(),
        provider: Some(Provider::Murf),
        ..SpeakRequest::new("Guten Morgen.")
    };
    let answer = ai.speak(&request).await.unwrap();
    assert_eq!(answer.usage.provider, Provider::ElevenLabs);
    let asked = server.seen(MURF)[0].json();
    assert_eq!(
        (&asked["voiceId"], &asked["modelVersion"]),
        (&"de-DE-matthias".into(), &"GEN2".into())
    );
    let stands_in = &server.seen(ELEVENLABS)[0];
    assert!(stands_in.path.contains("eleven-voice"));
    assert_eq!(stands_in.json()["model_id"], "eleven_flash_v2_5");
}

#[tokio::test]
async fn worst_of_several_answers_is_told_as_the_better_hope() {
    let server = Server::start().await;
    let ai = ai(server.all());
    server.next(
        ELEVENLABS,
        [Act::status(500), Act::status(500), Act::status(500)],
    );
    server.next(SPEAK, [Act::status(400)]);
    server.next(MURF, [Act::status(403)]);
    let error = ai.speak(&SpeakRequest::new("Hello.")).await.unwrap_err();
    let Error::Failed {
        provider, attempts, ..
    } = error
    else {
        panic!("{error}");
    };
    assert_eq!((provider, attempts), (Provider::ElevenLabs, 5));
}

#[tokio::test]
async fn simulated_provider_never_stands_in_for_a_real_one() {
    let server = Server::start().await;
    let ai = ai(Settings {
        simulated: Simulated::WordsAndSpeech,
        ..server.openai()
    });
    server.next(TRANSCRIBE, [Act::status(401)]);
    let error = ai
        .transcribe(&TranscribeRequest::new(vec![0; 9], "a.wav"))
        .await;
    assert_eq!(error.unwrap_err().reason(), "provider_refused");
}

#[tokio::test]
async fn nobody_configured_is_said_as_such() {
    let server = Server::start().await;
    let voices_only = Settings {
        openai: None,
        ..server.all()
    };
    let error = ai(voices_only)
        .transcribe(&TranscribeRequest::new(vec![0; 9], "a.wav"))
        .await;
    assert_eq!(error.unwrap_err(), Error::NoProvider { what: "transcribe" });
    let words_only = Settings {
        simulated: Simulated::Words,
        ..Settings::default()
    };
    let error = ai(words_only)
        .speak(&SpeakRequest::new("Hello."))
        .await
        .unwrap_err();
    assert_eq!(
        (error.reason(), error.is_retryable()),
        ("no_provider", false)
    );
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused() {
    let server = Server::start().await;
    let with = |base_url: &str, key: &str| {
        let mut settings = server.openai();
        settings.openai = settings.openai.map(|openai| ai::OpenAi {
            base_url: base_url.to_owned(),
            api_key: ai::Secret::new(key),
            ..openai
        });
        ai::Ai::new(settings, Clock::system()).map(|_| ())
    };
    for (base_url, key) in [
        ("not an address", "key"),
        ("ftp://example.com/v1", "key"),
        ("http://example.com/v1", "a\nkey"),
    ] {
        let Setup { provider, .. } = with(base_url, key).unwrap_err();
        assert_eq!(provider, Provider::OpenAi);
    }
    assert_eq!(with("http://example.com/v1", ""), Ok(()));
}
