//! Who gets what.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bus::{Disposition, Error};
use tokio::sync::Barrier;

use crate::harness::{Seen, TestBus, event, events, ids, subscription};

pub async fn published_event_is_consumed(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let mut event = event("call.missed");
    event.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    event.cause = Some("what came before".into());
    event.deadline = Some(event.time);
    bus.publish(&event).await.unwrap();
    seen.eventually(1).await;
    assert_eq!(seen.first().envelope, event);
    assert_eq!(seen.first().attempt, 1);
}

pub async fn one_queue_keeps_its_order(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    let mut subscription = subscription("calls.log", &["call.*"]);
    subscription.prefetch = 1;
    bus.declare(&subscription).await.unwrap();
    let events = events("call.ended", 50);
    for event in &events {
        bus.publish(event).await.unwrap();
    }
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(50).await;
    assert_eq!(seen.ids(), ids(&events));
}

pub async fn patterns_choose_what_a_queue_takes(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let (exact, star, hash) = (Seen::new(), Seen::new(), Seen::new());
    bus.consume(subscription("a.exact", &["call.missed"]), exact.handler())
        .await
        .unwrap();
    bus.consume(
        subscription("a.star", &["call.*", "voice.*.forward"]),
        star.handler(),
    )
    .await
    .unwrap();
    bus.consume(subscription("a.hash", &["#"]), hash.handler())
        .await
        .unwrap();
    let kinds = [
        "call.missed",
        "call.ended",
        "call.ended.late",
        "voice.inbound.forward",
        "other",
    ];
    let events: Vec<_> = kinds.iter().map(|kind| event(kind)).collect();
    for event in &events {
        bus.publish(event).await.unwrap();
    }
    hash.eventually(5).await;
    star.eventually(3).await;
    exact.eventually(1).await;
    let set = |ids: Vec<String>| ids.into_iter().collect::<BTreeSet<_>>();
    let all = ids(&events);
    assert_eq!(set(hash.ids()), set(all.clone()));
    assert_eq!(
        set(star.ids()),
        set(vec![all[0].clone(), all[1].clone(), all[3].clone()])
    );
    assert_eq!(exact.ids(), [all[0].clone()]);
}

pub async fn consumers_of_one_queue_share_its_work(test_bus: Arc<TestBus>) {
    let (one, other) = (test_bus.bus(), test_bus.peer().await);
    // Neither goes on before the other has got something.
    let both = Arc::new(Barrier::new(2));
    let waiting = |both: Arc<Barrier>| {
        let first = Arc::new(AtomicBool::new(true));
        Seen::with(move |_| {
            let (both, first) = (both.clone(), first.swap(false, Ordering::SeqCst));
            async move {
                if first {
                    both.wait().await;
                }
                Disposition::Done
            }
        })
    };
    let (first, second) = (waiting(both.clone()), waiting(both));
    let mut subscription = subscription("calls.log", &["call.missed"]);
    subscription.prefetch = 1;
    one.consume(subscription.clone(), first.handler())
        .await
        .unwrap();
    other.consume(subscription, second.handler()).await.unwrap();
    let events = events("call.missed", 200);
    for result in one.publish_all(&events).await {
        result.unwrap();
    }
    crate::harness::eventually("all are handled", async || {
        first.count() + second.count() >= 200
    })
    .await;
    let mut handled = first.ids();
    handled.extend(second.ids());
    handled.sort();
    let mut wanted = ids(&events);
    wanted.sort();
    assert_eq!(handled, wanted, "each once");
}

pub async fn every_queue_gets_its_copy(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
    let (calls, dispatch) = (Seen::new(), Seen::new());
    // Two bindings that both match make one copy, not two.
    bus.consume(
        subscription("calls.log", &["call.missed", "call.#"]),
        calls.handler(),
    )
    .await
    .unwrap();
    peer.consume(
        subscription("dispatch.text", &["call.missed"]),
        dispatch.handler(),
    )
    .await
    .unwrap();
    let events = events("call.missed", 10);
    for event in &events {
        bus.publish(event).await.unwrap();
    }
    calls.eventually(10).await;
    dispatch.eventually(10).await;
    assert_eq!((calls.count(), dispatch.count()), (10, 10));
}

pub async fn event_that_nobody_takes_is_refused(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let refused = bus.publish(&event("message.send")).await.unwrap_err();
    assert!(
        matches!(&refused, Error::Unroutable(kind) if kind == "message.send"),
        "{refused}"
    );
    assert!(refused.to_string().contains("start the role"), "{refused}");
    // A binding that comes later counts.
    bus.declare(&subscription("calls.log", &["message.send"]))
        .await
        .unwrap();
    bus.publish(&event("message.send")).await.unwrap();
    seen.eventually(1).await;
}

pub async fn fact_may_go_unheard(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let batch = ["call.ended", "call.missed", "call.ended"].map(event);
    bus.publish(&batch[0]).await.unwrap();
    for result in bus.publish_all(&batch).await {
        result.unwrap();
    }
    seen.eventually(1).await;
    // Whoever listens from now on hears what is told from now on.
    bus.declare(&subscription("calls.log", &["call.ended"]))
        .await
        .unwrap();
    let heard = event("call.ended");
    bus.publish(&heard).await.unwrap();
    seen.eventually(2).await;
    assert_eq!(seen.ids(), [batch[1].id.clone(), heard.id]);
}

pub async fn declared_queue_keeps_events_for_its_consumer(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    let subscription = subscription("calls.log", &["call.missed"]);
    bus.declare(&subscription).await.unwrap();
    let events = events("call.missed", 3);
    for event in &events {
        bus.publish(event).await.unwrap();
    }
    crate::harness::eventually("the queue holds three", async || {
        bus.depths()
            .await
            .unwrap()
            .iter()
            .any(|d| d.queue == "calls.log" && d.ready == 3 && d.dead == 0)
    })
    .await;
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(3).await;
}

pub async fn many_events_in_one_go_keep_their_order(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    let mut subscription = subscription("calls.log", &["call.*"]);
    subscription.prefetch = 1;
    bus.declare(&subscription).await.unwrap();
    let mut events = events("call.missed", 300);
    // Types that the bus has not seen yet stand between those that it has.
    events.insert(100, event("call.ended"));
    events.insert(200, event("call.answered"));
    for result in bus.publish_all(&events).await {
        result.unwrap();
    }
    bus.consume(subscription, seen.handler()).await.unwrap();
    seen.eventually(302).await;
    assert_eq!(seen.ids(), ids(&events));
}

pub async fn one_unroutable_event_does_not_spoil_the_others(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let mut batch = events("call.missed", 40);
    for at in [7, 20, 33] {
        batch[at] = event("nobody.cares");
    }
    let results = bus.publish_all(&batch).await;
    for (event, result) in batch.iter().zip(&results) {
        match event.kind.as_str() {
            "nobody.cares" => assert!(matches!(result, Err(Error::Unroutable(_))), "{result:?}"),
            _ => assert!(result.is_ok(), "{result:?}"),
        }
    }
    seen.eventually(37).await;
}
