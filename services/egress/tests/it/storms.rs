//! Anything, in any order: one message or call, and one outcome.

use std::sync::Arc;

use events::v1::{CallPlaced, CallRefused, MessageRefused, MessageSent};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use testkit::{Mode, eventually};

use crate::bench::{self, Bench, call, message};
use crate::twilio::Mishap;

#[derive(Debug, Clone)]
enum Step {
    /// The command comes (again): this message of three.
    Deliver(u8),
    /// The command comes (again): this call of two between the same numbers.
    Call(u8),
    /// The next request meets this.
    Meet(Mishap),
    /// The process ends and another begins.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Step::Deliver),
        3 => (0..2_u8).prop_map(Step::Call),
        2 => Just(Step::Meet(Mishap::LoseAnswer)),
        1 => Just(Step::Meet(Mishap::Drop)),
        1 => Just(Step::Meet(Mishap::Fail(500))),
        1 => Just(Step::Meet(Mishap::Refuse(503, 0))),
        2 => Just(Step::Meet(Mishap::Refuse(429, 20429))),
        1 => Just(Step::Restart),
    ]
}

async fn weather(bench: Arc<Bench>, steps: Vec<Step>) {
    let (mut delivered, mut called) = ([0_usize; 3], [0_usize; 2]);
    // The first two look the same at Twilio, the third does not.
    let commands: Vec<_> = ["m0", "m1", "m2"]
        .iter()
        .map(|id| {
            let mut message = message(id);
            if *id == "m2" {
                message.body.push_str(" Call again.");
            }
            Arc::new(message)
        })
        .collect();
    for step in steps {
        match step {
            Step::Deliver(n) => {
                delivered[usize::from(n)] += 1;
                bench.send(&commands[usize::from(n)]).await;
            }
            Step::Call(n) => {
                called[usize::from(n)] += 1;
                bench.place(&call(&format!("p{n}"))).await;
            }
            Step::Meet(mishap) => bench.twilio.will([mishap]),
            Step::Restart => bench.restart().await,
        }
    }
    bench.drained().await;
    calls_are_placed_once(&bench, called).await;
    let different = delivered.iter().filter(|n| **n > 0).count();
    eventually("each has its outcome", async || {
        bench.ids::<MessageSent>().len() >= different
    })
    .await;
    let sent = bench.heard::<MessageSent>();
    assert!(bench.heard::<MessageRefused>().is_empty());
    assert_eq!(
        bench.twilio.messages().len(),
        different,
        "each once at Twilio"
    );
    assert_eq!(
        bench.ids::<MessageSent>().len(),
        different,
        "one outcome each"
    );
    for message in bench.twilio.messages() {
        let told: Vec<_> = sent
            .iter()
            .filter(|s| s.message_sid == message.sid)
            .collect();
        assert!(!told.is_empty() && told.iter().all(|s| *s == told[0]));
    }
    let different = different + called.iter().filter(|n| **n > 0).count();
    let ledger = bench.get("/api/effects/").await;
    let ledger = ledger["items"].as_array().unwrap();
    assert_eq!(ledger.len(), different);
    assert!(ledger.iter().all(|row| row["state"] == "done"));
}

async fn calls_are_placed_once(bench: &Bench, called: [usize; 2]) {
    let different = called.iter().filter(|n| **n > 0).count();
    eventually("each has its outcome", async || {
        bench.ids::<CallPlaced>().len() >= different
    })
    .await;
    let told = bench.heard::<CallPlaced>();
    assert!(bench.heard::<CallRefused>().is_empty());
    let placed = bench.twilio.state().placed.clone();
    assert_eq!(placed.len(), different, "each once at Twilio");
    assert_eq!(bench.ids::<CallPlaced>().len(), different);
    for call in placed {
        let told: Vec<_> = told.iter().filter(|p| p.call_sid == call.sid).collect();
        assert!(!told.is_empty() && told.iter().all(|p| *p == told[0]));
    }
}

fn storm(mode: Mode, cases: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut runner = TestRunner::new(Config {
        cases,
        max_shrink_iters: 20,
        failure_persistence: None,
        ..Config::default()
    });
    let steps = proptest::collection::vec(step(), 1..12);
    runner
        .run(&steps, |steps| {
            runtime.block_on(bench::run(mode, |bench| weather(bench, steps)));
            Ok(())
        })
        .unwrap();
}

#[test]
fn embedded() {
    storm(Mode::Embedded, 24);
}

#[test]
fn distributed() {
    storm(Mode::Distributed, 8);
}
