//! Whatever the handlers say and whenever the process dies: in the end every event is done or dead, once.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;
use clock::Clock;
use diesel::prelude::*;
use parking_lot::Mutex;
use proptest::prelude::*;
use tokio::sync::Notify;

use super::*;
use crate::{Delivery, Disposition};

#[derive(Debug, Clone, Copy)]
enum Act {
    Done,
    Retry,
    Dead,
    /// The process dies while the handler runs.
    Crash,
    /// It dies some moments later, with or without what happened meanwhile on disk.
    DoneThenCrash,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => Just(Act::Done),
        3 => Just(Act::Retry),
        2 => Just(Act::Dead),
        1 => Just(Act::Crash),
        1 => Just(Act::DoneThenCrash),
    ]
}

/// Plays a script, one act a delivery, and remembers the last word on each event.
struct Script {
    acts: Mutex<VecDeque<Act>>,
    last: Mutex<BTreeMap<String, Disposition>>,
    crash: Notify,
}

#[async_trait]
impl Handler for Script {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let act = self.acts.lock().pop_front().unwrap_or(Act::Done);
        let settle = match act {
            Act::Crash => {
                self.crash.notify_one();
                return std::future::pending().await;
            }
            Act::DoneThenCrash => {
                self.crash.notify_one();
                Disposition::Done
            }
            Act::Done => Disposition::Done,
            Act::Retry => Disposition::Retry("again".into()),
            Act::Dead => Disposition::Dead("enough".into()),
        };
        self.last
            .lock()
            .insert(delivery.envelope.id, settle.clone());
        settle
    }
}

fn event() -> Envelope {
    let clock = Clock::system();
    Envelope {
        id: format!("{}-{:08x}", clock.id(), rand::random::<u32>()),
        source: "trunkline/test".into(),
        kind: "call.missed".into(),
        time: clock.now(),
        tenant: None,
        key: None,
        cause: None,
        traceparent: None,
        deadline: None,
        reply_to: None,
        data: Bytes::from_static(b"data"),
    }
}

/// How many deliveries wait on disk.
fn waiting(dir: &Path) -> i64 {
    let file = dir.join("bus.db");
    let mut connection = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    journal::entries::table
        .count()
        .get_result(&mut connection)
        .unwrap_or(-1)
}

async fn play(acts: Vec<Act>, count: usize, prefetch: u16) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let script = Arc::new(Script {
        acts: Mutex::new(acts.into()),
        last: Mutex::default(),
        crash: Notify::new(),
    });
    let subscription = Subscription {
        prefetch,
        retry_delays: vec![Duration::from_millis(1); 2],
        ..Subscription::new("calls.log", ["call.missed"])
    };
    let mut bus = Embedded::open(dir.path()).await.unwrap();
    bus.declare(&subscription).await.unwrap();
    let events: Vec<Envelope> = (0..count).map(|_| event()).collect();
    for result in bus.publish_all(&events).await {
        result.unwrap();
    }
    let start = Instant::now();
    loop {
        let consumer = bus
            .consume(subscription.clone(), script.clone())
            .await
            .unwrap();
        let settled = async {
            while waiting(dir.path()) != 0 {
                assert!(
                    start.elapsed() < Duration::from_secs(20),
                    "something is never settled"
                );
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = settled => break,
            () = script.crash.notified() => {}
        }
        consumer.abort().await;
        bus.crash().await;
        bus = Embedded::open(dir.path()).await.unwrap();
    }

    let dead: Vec<String> = bus
        .dead_letters(1000)
        .await
        .unwrap()
        .into_iter()
        .map(|letter| letter.envelope.id)
        .collect();
    let last = script.last.lock().clone();
    for event in &events {
        let died = dead.iter().filter(|id| **id == event.id).count();
        match last.get(&event.id) {
            Some(Disposition::Done) => prop_assert_eq!(died, 0, "done and dead"),
            // A repeat as the last word: there were none left.
            Some(Disposition::Dead(_) | Disposition::Retry(_)) => prop_assert_eq!(died, 1, "gone"),
            Some(Disposition::Wait { .. }) => prop_assert!(false, "the script knows no outage"),
            // Only crashes: poison.
            None => prop_assert_eq!(died, 1, "never handled"),
        }
    }
    prop_assert!(
        dead.iter()
            .all(|id| events.iter().any(|event| event.id == *id))
    );
    bus.close().await;
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_event_is_settled_once(
        acts in proptest::collection::vec(act(), 0..24),
        count in 1_usize..10,
        prefetch in 1_u16..5,
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(play(acts, count, prefetch))?;
    }
}

/// Remembers which delivery of its event each is; the first is to come again, the others do not end.
#[derive(Default)]
struct Attempts {
    seen: Mutex<Vec<u32>>,
    started: Notify,
}

#[async_trait]
impl Handler for Attempts {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        self.seen.lock().push(delivery.attempt);
        if delivery.attempt == 1 {
            return Disposition::Retry("again".into());
        }
        self.started.notify_one();
        std::future::pending().await
    }
}

/// However soon it starts after it was ordered.
#[tokio::test(flavor = "multi_thread")]
async fn start_of_a_repeat_is_counted_with_the_repeat() {
    let dir = tempfile::tempdir().unwrap();
    let attempts = Arc::new(Attempts::default());
    let subscription = Subscription {
        retry_delays: vec![Duration::ZERO],
        ..Subscription::new("calls.log", ["call.missed"])
    };
    let bus = Embedded::open(dir.path()).await.unwrap();
    bus.declare(&subscription).await.unwrap();
    bus.publish(&event()).await.unwrap();
    let consumer = bus
        .consume(subscription.clone(), attempts.clone())
        .await
        .unwrap();
    attempts.started.notified().await;
    // Asking brings to the disk what was told.
    bus.dead_count().await.unwrap();
    consumer.abort().await;
    bus.crash().await;

    let bus = Embedded::open(dir.path()).await.unwrap();
    let consumer = bus.consume(subscription, attempts.clone()).await.unwrap();
    attempts.started.notified().await;
    assert_eq!(*attempts.seen.lock(), [1, 2, 3]);
    consumer.abort().await;
    bus.close().await;
}

/// A queue of a million is ids, not bodies.
#[test]
fn what_waits_is_small() {
    assert!(size_of::<queue::Entry>() <= 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_queue_keeps_its_number_over_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let bus = Embedded::open(dir.path()).await.unwrap();
    for queue in ["a", "b", "c"] {
        bus.declare(&Subscription::new(queue, [format!("for.{queue}")]))
            .await
            .unwrap();
    }
    bus.publish(&Envelope {
        kind: "for.c".into(),
        ..event()
    })
    .await
    .unwrap();
    bus.close().await;
    let mut connection =
        SqliteConnection::establish(&dir.path().join("bus.db").to_string_lossy()).unwrap();
    diesel::delete(journal::queues::table.filter(journal::queues::name.eq("b")))
        .execute(&mut connection)
        .unwrap();
    let bus = Embedded::open(dir.path()).await.unwrap();
    let depths = bus.depths().await.unwrap();
    assert!(
        depths
            .iter()
            .any(|depth| depth.queue == "c" && depth.ready == 1),
        "{depths:?}"
    );
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letter_of_last_month_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let bus = Embedded::open(dir.path()).await.unwrap();
    let mut connection =
        SqliteConnection::establish(&dir.path().join("bus.db").to_string_lossy()).unwrap();
    let day = 24 * 60 * 60 * 1_000_000;
    for (id, days) in [("young", 29), ("old", 31)] {
        let row = journal::DeadRow {
            id: id.to_owned(),
            queue: 0,
            reason: "refused".to_owned(),
            died_at: super::writer::now() - days * day,
            attempts: 1,
            body: Vec::new(),
        };
        diesel::insert_into(journal::dead::table)
            .values(row)
            .execute(&mut connection)
            .unwrap();
    }
    assert_eq!(bus.dead_count().await.unwrap(), 1);
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_dead_letter_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let bus = Embedded::open(dir.path()).await.unwrap();
    bus.declare(&Subscription::new("calls.log", ["call.missed"]))
        .await
        .unwrap();
    let mut connection =
        SqliteConnection::establish(&dir.path().join("bus.db").to_string_lossy()).unwrap();
    let damaged = journal::DeadRow {
        id: "e1@calls.log".into(),
        queue: 0,
        reason: "it makes no sense".into(),
        died_at: 0,
        attempts: 1,
        body: vec![0xff],
    };
    diesel::insert_into(journal::dead::table)
        .values(damaged)
        .execute(&mut connection)
        .unwrap();
    let refused = bus
        .replay("e1@calls.log", Box::new(|_| true))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::NoSuchDeadLetter(_)), "{refused}");
    let dead: i64 = journal::dead::table
        .count()
        .get_result(&mut connection)
        .unwrap();
    assert_eq!((dead, waiting(dir.path())), (1, 0), "dead, not waiting");
    bus.close().await;
}
