//! Questions and replies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, Error, Settle};
use futures::future::join_all;

use crate::harness::{Seen, Stage, event, subscription};

const SOON: Duration = Duration::from_secs(5);

/// Answers each question with an event whose cause is the question.
fn answering(bus: &Bus) -> Seen {
    let bus = bus.clone();
    Seen::with(move |delivery| {
        let bus = bus.clone();
        async move {
            let mut answer = event("answer");
            answer.cause = Some(delivery.envelope.id.clone());
            let to = delivery
                .envelope
                .reply_to
                .expect("a question says where its reply goes");
            match bus.reply(&to, &answer).await {
                Ok(()) | Err(Error::ReplyAbandoned) => Settle::Done,
                Err(error) => Settle::Retry(error.to_string()),
            }
        }
    })
}

pub async fn a_question_is_answered(stage: Arc<Stage>) {
    let (bus, peer) = (stage.bus(), stage.peer().await);
    let seen = answering(&peer);
    peer.consume(subscription("tenants.resolve", &["ask"]), seen.handler())
        .await
        .unwrap();
    let question = event("ask");
    let answer = bus.request(question.clone(), SOON).await.unwrap();
    assert_eq!(
        (answer.kind.as_str(), answer.cause),
        ("answer", Some(question.id))
    );
    assert_eq!(answer.reply_to, None);
}

pub async fn a_republished_question_is_answered_by_a_third(stage: Arc<Stage>) {
    let (ingress, tenants, calls) = (stage.bus(), stage.peer().await, stage.peer().await);
    let republish = Seen::with({
        let tenants = tenants.clone();
        move |delivery| {
            let tenants = tenants.clone();
            async move {
                let mut inner = event("voice.inbound");
                inner.reply_to = delivery.envelope.reply_to;
                tenants.publish(&inner).await.unwrap();
                Settle::Done
            }
        }
    });
    let decide = answering(&calls);
    calls
        .consume(
            subscription("calls.decide", &["voice.inbound"]),
            decide.handler(),
        )
        .await
        .unwrap();
    tenants
        .consume(
            subscription("tenants.resolve", &["twilio.#"]),
            republish.handler(),
        )
        .await
        .unwrap();
    for _ in 0..20 {
        let answer = ingress
            .request(event("twilio.voice.inbound"), SOON)
            .await
            .unwrap();
        assert!(decide.ids().contains(&answer.cause.unwrap()));
    }
}

pub async fn many_questions_at_once(stage: Arc<Stage>) {
    let (bus, peer) = (stage.bus(), stage.peer().await);
    let seen = answering(&peer);
    peer.consume(subscription("tenants.resolve", &["ask"]), seen.handler())
        .await
        .unwrap();
    let questions: Vec<_> = (0..200).map(|_| event("ask")).collect();
    let answers = join_all(questions.iter().map(|q| bus.request(q.clone(), SOON))).await;
    for (question, answer) in questions.iter().zip(answers) {
        assert_eq!(
            answer.unwrap().cause.as_ref(),
            Some(&question.id),
            "everyone gets his own"
        );
    }
}

pub async fn no_reply_in_time_but_the_event_is_handled(stage: Arc<Stage>) {
    let bus = stage.bus();
    let subscription = subscription("tenants.resolve", &["ask"]);
    bus.declare(&subscription).await.unwrap();
    let question = event("ask");
    let start = Instant::now();
    let silence = bus
        .request(question.clone(), Duration::from_millis(300))
        .await
        .unwrap_err();
    assert!(matches!(silence, Error::NoReply(_)), "{silence}");
    assert!(start.elapsed() >= Duration::from_millis(290));
    let seen = Seen::new();
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(1).await;
    assert_eq!(seen.ids(), [question.id]);
}

pub async fn a_question_that_nobody_takes_is_refused(stage: Arc<Stage>) {
    let start = Instant::now();
    let refused = stage.bus().request(event("ask"), SOON).await.unwrap_err();
    assert!(matches!(refused, Error::Unroutable(_)), "{refused}");
    assert!(start.elapsed() < SOON, "at once");
}

pub async fn a_late_reply_harms_nobody(stage: Arc<Stage>) {
    let (bus, peer) = (stage.bus(), stage.peer().await);
    let seen = answering(&peer);
    let subscription = subscription("tenants.resolve", &["ask"]);
    bus.declare(&subscription).await.unwrap();
    bus.request(event("ask"), Duration::from_millis(50))
        .await
        .unwrap_err();
    // The first question is answered now, though its asker has given up; the second gets its own answer.
    peer.consume(subscription, seen.handler()).await.unwrap();
    let question = event("ask");
    let answer = bus.request(question.clone(), SOON).await.unwrap();
    assert_eq!(answer.cause, Some(question.id));
    seen.eventually(2).await;
}
