//! Questions and replies.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bus::{Bus, Disposition, Error, Subscription};
use events::Envelope;
use futures::future::join_all;

use crate::harness::{Seen, TestBus, event, eventually, subscription};

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
                Ok(()) | Err(Error::ReplyAbandoned) => Disposition::Done,
                Err(error) => Disposition::Retry(error.to_string()),
            }
        }
    })
}

pub async fn question_is_answered(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
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

pub async fn republished_question_is_answered_by_a_third(test_bus: Arc<TestBus>) {
    let (ingress, tenants, calls) = (test_bus.bus(), test_bus.peer().await, test_bus.peer().await);
    let republish = Seen::with({
        let tenants = tenants.clone();
        move |delivery| {
            let tenants = tenants.clone();
            async move {
                let mut inner = event("voice.inbound");
                inner.reply_to = delivery.envelope.reply_to;
                tenants.publish(&inner).await.unwrap();
                Disposition::Done
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

pub async fn many_questions_at_once(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
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
            "everyone gets their own"
        );
    }
}

pub async fn no_reply_in_time_but_the_event_is_handled(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
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

pub async fn question_that_nobody_takes_is_refused(test_bus: Arc<TestBus>) {
    let start = Instant::now();
    let refused = test_bus
        .bus()
        .request(event("ask"), SOON)
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Unroutable(_)), "{refused}");
    assert!(start.elapsed() < SOON, "at once");
}

pub async fn late_reply_harms_nobody(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
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

fn direct(queue: &str, bindings: &[&str]) -> Subscription {
    Subscription {
        direct: true,
        ..subscription(queue, bindings)
    }
}

/// As a role does it; says whether it had to be stored.
async fn dispatch_direct(bus: &Bus, event: &Envelope) -> bool {
    let stored = !bus.dispatch_direct(event).await;
    if stored {
        bus.publish(event).await.unwrap();
    }
    stored
}

pub async fn what_is_handed_on_is_handled_and_answered(test_bus: Arc<TestBus>) {
    let (ingress, tenants, calls) = (test_bus.bus(), test_bus.peer().await, test_bus.peer().await);
    let stored = Arc::new(AtomicUsize::new(0));
    let republish = Seen::with({
        let (tenants, stored) = (tenants.clone(), stored.clone());
        move |delivery| {
            let (tenants, stored) = (tenants.clone(), stored.clone());
            async move {
                let mut inner = event("voice.inbound");
                inner.reply_to = delivery.envelope.reply_to;
                let was_stored = dispatch_direct(&tenants, &inner).await;
                stored.fetch_add(usize::from(was_stored), Ordering::Relaxed);
                Disposition::Done
            }
        }
    });
    tenants
        .consume(
            subscription("tenants.resolve", &["ask"]),
            republish.handler(),
        )
        .await
        .unwrap();
    let deciding = answering(&calls);
    calls
        .consume(direct("calls.decide", &["voice.*"]), deciding.handler())
        .await
        .unwrap();
    for _ in 0..20 {
        let answer = ingress.request(event("ask"), SOON).await.unwrap();
        assert_eq!(answer.kind, "answer");
    }
    assert!(deciding.count() >= 20);
    if test_bus.is_embedded() {
        eventually("each has been stored", async || {
            stored.load(Ordering::Relaxed) == 20
        })
        .await;
    } else {
        // One may have come before the queue was consumed.
        let stored = stored.load(Ordering::Relaxed);
        assert!(stored < 20, "{stored} of 20 were stored");
    }
}

pub async fn what_is_not_handled_at_once_is_told(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let event = event("voice.inbound");
    assert!(!bus.dispatch_direct(&event).await, "nobody is there");
    let taking = async |seen: &Seen| {
        let subscription = direct("calls.decide", &["voice.*"]);
        bus.consume(subscription, seen.handler()).await.unwrap()
    };
    // It cannot be handled; or a consumer takes it, and dies.
    for seen in [
        Seen::answering(|_| Disposition::Retry("not yet".into())),
        Seen::with(|_| std::future::pending()),
    ] {
        let consumer = taking(&seen).await;
        eventually("it has been tried", async || {
            assert!(!bus.dispatch_direct(&event).await);
            test_bus.is_embedded() || seen.count() > 0
        })
        .await;
        consumer.abort().await;
    }
    // And whoever is told so publishes it.
    let seen = Seen::new();
    bus.publish(&event).await.unwrap();
    taking(&seen).await;
    seen.eventually(1).await;
    assert_eq!(seen.ids(), [event.id]);
}
