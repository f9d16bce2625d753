//! Providers that hang, fail, or answer what is no answer, on the wire: a caller is never left in silence.

use std::sync::Arc;

use crate::phone::Phone;
use crate::provider::Part::Say;
use crate::provider::{Ill, Work};
use crate::test_app::TestApp;

const GREETING: &str = "Harbor Dental, how can I help?";

async fn greeted(app: &TestApp, call_sid: &str) -> Phone {
    let path = app.offered_assistant(call_sid).await;
    let mut phone = Phone::call(app, &path, call_sid).await;
    phone.hears(GREETING).await;
    phone
}

/// A counter of the process, whatever its labels.
async fn counted(app: &TestApp, name: &str) -> u64 {
    let (_, metrics) = app.call("GET", "/metrics", "", None).await;
    let lines = metrics.as_str().unwrap().lines();
    let these = lines.filter(|line| line.starts_with(name));
    these
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

pub async fn voice_that_fails_hangs_or_answers_no_voice_is_followed_by_the_next(app: Arc<TestApp>) {
    let provider = app.provider();
    let mut phone = greeted(&app, "CA1").await;
    assert_eq!(
        (provider.did(Work::Voice), provider.did(Work::Speech)),
        (1, 0)
    );
    let turns = [
        (Ill::Silence, "We open at eight."),
        (Ill::Page, "We close at five."),
        (Ill::Fails, "There is a car park."),
        (Ill::Hangs, "The bus stops here."),
    ];
    for (ill, answer) in turns {
        let silent = counted(&app, "ai_silent_speech_total").await;
        let (voice, speech) = (provider.did(Work::Voice), provider.did(Work::Speech));
        provider.ails(Work::Voice, Some(ill));
        provider.answers(&[Say(answer)]);
        phone.speak("tell me more");
        phone.hears(answer).await;
        assert!(provider.did(Work::Voice) > voice, "{ill:?}");
        assert_eq!(provider.did(Work::Speech), speech + 1, "{ill:?}");
        if ill == Ill::Silence {
            assert!(counted(&app, "ai_silent_speech_total").await > silent);
        }
    }
    phone.hang_up().await;
}

pub async fn voice_that_nobody_has_ends_the_stream_and_the_call_goes_on_without_it(
    app: Arc<TestApp>,
) {
    let provider = app.provider();
    for (n, ill) in [Ill::Silence, Ill::Page, Ill::Fails, Ill::Hangs]
        .into_iter()
        .enumerate()
    {
        provider.ails(Work::Speech, Some(ill));
        let call = format!("CA{n}");
        let path = app.offered(&call, "loan").await;
        let mut phone = Phone::call(&app, &path, &call).await;
        phone
            .until("the close", |phone| phone.closed.is_some())
            .await;
        assert_eq!(app.ended(&call).await.reason, "no_voice", "{ill:?}");
        // Nothing of it was played.
        assert!(phone.received.is_empty(), "{ill:?}");
        let document = app.document(&call, "loan").await;
        assert!(
            document.contains("/continue-interview?interview_id=interview-1"),
            "{document}"
        );
    }
}

pub async fn transcriber_that_fails_or_hangs_has_the_caller_asked_again(app: Arc<TestApp>) {
    let provider = app.provider();
    let mut phone = greeted(&app, "CA1").await;
    for (n, ill) in [Ill::Page, Ill::Fails, Ill::Hangs].into_iter().enumerate() {
        provider.ails(Work::Transcription, Some(ill));
        phone.speak("when are you open");
        phone
            .until("the caller is asked again", |phone| {
                let asked = phone
                    .heard
                    .iter()
                    .filter(|it| it.contains("Could you say it again?"));
                asked.count() > n
            })
            .await;
    }
    provider.ails(Work::Transcription, None);
    provider.answers(&[Say("We open at eight.")]);
    // Whoever failed so often is left alone for a moment.
    while !phone
        .heard
        .iter()
        .any(|it| it.contains("We open at eight."))
    {
        let heard = phone.heard.len();
        phone.speak("when are you open");
        phone
            .until("an answer", |phone| phone.heard.len() > heard)
            .await;
    }
    assert!(provider.asked()[0].data().contains("when are you open"));
    phone.hang_up().await;
}
