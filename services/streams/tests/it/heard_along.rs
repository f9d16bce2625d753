//! Callers who are understood while they speak, by a server on a WebSocket, and what happens when it does not do its part.

use std::sync::Arc;
use std::time::Duration;

use testkit::eventually;

use crate::listener::Manner;
use crate::phone::Phone;
use crate::provider::Part::Say;
use crate::provider::Work;
use crate::test_app::TestApp;

const GREETING: &str = "Harbor Dental, how can I help?";

async fn greeted(app: &TestApp, call_sid: &str) -> Phone {
    let path = app.offered_assistant(call_sid).await;
    let mut phone = Phone::call(app, &path, call_sid).await;
    phone.hears(GREETING).await;
    phone
}

pub async fn caller_is_understood_while_speaking(app: Arc<TestApp>) {
    let (provider, listener) = (app.provider(), app.listener());
    let mut phone = greeted(&app, "CA1").await;
    provider.answers_to("when are you open", &[Say("We open at eight.")]);
    provider.answers_to("where is that", &[Say("In the harbor.")]);
    phone.speak("when are you open");
    phone.hears("We open at eight.").await;
    phone.speak("where is that");
    phone.hears("In the harbor.").await;
    // Nothing was transcribed afterwards, and all of it on one socket.
    assert_eq!(provider.did(Work::Transcription), 0);
    let sockets = listener.sockets();
    assert_eq!(sockets.len(), 1, "{sockets:?}");
    let seen = &sockets[0];
    assert_eq!(seen.told.iter().filter(|it| *it == "Finalize").count(), 2);
    assert!(
        seen.interim.iter().any(|it| it.contains("when are")),
        "{seen:?}"
    );
    // Silence does not go out: only what was said, with what came right before it and the silence that ended it.
    let passed = phone.frames() * 160;
    assert!(seen.sound < passed, "{} of {passed}", seen.sound);
    phone.hang_up().await;
    eventually("the socket is closed", async || {
        app.listener().sockets()[0].is_over
    })
    .await;
    assert_eq!(listener.sockets()[0].told.last().unwrap(), "CloseStream");
}

pub async fn ears_that_break_or_say_nothing_cost_the_caller_no_word(app: Arc<TestApp>) {
    let (provider, listener) = (app.provider(), app.listener());
    let manners = [
        Manner::Breaks(2_000),
        Manner::Fails(2_000),
        Manner::Deaf,
        Manner::Slow(Duration::from_secs(3_600)),
        Manner::Endless,
        Manner::Refused,
    ];
    for (n, manner) in manners.into_iter().enumerate() {
        listener.next([manner]);
        let transcribed = provider.did(Work::Transcription);
        let mut phone = greeted(&app, &format!("CA{n}")).await;
        provider.answers_to("when are you open", &[Say("We open at eight.")]);
        phone.speak("when are you open");
        phone.hears("We open at eight.").await;
        // Of the others what was not final was understood all the same, or another socket was opened in time.
        if matches!(manner, Manner::Breaks(_) | Manner::Fails(_) | Manner::Deaf) {
            assert!(
                provider.did(Work::Transcription) > transcribed,
                "{manner:?}"
            );
        }
        // A socket that broke is opened again for what is said next.
        let is_broken = matches!(manner, Manner::Breaks(_) | Manner::Fails(_));
        if is_broken {
            let transcribed = provider.did(Work::Transcription);
            provider.answers_to("where is that", &[Say("In the harbor.")]);
            phone.speak("where is that");
            phone.hears("In the harbor.").await;
            assert_eq!(provider.did(Work::Transcription), transcribed, "{manner:?}");
        }
        phone.hang_up().await;
    }
}

pub async fn connections_and_ears_are_open_while_the_phone_still_rings(app: Arc<TestApp>) {
    let (provider, listener) = (app.provider(), app.listener());
    assert_eq!(provider.connections(), (0, 0));
    let path = app.offered_assistant("CA1").await;
    // Nobody has opened the call's socket.
    eventually("a connection is open, and ears", async || {
        let (connections, heads) = app.provider().connections();
        connections == 1 && heads == 1 && app.listener().sockets().len() == 1
    })
    .await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears(GREETING).await;
    assert_eq!(provider.did(Work::Speech), 1);
    // Its first line was spoken on that connection.
    assert_eq!(provider.connections(), (1, 1));
    provider.answers_to("when are you open", &[Say("We open at eight.")]);
    phone.speak("when are you open");
    phone.hears("We open at eight.").await;
    assert_eq!(
        listener.sockets().len(),
        1,
        "its ears are those that were open"
    );
    phone.hang_up().await;
}
