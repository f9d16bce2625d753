//! How deliveries end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{DELIVERY_LIMIT, Delivery, Disposition, Error};
use events::Envelope;
use tokio::sync::Semaphore;

use crate::harness::{Seen, TestBus, event, events, eventually, ids, subscription};

pub async fn repeat_waits_without_blocking_others(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    // The first waits until the others are behind it, however long it takes to publish them.
    let gate = Arc::new(Semaphore::new(0));
    let seen = Seen::with({
        let gate = gate.clone();
        move |delivery: Delivery| {
            let gate = gate.clone();
            async move {
                if delivery.envelope.kind != "call.missed" || delivery.attempt > 1 {
                    return Disposition::Done;
                }
                gate.acquire().await.unwrap().forget();
                Disposition::Retry("not yet".into())
            }
        }
    });
    let mut subscription = subscription("calls.log", &["call.*"]);
    subscription.retry_delays = vec![Duration::from_millis(700)];
    subscription.prefetch = 1;
    bus.consume(subscription, seen.handler()).await.unwrap();
    let (slow, quick) = (event("call.missed"), events("call.ended", 5));
    bus.publish(&slow).await.unwrap();
    for event in &quick {
        bus.publish(event).await.unwrap();
    }
    gate.add_permits(1);
    seen.eventually(7).await;
    let mut order = vec![slow.id.clone()];
    order.extend(ids(&quick));
    order.push(slow.id);
    assert_eq!(seen.ids(), order);
    assert_eq!(seen.attempts(), [1, 1, 1, 1, 1, 1, 2]);
    assert!(seen.times()[6] - seen.times()[0] >= Duration::from_millis(650));
}

pub async fn repeats_run_out_and_the_dead_return_one_by_one(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let strict = Arc::new(AtomicUsize::new(1));
    let seen = Seen::answering({
        let strict = strict.clone();
        move |_| match strict.load(Ordering::SeqCst) {
            0 => Disposition::Done,
            _ => Disposition::Retry("no use".into()),
        }
    });
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let two = events("call.missed", 2);
    for event in &two {
        bus.publish(event).await.unwrap();
    }
    eventually("two dead letters", async || {
        bus.dead_letters(10).await.unwrap().len() == 2
    })
    .await;
    assert_eq!(seen.count(), 6, "each three times");

    let letters = bus.dead_letters(10).await.unwrap();
    for letter in &letters {
        assert_eq!((letter.queue.as_str(), letter.attempts), ("calls.log", 3));
        assert!(letter.reason.contains("no use"), "{}", letter.reason);
        assert!(two.contains(&letter.envelope));
    }
    assert_eq!(
        bus.dead_letters(10).await.unwrap(),
        letters,
        "looking changes nothing"
    );
    assert_eq!(bus.dead_letters(1).await.unwrap().len(), 1);
    let depths = bus.depths().await.unwrap();
    assert!(
        depths.iter().any(|d| d.queue == "calls.log" && d.dead == 2),
        "{depths:?}"
    );

    strict.store(0, Ordering::SeqCst);
    let (chosen, other) = (&letters[0], &letters[1]);
    bus.replay(&chosen.id).await.unwrap();
    seen.eventually(7).await;
    assert_eq!(seen.ids()[6], chosen.envelope.id);
    assert_eq!(seen.attempts()[6], 1, "a replayed event starts afresh");
    assert_eq!(
        bus.dead_letters(10).await.unwrap(),
        std::slice::from_ref(other),
        "the other stays"
    );
    let again = bus.replay(&chosen.id).await.unwrap_err();
    assert!(matches!(again, Error::NoSuchDeadLetter(_)), "{again}");
}

pub async fn dead_letter_is_dead_at_once(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let seen = Seen::answering(|_| Disposition::Dead("it makes no sense".into()));
    let fine = Seen::new();
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    bus.consume(
        subscription("dispatch.text", &["call.missed"]),
        fine.handler(),
    )
    .await
    .unwrap();
    let event = event("call.missed");
    bus.publish(&event).await.unwrap();
    eventually("a dead letter", async || {
        bus.dead_letters(10).await.unwrap().len() == 1
    })
    .await;
    fine.eventually(1).await;
    let letter = bus.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(letter.reason, "it makes no sense");
    assert_eq!(letter.id, format!("{}@calls.log", event.id));
    assert_eq!((letter.attempts, letter.envelope), (1, event));
    // Only the queue that it died in gets it back.
    bus.replay(&letter.id).await.unwrap();
    seen.eventually(2).await;
    eventually("it is dead again", async || {
        bus.dead_letters(10).await.unwrap().len() == 1
    })
    .await;
    assert_eq!(fine.count(), 1);
}

fn is_smiths(event: &Envelope) -> bool {
    event.tenant.as_deref() == Some("smith")
}

pub async fn dead_letter_that_may_not_go_stays(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let seen = Seen::answering(|_| Disposition::Dead("it makes no sense".into()));
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let own = event("call.missed");
    let theirs = Envelope {
        tenant: Some("jones".into()),
        ..event("call.missed")
    };
    for event in [&own, &theirs] {
        bus.publish(event).await.unwrap();
    }
    eventually("two dead letters", async || {
        bus.dead_letters(10).await.unwrap().len() == 2
    })
    .await;
    let letters = bus.dead_letters(10).await.unwrap();

    for id in [theirs.id.as_str(), "none"] {
        let id = format!("{id}@calls.log");
        let refused = bus.replay_if(&id, is_smiths).await.unwrap_err();
        assert!(
            matches!(&refused, Error::NoSuchDeadLetter(none) if *none == id),
            "{refused}"
        );
    }
    assert_eq!(bus.dead_letters(10).await.unwrap(), letters);

    let id = format!("{}@calls.log", own.id);
    bus.replay_if(&id, is_smiths).await.unwrap();
    seen.eventually(3).await;
    assert_eq!(seen.ids()[2], own.id, "this one went, and no other before");
}

pub async fn outage_longer_than_all_repeats_is_waited_for(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    // Far more deliveries than repeats and than the delivery limit; then a counted one still has its repeat.
    let waits = DELIVERY_LIMIT + 4;
    let seen = Seen::answering(move |delivery| match delivery.attempt {
        attempt if attempt <= waits => Disposition::Wait {
            reason: "the database is away".into(),
            after: Duration::from_millis(30),
        },
        attempt if attempt == waits + 1 => Disposition::Retry("once".into()),
        _ => Disposition::Done,
    });
    let mut subscription = subscription("calls.log", &["call.missed"]);
    subscription.retry_delays = vec![Duration::from_millis(20)];
    bus.consume(subscription, seen.handler()).await.unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    let all = usize::try_from(waits).unwrap() + 2;
    seen.eventually(all).await;
    assert_eq!(seen.count(), all);
    assert_eq!(bus.dead_letters(10).await.unwrap(), []);
}

pub async fn panic_is_a_repeat(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let seen = Seen::answering(|delivery| match delivery.envelope.kind.as_str() {
        "call.missed" => panic!("as the test wants"),
        _ => Disposition::Done,
    });
    bus.consume(subscription("calls.log", &["call.*"]), seen.handler())
        .await
        .unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    bus.publish(&event("call.ended")).await.unwrap();
    eventually("the poison is dead", async || {
        bus.dead_letters(10).await.unwrap().len() == 1
    })
    .await;
    assert_eq!(seen.count(), 4, "three of the one, one of the other");
    assert!(
        bus.dead_letters(1).await.unwrap()[0]
            .reason
            .contains("panicked")
    );
}

pub async fn consumer_killed_before_its_ack_loses_nothing(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
    let stuck = Seen::with(|_| std::future::pending());
    let doomed = peer
        .consume(subscription("calls.log", &["call.missed"]), stuck.handler())
        .await
        .unwrap();
    let events = events("call.missed", 5);
    for event in &events {
        bus.publish(event).await.unwrap();
    }
    stuck.eventually(5).await;
    let seen = Seen::new();
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    doomed.abort().await;
    seen.eventually(5).await;
    let all = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
    assert_eq!(all(seen.ids()), all(ids(&events)));
    assert_eq!(seen.attempts(), [2; 5]);
}

pub async fn event_that_kills_its_consumers_is_poison(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let mut poison = event("call.missed");
    poison.key = Some("poison".into());
    let stuck = Seen::with(|_| std::future::pending());
    let subscription = subscription("calls.log", &["call.missed"]);
    bus.declare(&subscription).await.unwrap();
    bus.publish(&poison).await.unwrap();
    for start in 1..=DELIVERY_LIMIT {
        let doomed = bus
            .consume(subscription.clone(), stuck.handler())
            .await
            .unwrap();
        stuck.eventually(start as usize).await;
        doomed.abort().await;
    }
    assert_eq!(stuck.attempts(), (1..=DELIVERY_LIMIT).collect::<Vec<_>>());
    let seen = Seen::new();
    bus.consume(subscription, seen.handler()).await.unwrap();
    eventually("the poison is dead", async || {
        bus.dead_letters(10).await.unwrap().len() == 1
    })
    .await;
    let letter = bus.dead_letters(10).await.unwrap().remove(0);
    assert_eq!(
        (letter.queue.as_str(), letter.attempts),
        ("calls.log", DELIVERY_LIMIT)
    );
    assert_eq!(letter.envelope, poison);
    assert!(letter.reason.contains("consumer died"), "{}", letter.reason);
    assert_eq!(seen.count(), 0);
    bus.replay(&letter.id).await.unwrap();
    seen.eventually(1).await;
    assert_eq!(seen.attempts(), [1]);
}

pub async fn stop_finishes_what_is_in_hand(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let gate = Arc::new(Semaphore::new(0));
    let seen = Seen::with({
        let gate = gate.clone();
        move |_| {
            let gate = gate.clone();
            async move {
                gate.acquire().await.unwrap().forget();
                Disposition::Done
            }
        }
    });
    let mut subscription = subscription("calls.log", &["call.missed"]);
    subscription.prefetch = 2;
    let consumer = bus
        .consume(subscription.clone(), seen.handler())
        .await
        .unwrap();
    for event in events("call.missed", 5) {
        bus.publish(&event).await.unwrap();
    }
    seen.eventually(2).await;
    let mut stopping = Box::pin(consumer.stop());
    assert!(
        futures::poll!(&mut stopping).is_pending(),
        "two are in hand"
    );
    gate.add_permits(100);
    stopping.await;
    let handled = seen.count();
    assert!((2..5).contains(&handled), "{handled} were handled");
    let rest = Seen::new();
    bus.consume(subscription, rest.handler()).await.unwrap();
    eventually("all are handled", async || seen.count() + rest.count() == 5).await;
    assert_eq!(seen.count(), handled, "a stopped consumer takes nothing");
}

pub async fn prefetch_bounds_a_slow_consumer_and_nobody_else(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let gate = Arc::new(Semaphore::new(0));
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let slow = Seen::with({
        let (gate, now, most) = (gate.clone(), now.clone(), most.clone());
        move |_| {
            let (gate, now, most) = (gate.clone(), now.clone(), most.clone());
            async move {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                gate.acquire().await.unwrap().forget();
                now.fetch_sub(1, Ordering::SeqCst);
                Disposition::Done
            }
        }
    });
    let quick = Seen::new();
    let mut bounded = subscription("calls.slow", &["call.missed"]);
    bounded.prefetch = 3;
    bus.consume(bounded, slow.handler()).await.unwrap();
    bus.consume(
        subscription("calls.quick", &["call.missed"]),
        quick.handler(),
    )
    .await
    .unwrap();
    for result in bus.publish_all(&events("call.missed", 60)).await {
        result.unwrap();
    }
    quick.eventually(60).await;
    slow.eventually(3).await;
    assert_eq!((slow.count(), most.load(Ordering::SeqCst)), (3, 3));
    gate.add_permits(60);
    slow.eventually(60).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

pub async fn delayed_repeats_survive_a_restart(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let seen = Seen::answering(|delivery| match delivery.attempt {
        1 => Disposition::Retry("later".into()),
        _ => Disposition::Done,
    });
    let mut subscription = subscription("calls.log", &["call.missed"]);
    subscription.retry_delays = vec![Duration::from_millis(1500)];
    let consumer = bus
        .consume(subscription.clone(), seen.handler())
        .await
        .unwrap();
    let event = event("call.missed");
    bus.publish(&event).await.unwrap();
    seen.eventually(1).await;
    consumer.stop().await;
    let bus = test_bus.restart().await;
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(2).await;
    assert_eq!(
        (seen.ids(), seen.attempts()),
        (vec![event.id; 2], vec![1, 2])
    );
    assert!(
        seen.times()[1] - seen.times()[0] >= Duration::from_millis(1400),
        "not too early"
    );
}

pub async fn waiting_events_survive_a_restart(test_bus: Arc<TestBus>) {
    let subscription = subscription("calls.log", &["call.missed"]);
    test_bus.bus().declare(&subscription).await.unwrap();
    let before = events("call.missed", 3);
    for event in &before {
        test_bus.bus().publish(event).await.unwrap();
    }
    let bus = test_bus.restart().await;
    // The queue is known before its consumer has said so again.
    let after = event("call.missed");
    bus.publish(&after).await.unwrap();
    let seen = Seen::new();
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(4).await;
    let mut wanted = ids(&before);
    wanted.push(after.id);
    assert_eq!(
        seen.ids().into_iter().collect::<BTreeSet<_>>(),
        wanted.into_iter().collect()
    );
}
