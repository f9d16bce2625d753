//! Whatever the handlers say and whenever a consumer is killed: in the end every event is done or dead,
//! once. (The embedded bus plays the same game with crashes of the whole process, beside its source.)

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bus::Disposition;
use proptest::prelude::*;
use tokio::sync::Notify;

use crate::harness::{Seen, TestBus, events, eventually, ids, run, subscription};

#[derive(Debug, Clone, Copy)]
enum Act {
    Done,
    Retry,
    Dead,
    Kill,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![4 => Just(Act::Done), 3 => Just(Act::Retry), 2 => Just(Act::Dead), 1 => Just(Act::Kill)]
}

async fn play(test_bus: Arc<TestBus>, acts: Vec<Act>, count: usize) {
    let bus = test_bus.bus();
    let acts = Arc::new(Mutex::new(VecDeque::from(acts)));
    let last = Arc::new(Mutex::new(BTreeMap::new()));
    let killed = Arc::new(Notify::new());
    let seen = Seen::with({
        let (last, killed) = (last.clone(), killed.clone());
        move |delivery| {
            let act = acts.lock().unwrap().pop_front().unwrap_or(Act::Done);
            let (last, killed) = (last.clone(), killed.clone());
            async move {
                let settle = match act {
                    Act::Done => Disposition::Done,
                    Act::Retry => Disposition::Retry("again".into()),
                    Act::Dead => Disposition::Dead("enough".into()),
                    Act::Kill => {
                        killed.notify_one();
                        std::future::pending().await
                    }
                };
                last.lock()
                    .unwrap()
                    .insert(delivery.envelope.id, settle.clone());
                settle
            }
        }
    });
    let mut subscription = subscription("calls.log", &["call.missed"]);
    // One at a time: a consumer that is killed between burying an event and its ack leaves it both dead and
    // to be handled again, which is what "at least once" means.
    subscription.prefetch = 1;
    subscription.retry_delays = vec![Duration::from_millis(10); 2];
    bus.declare(&subscription).await.unwrap();
    let events = events("call.missed", count);
    for result in bus.publish_all(&events).await {
        result.unwrap();
    }
    loop {
        let consumer = bus
            .consume(subscription.clone(), seen.handler())
            .await
            .unwrap();
        let settled = eventually("every event is done or dead, once", async || {
            let letters = bus.dead_letters(100).await.unwrap();
            let dead: Vec<_> = letters
                .into_iter()
                .map(|letter| letter.envelope.id)
                .collect();
            let wanted: BTreeSet<_> = {
                let last = last.lock().unwrap();
                let gone = last
                    .iter()
                    .filter(|(_, settle)| **settle != Disposition::Done);
                if last.len() < events.len() {
                    return false;
                }
                gone.map(|(id, _)| id.clone()).collect()
            };
            dead.len() == wanted.len() && dead.into_iter().collect::<BTreeSet<_>>() == wanted
        });
        tokio::select! {
            () = settled => {
                consumer.stop().await;
                break;
            }
            () = killed.notified() => consumer.abort().await,
        }
    }
    let handled: BTreeSet<_> = seen.ids().into_iter().collect();
    assert_eq!(handled, ids(&events).into_iter().collect());
}

fn on(test_bus: impl Future<Output = TestBus>, acts: Vec<Act>, count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        run(test_bus.await, async |test_bus| {
            play(test_bus, acts, count).await
        })
        .await
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_settled_once_on_embedded(acts in proptest::collection::vec(act(), 0..20), count in 1_usize..8) {
        on(TestBus::embedded(), acts, count);
    }

    #[test]
    fn every_event_is_settled_once_on_rabbitmq(acts in proptest::collection::vec(act(), 0..20), count in 1_usize..8) {
        on(TestBus::amqp(), acts, count);
    }
}
