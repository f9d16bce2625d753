//! What is told of a call, in any order and any number of times, comes to the same.

use std::collections::{BTreeMap, HashMap};

use calls::test_support::{self, CallRow};
use clock::Time;
use events::v1::{CallEnded, CallLookup, CallSettle};
use events::{Envelope, Event};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use role::test_support::{cause, into_envelopes};
use role::{Decider, HandlerError};
use store::{Database, Store, Tx, inbox};

use crate::interviewed::interviews;
use crate::story::{CALL, Dial, Story, Truth, at, truths};
use crate::told::{Told, What};

/// The role without a bus: what follows is kept, and timers run when the story has been told.
#[derive(Default)]
struct World {
    /// How often each event was sent, by its type.
    sent: BTreeMap<String, usize>,
    /// What waits for its time: an event is there once, as in an outbox.
    timers: BTreeMap<(Time, String), Envelope>,
    ended: Option<CallEnded>,
    lookups: usize,
    replies: HashMap<String, Envelope>,
}

impl World {
    async fn deliver(&mut self, tx: &mut Tx, told: &Told) {
        let envelope = told.envelope();
        let queue = told.queue();
        if !inbox::enter(tx, queue, &told.id, told.at).await.unwrap() {
            return;
        }
        let heard = match &told.what {
            What::Inbound(event) => decide(&forward(), tx, queue, envelope, event).await,
            What::Whisper(event) => {
                decide(&test_support::AskToAccept, tx, queue, envelope, event).await
            }
            What::Dial(event) => {
                decide(&test_support::FinishDial, tx, queue, envelope, event).await
            }
            What::Status(event) => {
                decide(&test_support::FollowStatus, tx, queue, envelope, event).await
            }
            What::Settle(event) => decide(&test_support::Settle, tx, queue, envelope, event).await,
            What::LookedUp(event) => {
                decide(&test_support::ReadLookup, tx, queue, envelope, event).await
            }
            What::Began(event) => {
                decide(
                    &test_support::LogInterviewStarted,
                    tx,
                    queue,
                    envelope,
                    event,
                )
                .await
            }
            What::Answer(event) => {
                decide(&test_support::LogAnswer, tx, queue, envelope, event).await
            }
            What::Ended(event) => {
                decide(&test_support::LogInterviewEnded, tx, queue, envelope, event).await
            }
            What::Evaluated(event) => {
                decide(
                    &test_support::LogInterviewEvaluated,
                    tx,
                    queue,
                    envelope,
                    event,
                )
                .await
            }
        };
        let (reply, events) = heard.unwrap();
        if let Some(reply) = reply {
            self.replies.insert(told.id.clone(), reply);
        }
        for (event, due) in events {
            if event.kind == CallSettle::TYPE {
                let waits = self.timers.keys().any(|(_, id)| *id == event.id);
                if !waits {
                    self.timers.insert((due, event.id.clone()), event);
                }
                continue;
            }
            *self.sent.entry(event.kind.clone()).or_default() += 1;
            if let Ok(ended) = event.decode::<CallEnded>() {
                self.ended = Some(ended);
            }
            self.lookups += usize::from(event.kind == CallLookup::TYPE);
        }
    }

    /// Lets every timer fire and every look-up be answered, until nothing more happens.
    async fn rest(&mut self, tx: &mut Tx, truth: &impl Story) {
        let mut asked = 0;
        for round in 0.. {
            assert!(round < 40, "the timers never end");
            let mut told = Vec::new();
            // Twilio answers before the next time is up.
            if asked == self.lookups
                && let Some((_, envelope)) = self.timers.pop_first()
            {
                let settle = What::Settle(envelope.decode().unwrap());
                told.push(Told {
                    id: envelope.id,
                    at: envelope.time,
                    what: settle,
                    waits: false,
                    tenant: "smith",
                });
            }
            while asked < self.lookups {
                asked += 1;
                told.push(Told::new(
                    91,
                    &format!("answer-{asked}"),
                    What::LookedUp(truth.looked_up(CALL)),
                    false,
                ));
            }
            if told.is_empty() {
                return;
            }
            for told in &told {
                self.deliver(tx, told).await;
            }
        }
    }

    fn count(&self, kind: &str) -> usize {
        self.sent.get(kind).copied().unwrap_or(0)
    }
}

/// Any number may be one of the platform's.
fn forward() -> test_support::Forward {
    test_support::Forward {
        own_numbers: std::sync::Arc::new(|_| None),
        public_url: "https://trunkline.example".to_owned(),
    }
}

type Followed = (Option<Envelope>, Vec<(Envelope, Time)>);

async fn decide<D: Decider>(
    decider: &D,
    tx: &mut Tx,
    queue: &str,
    envelope: Envelope,
    event: &D::Event,
) -> Result<Followed, HandlerError>
where
    D::Event: Clone,
{
    let cause = cause(queue, envelope.clone(), envelope.time);
    let decision = decider.decide(tx, &cause, event.clone()).await?;
    Ok(into_envelopes(decision, &cause))
}

/// Tells the story, lets it come to rest, and checks what holds for each.
async fn play(tx: &mut Tx, truth: &impl Story, story: &[Told]) -> Result<CallRow, TestCaseError> {
    let mut world = World::default();
    for told in story {
        world.deliver(tx, told).await;
    }
    world.rest(tx, truth).await;
    // In the end Twilio is asked in any case, so that each order knows the same.
    let last = Told::new(91, "last", What::LookedUp(truth.looked_up(CALL)), false);
    let before = test_support::call_find(tx, CALL).await.unwrap().unwrap();
    world.deliver(tx, &last).await;
    let row = test_support::call_find(tx, CALL).await.unwrap().unwrap();

    let (outcome, reason) = truth.outcome();
    prop_assert_eq!(
        (before.outcome.as_str(), before.reason.as_str()),
        (outcome, reason),
        "at rest"
    );
    prop_assert_eq!(
        (row.outcome.as_str(), row.reason.as_str()),
        (outcome, reason)
    );
    prop_assert_eq!(world.count("call.started"), 1);
    prop_assert_eq!(
        world.count("call.answered"),
        usize::from(outcome == "answered")
    );
    prop_assert_eq!(world.count("call.missed"), usize::from(outcome == "missed"));
    prop_assert_eq!(world.count("call.ended"), 1);
    let ended = world.ended.unwrap().call.unwrap();
    prop_assert_eq!(ended.outcome.as_str(), outcome);
    prop_assert_eq!(ended.call_sid.as_str(), CALL);
    prop_assert!(!ended.ended_at.is_empty() && ended.ended_at >= ended.started_at);
    prop_assert!(outcome != "missed" || ended.duration_s == Some(0));
    let waited = story
        .iter()
        .filter(|told| told.waits)
        .all(|told| world.replies.contains_key(&told.id));
    prop_assert!(waited, "whoever waits gets an answer");
    Ok(row)
}

/// The story with repeats, and the same in another order.
fn shuffled<S: Story + Clone>(
    truths: impl Strategy<Value = S>,
) -> impl Strategy<Value = (S, Vec<Told>, Vec<Told>)> {
    let story = truths.prop_flat_map(|truth| {
        let told = truth.told(CALL);
        let len = told.len();
        (
            Just(truth),
            Just(told),
            prop::collection::vec((0..len, any::<bool>(), 0..30_i64), 0..5),
        )
    });
    let story = story.prop_map(|(truth, mut told, repeats)| {
        for (n, (which, fresh, later)) in repeats.into_iter().enumerate() {
            let mut again = told[which].clone();
            if fresh {
                again.id = format!("{}-again-{n}", again.id);
                again.at += chrono::TimeDelta::seconds(later);
            }
            told.push(again);
        }
        (truth, told)
    });
    story.prop_flat_map(|(truth, told)| {
        let order = Just(told.clone()).prop_shuffle().prop_map(after_the_key);
        (Just(truth), Just(told), order)
    })
}

/// That nobody pressed 1 is concluded from silence, when all patience is at its end; a key that was pressed has been
/// heard of by then. Everything else may come whenever it likes.
fn after_the_key(mut story: Vec<Told>) -> Vec<Told> {
    if let Some(key) = story.iter().position(Told::accepts) {
        let (late, rest): (Vec<_>, Vec<_>) = story.drain(..key).partition(Told::listens_to_silence);
        let tail = story.split_off(1);
        story = [rest, story, late, tail].concat();
    }
    story
}

#[test]
fn any_order_and_any_repeat_come_to_the_same() {
    come_to_the_same(truths());
}

#[test]
fn any_order_and_any_repeat_of_an_interview_come_to_the_same() {
    come_to_the_same(interviews());
}

fn come_to_the_same<S: Story + Clone>(truths: impl Strategy<Value = S>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let store = runtime
        .block_on(Store::open(&database, "calls", test_support::MIGRATIONS))
        .unwrap();
    let config = Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&shuffled(truths), |(truth, told, order)| {
        runtime.block_on(async {
            let mut rows = Vec::new();
            for story in [&told, &order] {
                // Nothing is committed: each story finds an empty database.
                let mut tx = store.begin().await.unwrap();
                let row = play(&mut tx, &truth, story).await;
                tx.rollback().await.unwrap();
                rows.push(row?);
            }
            prop_assert_eq!(&rows[0], &rows[1]);
            Ok(())
        })
    });
    outcome.unwrap();
}

/// One call, told as it went, so that the figures can be read.
#[test]
fn answered_call_told_in_order() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let truth = Truth {
        whisper: true,
        dial: Dial::Talked,
        ..Truth::plain()
    };
    let row = runtime.block_on(async {
        let store = Store::open(&database, "calls", test_support::MIGRATIONS)
            .await
            .unwrap();
        let mut tx = store.begin().await.unwrap();
        let row = play(&mut tx, &truth, &truth.told(CALL)).await.unwrap();
        tx.commit().await.unwrap();
        row
    });
    assert_eq!(
        (row.status.as_str(), row.forwarded, row.accepted),
        ("completed", true, true)
    );
    assert_eq!((row.duration_s, row.dial_duration_s), (Some(77), Some(60)));
    assert_eq!((row.started_at.0, row.ended_at.unwrap().0), (at(0), at(74)));
    assert_eq!(
        (row.direction.as_str(), row.tenant_id.as_str()),
        ("inbound", "smith")
    );
}
