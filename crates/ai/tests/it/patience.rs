//! How long, how often, and when not at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ai::task::Score;
use ai::{
    Ai, Breaker, ChatRequest, Error, Limits, OpenAi, Provider, Retry, Settings, TranscribeRequest,
};
use chrono::{DateTime, TimeDelta};
use clock::Clock;
use tokio::sync::Semaphore;

use crate::chat::request;
use crate::server::{Act, CHAT, Server, TRANSCRIBE, ai};

/// Longer than any test takes whose time is kept.
const FOREVER: Duration = Duration::from_secs(60);

fn within(limit: Duration) -> ChatRequest {
    ChatRequest {
        within: Some(limit),
        ..request()
    }
}

#[tokio::test]
async fn who_never_answers_costs_no_more_than_the_time_allowed() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    server.next(CHAT, [Act::Hang]);
    let (limit, started) = (Duration::from_millis(200), Instant::now());
    let error = ai.chat::<Score>(&within(limit)).await.unwrap_err();
    assert_eq!(
        error,
        Error::Deadline {
            within: limit,
            attempts: 1
        }
    );
    assert_eq!((error.reason(), error.is_retryable()), ("deadline", true));
    assert!(started.elapsed() >= limit && started.elapsed() < FOREVER / 4);
}

#[tokio::test]
async fn one_attempt_does_not_take_all_the_time() {
    let server = Server::start().await;
    let settings = server.openai();
    let ai = ai(Settings {
        limits: Limits {
            attempt: Duration::from_millis(200),
            ..settings.limits
        },
        ..settings
    });
    server.next(CHAT, [Act::Hang, Act::Hang]);
    let answer = ai.chat::<Score>(&within(FOREVER)).await.unwrap();
    assert_eq!(answer.usage.attempts, 3);
    assert!(answer.usage.latency >= Duration::from_millis(400));
}

#[tokio::test]
async fn what_may_pass_is_repeated() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    for act in [
        Act::status(500),
        Act::status(503),
        Act::status(429),
        Act::status(408),
        Act::Break,
    ] {
        server.next(TRANSCRIBE, [act.clone(), act]);
        let request = TranscribeRequest::new(vec![0; 100], "a.wav");
        let answer = ai.transcribe(&request).await.unwrap();
        assert_eq!(answer.usage.attempts, 3);
        assert_eq!(answer.value, "I led a team.");
    }
}

#[tokio::test]
async fn what_is_refused_is_not_repeated() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let elsewhere = ("location", "/v1/chat/completions".to_owned());
    for (status, headers) in [
        (400, vec![]),
        (401, vec![]),
        (402, vec![]),
        (404, vec![]),
        (413, vec![]),
        // The key would go wherever the answer says.
        (307, vec![elsewhere]),
    ] {
        let before = server.seen(CHAT).len();
        server.next(CHAT, [Act::Status(status, headers)]);
        let error = ai.chat::<Score>(&request()).await.unwrap_err();
        let refused = Error::Refused {
            provider: Provider::OpenAi,
            status,
        };
        assert_eq!(error, refused);
        assert_eq!(
            (error.reason(), error.is_retryable()),
            ("provider_refused", false)
        );
        assert_eq!(server.seen(CHAT).len(), before + 1);
    }
}

#[tokio::test]
async fn nobody_there_is_a_failure_that_may_pass() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base_url = format!("http://{}/v1", free.local_addr().unwrap());
    drop(free);
    let openai = OpenAi {
        base_url,
        ..OpenAi::new("key")
    };
    let ai = ai(Settings {
        openai: Some(openai),
        ..Settings::default()
    });
    let error = ai.chat::<Score>(&request()).await.unwrap_err();
    assert!(
        matches!(
            error,
            Error::Failed {
                why: "no connection",
                attempts: 3,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn provider_that_asks_for_time_gets_it() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    server.next(CHAT, [Act::Status(429, vec![("retry-after", "1".into())])]);
    let answer = ai.chat::<Score>(&request()).await.unwrap();
    assert_eq!(answer.usage.attempts, 2);
    assert!(answer.usage.latency >= Duration::from_secs(1));
}

#[tokio::test]
async fn provider_that_asks_for_more_time_than_there_is_is_not_asked_again() {
    let server = Server::start().await;
    let clock = Clock::held(DateTime::from_timestamp(784_111_777, 0).unwrap());
    let ai = Ai::new(server.openai(), clock).unwrap();
    for (value, seconds) in [("3600", 3_600), ("Sun, 06 Nov 1994 08:59:37 GMT", 600)] {
        let before = server.seen(CHAT).len();
        server.next(
            CHAT,
            [Act::Status(503, vec![("retry-after", value.into())])],
        );
        let error = ai.chat::<Score>(&request()).await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(seconds)));
        assert_eq!(error.reason(), "provider_failed");
        assert_eq!(server.seen(CHAT).len(), before + 1);
    }
}

/// Settings with which every failure is told at once, and two in a row open the breaker for half a minute.
fn touchy(settings: Settings) -> Settings {
    Settings {
        retry: Retry {
            attempts: 1,
            ..settings.retry
        },
        breaker: Breaker {
            failures: 2,
            pause: Duration::from_secs(30),
        },
        ..settings
    }
}

#[tokio::test]
async fn who_keeps_failing_is_left_alone_and_then_tried_again() {
    let server = Server::start().await;
    let clock = Clock::held(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    let ai = Ai::new(touchy(server.openai()), clock.clone()).unwrap();
    let ask = async || {
        ai.chat::<Score>(&request())
            .await
            .map(|answer| answer.value.score)
    };
    server.next(CHAT, [Act::status(500), Act::status(500)]);
    assert_eq!(ask().await.unwrap_err().retry_after(), None);
    assert_eq!(ask().await.unwrap_err().retry_after(), None);

    let error = ask().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert!(
        matches!(error, Error::Failed { attempts: 0, .. }),
        "{error}"
    );
    assert_eq!(server.seen(CHAT).len(), 2);
    // A provider that cannot chat may still listen.
    let listen = TranscribeRequest::new(vec![0; 100], "a.wav");
    assert!(ai.transcribe(&listen).await.is_ok());

    clock.advance(TimeDelta::seconds(30));
    server.next(CHAT, [Act::status(500)]);
    assert_eq!(ask().await.unwrap_err().retry_after(), None);
    assert_eq!(
        ask().await.unwrap_err().retry_after(),
        Some(Duration::from_secs(30))
    );
    assert_eq!(server.seen(CHAT).len(), 3);

    clock.advance(TimeDelta::seconds(30));
    assert!(ask().await.is_ok());
    assert!(ask().await.is_ok());
}

/// Five refusals in words, or five prompts that no model answers well, are one caller's doing.
#[tokio::test]
async fn breaker_invalid_and_refused_answers_keep_it_closed() {
    let server = Server::start().await;
    let ai = ai(touchy(server.openai()));
    let page = Act::Say("text/html", b"<html>Sorry</html>".to_vec());
    let refusal = Act::Say(
        "application/json",
        br#"{"choices":[{"message":{"refusal":"No.","content":null}}]}"#.to_vec(),
    );
    for act in [page, refusal, Act::Content("{}".into()), Act::status(400)] {
        for _ in 0..3 {
            let before = server.seen(CHAT).len();
            server.next(CHAT, [act.clone()]);
            let error = ai.chat::<Score>(&request()).await.unwrap_err();
            assert_eq!(error.retry_after(), None, "{error}");
            assert_eq!(server.seen(CHAT).len(), before + 1);
        }
    }
    assert!(ai.chat::<Score>(&request()).await.is_ok());
}

/// An answer that cannot be used ends a row of failures.
#[tokio::test]
async fn breaker_invalid_answer_between_failures_keeps_it_closed() {
    let server = Server::start().await;
    let ai = ai(touchy(server.openai()));
    for act in [
        Act::status(500),
        Act::Content("no".into()),
        Act::status(500),
    ] {
        server.next(CHAT, [act]);
        ai.chat::<Score>(&request()).await.unwrap_err();
    }
    assert!(ai.chat::<Score>(&request()).await.is_ok());
}

#[tokio::test]
async fn only_one_finds_out_whether_it_is_over() {
    let server = Server::start().await;
    let clock = Clock::held(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
    let ai = Ai::new(touchy(server.openai()), clock.clone()).unwrap();
    server.next(CHAT, [Act::status(500), Act::status(500)]);
    for _ in 0..2 {
        ai.chat::<Score>(&request()).await.unwrap_err();
    }
    clock.advance(TimeDelta::seconds(30));
    let permit = Arc::new(Semaphore::new(0));
    server.next(CHAT, [Act::When(permit.clone())]);
    let probe = tokio::spawn({
        let ai = ai.clone();
        async move {
            ai.chat::<Score>(&request())
                .await
                .map(|answer| answer.value)
        }
    });
    server.has_seen(3).await;
    assert!(ai.chat::<Score>(&request()).await.is_err());
    assert_eq!(server.seen(CHAT).len(), 3);
    permit.add_permits(1);
    assert!(probe.await.unwrap().is_ok());
    assert!(ai.chat::<Score>(&request()).await.is_ok());
}

#[tokio::test]
async fn provider_gets_only_so_much_at_once() {
    let server = Server::start().await;
    let ai = ai(Settings {
        concurrency: 1,
        ..server.openai()
    });
    let permit = Arc::new(Semaphore::new(0));
    server.next(CHAT, [Act::When(permit.clone())]);
    let first = tokio::spawn({
        let ai = ai.clone();
        async move {
            ai.chat::<Score>(&within(FOREVER))
                .await
                .map(|answer| answer.value)
        }
    });
    server.has_seen(1).await;
    let limit = Duration::from_millis(100);
    let error = ai.chat::<Score>(&within(limit)).await.unwrap_err();
    assert_eq!(
        error,
        Error::Deadline {
            within: limit,
            attempts: 0
        }
    );
    assert_eq!(server.seen(CHAT).len(), 1);
    permit.add_permits(1);
    assert!(first.await.unwrap().is_ok());
    assert!(ai.chat::<Score>(&request()).await.is_ok());
}
