//! Onlookers.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Error, Tap, Tapped};

use crate::harness::{Seen, TestBus, event, events, eventually, ids, subscription};

async fn next(tap: &mut Tap) -> Tapped {
    let next = tokio::time::timeout(Duration::from_secs(10), tap.next()).await;
    next.expect("something passes by").expect("the bus is open")
}

pub async fn every_tap_sees_every_event_that_it_wants(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
    let seen = Seen::new();
    bus.consume(subscription("calls.log", &["#"]), seen.handler())
        .await
        .unwrap();
    let mut all = bus.tap(&["#"]).await.unwrap();
    let mut also_all = peer.tap(&["call.*", "#"]).await.unwrap();
    let mut some = peer.tap(&["call.*"]).await.unwrap();
    let mut batch = events("call.missed", 10);
    batch.extend(events("message.sent", 10));
    for event in &batch {
        bus.publish(event).await.unwrap();
    }
    for tap in [&mut all, &mut also_all] {
        let mut tapped = BTreeSet::new();
        for _ in 0..20 {
            if let Tapped::Event(event) = next(tap).await {
                tapped.insert(event.id);
            }
        }
        assert_eq!(tapped, ids(&batch).into_iter().collect());
    }
    for _ in 0..10 {
        assert!(
            matches!(next(&mut some).await, Tapped::Event(event) if event.kind == "call.missed")
        );
    }
    seen.eventually(20).await;
}

pub async fn open_tap_is_shown_everything(test_bus: Arc<TestBus>) {
    let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
    let seen = Seen::new();
    bus.consume(subscription("calls.log", &["#"]), seen.handler())
        .await
        .unwrap();
    for _ in 0..3 {
        // Events flow that no tap looks at, and then one does.
        let open = Arc::new(AtomicBool::new(false));
        let flowing = tokio::spawn({
            let (peer, open) = (peer.clone(), open.clone());
            async move {
                let mut due = BTreeSet::new();
                while due.len() < 50 {
                    let (event, is_due) = (event("call.missed"), open.load(Ordering::SeqCst));
                    peer.publish(&event).await.unwrap();
                    due.extend(is_due.then_some(event.id));
                }
                due
            }
        });
        let before = seen.count();
        eventually("events flow", async || seen.count() >= before + 20).await;
        let mut tap = bus.tap(&["call.*"]).await.unwrap();
        open.store(true, Ordering::SeqCst);
        let mut due = flowing.await.unwrap();
        while !due.is_empty() {
            match next(&mut tap).await {
                Tapped::Event(event) => drop(due.remove(&event.id)),
                Tapped::Missed(count) => panic!("{count} missed"),
            }
        }
    }
}

pub async fn slow_tap_is_told_what_it_missed(test_bus: Arc<TestBus>) {
    let (bus, seen) = (test_bus.bus(), Seen::new());
    bus.consume(subscription("calls.log", &["#"]), seen.handler())
        .await
        .unwrap();
    let mut slow = bus.tap(&["#"]).await.unwrap();
    let mut quick = bus.tap(&["last"]).await.unwrap();
    for result in bus.publish_all(&events("call.missed", 1500)).await {
        result.unwrap();
    }
    bus.publish(&event("last")).await.unwrap();
    assert!(matches!(next(&mut quick).await, Tapped::Event(_)));
    // Each tap is brought its events by itself: the quick one may be ahead.
    eventually("everything has come by", async || slow.behind() == 1501).await;
    let (mut tapped, mut missed) = (0, 0);
    while tapped + missed < 1501 {
        match next(&mut slow).await {
            Tapped::Event(_) => tapped += 1,
            Tapped::Missed(count) => missed += count,
        }
    }
    assert_eq!(tapped + missed, 1501);
    assert!(missed > 0 && tapped > 0, "{tapped} seen, {missed} missed");
    seen.eventually(1501).await;
}

pub async fn tap_makes_nothing_routable(test_bus: Arc<TestBus>) {
    let bus = test_bus.bus();
    let _tap = bus.tap(&["#"]).await.unwrap();
    let refused = bus.publish(&event("message.send")).await.unwrap_err();
    assert!(matches!(refused, Error::Unroutable(_)), "{refused}");
}
