//! Callbacks that come late, twice and in any order.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use serde_json::json;

use super::calls::{is_answered, is_missed};
use super::fixtures::{HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, caller, world};
use super::signatures::ringing;
use crate::local_platform::{
    Hook, LocalPlatform, Mode, Plan, behaves, eventually, hangs_up, play, sid, so, stays,
};

pub async fn callbacks_late_twice_and_shuffled(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let trouble =
                json!({ "kind": "callbacks", "delay_s": 6, "duplicate": true, "shuffle": true });
            platform.twilio.fault(trouble).await;
            platform
                .twilio
                .callee(SMITH_OWNER, behaves("no-answer"))
                .await;
            let accepts = json!({ "behaviour": "answer", "after_s": 2, "press": "1", "talk_s": 8 });
            platform.twilio.callee(HARBOR_OWNER, accepts).await;
            let missed = platform.twilio.call(&caller(1), SMITH, stays()).await;
            let gone = platform.twilio.call(&caller(2), SMITH, hangs_up()).await;
            let taken = platform.twilio.call(&caller(3), HARBOR, stays()).await;
            is_missed(platform, &missed, &caller(1), "no-answer", "Smith & Sons").await;
            is_answered(platform, &taken, &caller(3)).await;
            let call = platform.settled(&gone).await;
            assert_eq!(call["outcome"], "missed", "{call:#}");
            platform.texted(&caller(2), 1).await;
        },
    )
    .await;
}

/// Which webhook comes next, and whether Twilio marks it as an attempt of its own.
type Order = Vec<(usize, bool)>;

/// All three webhooks of a call, each up to three times, in any order.
fn orders() -> impl Strategy<Value = (bool, Order)> {
    let repeats = prop::collection::vec((0..3_usize, any::<bool>()), 0..6);
    let all = repeats.prop_map(|more| {
        let mut all: Order = vec![(0, false), (1, false), (2, false)];
        all.extend(more);
        all
    });
    (any::<bool>(), all.prop_shuffle())
}

/// What Twilio tells of one call: it rings, the dial ends, the call ends.
fn told(platform: &LocalPlatform, call: &str, from: &str, answered: bool) -> [Hook; 3] {
    let (dial, bridged, seconds) = if answered {
        ("completed", "true", "7")
    } else {
        ("no-answer", "false", "0")
    };
    let about = |path: &str| ringing(platform.hook(path), call, from, SMITH);
    let ended = [
        ("DialCallStatus", dial),
        ("DialBridged", bridged),
        ("CallStatus", "in-progress"),
        ("DialCallDuration", seconds),
    ];
    [
        about("/webhooks/twilio/call"),
        about(&format!("/webhooks/twilio/call/status/{call}")).with(&ended),
        about("/webhooks/twilio/call").with(&[("CallStatus", "completed"), ("CallDuration", "9")]),
    ]
}

pub async fn any_order_of_webhooks_ends_the_same(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let config = Config {
                cases: 24,
                failure_persistence: None,
                ..Config::default()
            };
            let mut runner = TestRunner::new(config);
            let strategy = orders();
            for n in 0..runner.config().cases {
                let tree = strategy
                    .new_tree(&mut runner)
                    .expect("an order can be made");
                let (answered, order) = tree.current();
                let from = caller(100 + n);
                let result = in_this_order(platform, &from, answered, &order).await;
                if let Err(why) = result {
                    panic!("answered {answered}, order {order:?}: {why}");
                }
            }
        },
    )
    .await;
}

async fn in_this_order(
    platform: &LocalPlatform,
    from: &str,
    answered: bool,
    order: &Order,
) -> Result<(), TestCaseError> {
    let call = sid("CA");
    let hooks = told(platform, &call, from, answered);
    for (which, marked) in order {
        let hook = hooks[*which].clone();
        let hook = if *marked {
            hook.header("I-Twilio-Idempotency-Token", &sid("IT"))
        } else {
            hook
        };
        let answer = hook.send().await;
        prop_assert_eq!(answer.status, 200, "{:?}", answer);
    }
    let settled = platform.settled(&call).await;
    let (outcome, reason) = if answered {
        ("answered", json!(null))
    } else {
        ("missed", json!("no-answer"))
    };
    prop_assert_eq!(&settled["outcome"], outcome, "{:#}", settled);
    prop_assert_eq!(&settled["reason"], &reason, "{:#}", settled);
    prop_assert_eq!(&settled["status"], "completed");
    prop_assert_eq!(&settled["from"], from);
    let length = if answered { 9 } else { 0 };
    eventually("its length is known", async || {
        so(platform.find(&format!("/calls/{call}")).await?["duration_s"] == length)
    })
    .await;
    platform.texted(from, usize::from(!answered)).await;
    Ok(())
}
