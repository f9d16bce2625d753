//! Anything, in any order: one message, and one outcome.

use std::sync::Arc;

use events::v1::{MessageRefused, MessageSent};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::bench::{Bench, Engine, message};
use crate::twilio::Mishap;

#[derive(Debug, Clone)]
enum Step {
    /// The command comes (again): this message of three.
    Deliver(u8),
    /// The next request meets this.
    Meet(Mishap),
    /// The process ends and another begins.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..3_u8).prop_map(Step::Deliver),
        2 => Just(Step::Meet(Mishap::LoseAnswer)),
        1 => Just(Step::Meet(Mishap::Drop)),
        1 => Just(Step::Meet(Mishap::Fail(500))),
        1 => Just(Step::Meet(Mishap::Refuse(503, 0))),
        2 => Just(Step::Meet(Mishap::Refuse(429, 20429))),
        1 => Just(Step::Restart),
    ]
}

async fn weather(engine: Engine, steps: Vec<Step>) {
    let mut bench = Bench::start(engine).await;
    let mut delivered = [0_usize; 3];
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
            Step::Meet(mishap) => bench.twilio.will([mishap]),
            Step::Restart => bench.restart().await,
        }
    }
    let deliveries: usize = delivered.iter().sum();
    let different = delivered.iter().filter(|n| **n > 0).count();
    let sent = bench.sent(deliveries).await;
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
    let ledger = bench.get("/api/effects/").await;
    let ledger = ledger["items"].as_array().unwrap();
    assert_eq!(ledger.len(), different);
    assert!(ledger.iter().all(|row| row["state"] == "done"));
    bench.close().await;
}

fn storm(engine: Engine, cases: u32) {
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
            runtime.block_on(weather(engine, steps));
            Ok(())
        })
        .unwrap();
}

#[test]
fn embedded() {
    storm(Engine::Embedded, 24);
}

#[test]
fn distributed() {
    storm(Engine::Distributed, 8);
}
