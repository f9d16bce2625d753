//! Events in any order, any number of times, against the plain model.

use std::collections::BTreeMap;
use std::sync::Arc;

use clock::Clock;
use dispatch::test_support;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestCaseError, TestRng, TestRunner};
use store::{Database, Store, Tx};

use crate::fixtures::{
    CALLER, WHOLE_THREAD, at, missed_at, number, refused, sent, status, text_to, thread_id,
};
use crate::model::{CALLS, Facts, Model, News, TEXTS, Word, facts};
use crate::test_app::TestApp;

fn tenant(other: bool) -> &'static str {
    if other { "jones" } else { "smith" }
}

fn call_sid(call: usize) -> String {
    format!("CA{call}")
}

fn message_id(call: usize) -> String {
    role::derive_id(&["text_back", &call_sid(call)])
}

fn body(word: Word) -> &'static str {
    match word {
        Word::Stop => "stop",
        Word::Start => "Unstop",
        Word::Other => "my tap drips",
    }
}

fn missed_call(facts: &Facts, call: usize) -> events::v1::CallMissed {
    let (_, other, nth) = facts.calls[call];
    missed_at(tenant(other), nth, &call_sid(call), CALLER)
}

fn inbound(facts: &Facts, text: usize) -> events::v1::SmsInbound {
    let (_, other, word) = facts.texts[text];
    text_to(tenant(other), &format!("SM-in-{text}"), CALLER, body(word))
}

fn refusal(facts: &Facts, call: usize, twilio: bool) -> events::v1::MessageRefused {
    let mut event = if twilio {
        refused(&message_id(call), 21610, "refused_by_twilio")
    } else {
        refused(&message_id(call), 0, "opted_out")
    };
    event.tenant_id = tenant(facts.calls[call].1).into();
    event
}

/// Decides on one piece of news, and compares with what the model decides.
async fn hear(
    tx: &mut Tx,
    facts: &Facts,
    model: &mut Model,
    news: News,
) -> Result<(), TestCaseError> {
    match news {
        News::Missed(call) => {
            let event = missed_call(facts, call);
            let (it, whose) = (event.call.unwrap(), event.tenant.unwrap());
            let answered = test_support::answer(tx, at(facts.calls[call].0), &it, &whose, false)
                .await
                .unwrap();
            prop_assert_eq!(
                answered.is_ok(),
                model.missed(facts, call),
                "{:?}",
                answered.err()
            );
        }
        News::Text(text) => {
            let event = inbound(facts, text);
            let (it, whose) = (event.text.unwrap(), event.tenant.unwrap());
            let kept = test_support::keep(tx, at(facts.texts[text].0), &it, &whose, false)
                .await
                .unwrap();
            let (new, change) = model.text(facts, text);
            prop_assert_eq!(kept.is_some(), new);
            if let Some(kept) = kept {
                prop_assert_eq!(kept.changed.map(|it| it.opted_out), change);
                prop_assert_eq!(kept.opted_out, model.opted_out(facts.texts[text].1));
            }
        }
        News::Sent(call) => {
            let event = sent(&message_id(call), &format!("SM-out-{call}"));
            test_support::sent(tx, at(facts.calls[call].0), at(1000), &event)
                .await
                .unwrap();
            model.sent(call);
        }
        News::Status(call, word) => {
            let event = status(&format!("SM-out-{call}"), word, None);
            test_support::status(tx, at(0), &event).await.unwrap();
            model.status(call, word);
        }
        News::Refused(call, twilio) => {
            let event = refusal(facts, call, twilio);
            test_support::refused(tx, at(facts.calls[call].0), &event)
                .await
                .unwrap();
            model.refused(facts, call, twilio);
        }
    }
    Ok(())
}

/// Compares all that can be seen at the end.
async fn compare(tx: &mut Tx, facts: &Facts, model: &Model) -> Result<(), TestCaseError> {
    let mut shown = BTreeMap::new();
    for other in [false, true] {
        for nth in 0..2 {
            let id = thread_id(tenant(other), nth, CALLER);
            if let Some((thread, out)) = test_support::conversation_find(tx, &id).await.unwrap() {
                prop_assert_eq!(&thread.number, &number(tenant(other), nth));
                prop_assert_eq!(out, model.opted_out(other));
            }
            for message in test_support::message_list(tx, &id, &WHOLE_THREAD)
                .await
                .unwrap()
            {
                shown.insert(message.id.clone(), message);
            }
        }
    }
    for call in 0..CALLS {
        let message = shown.remove(&message_id(call));
        prop_assert_eq!(
            message.as_ref().map(|m| m.status.as_str()),
            model.shown(call)
        );
    }
    for text in 0..TEXTS {
        let id = role::derive_id(&["inbound", &format!("SM-in-{text}")]);
        let kept = shown.remove(&id);
        prop_assert_eq!(kept.is_some(), model.kept.contains(&text));
        if let Some(kept) = kept {
            prop_assert_eq!(kept.created_at.0, at(facts.texts[text].0));
        }
    }
    prop_assert!(shown.is_empty(), "{:?}", shown.keys());
    // Two texts are never nearer to each other than the window.
    let answered: Vec<_> = model
        .answers
        .keys()
        .map(|call| facts.calls[*call])
        .collect();
    for (n, one) in answered.iter().enumerate() {
        for two in &answered[..n] {
            prop_assert!(
                one.1 != two.1 || (one.0 - two.0).abs() >= 30,
                "{one:?} {two:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn any_order_and_any_repeat_follow_the_model() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let store = runtime
        .block_on(Store::open(&database, "dispatch", test_support::MIGRATIONS))
        .unwrap();
    let config = Config {
        cases: 300,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&facts(60), |facts| {
        runtime.block_on(async {
            // Nothing is committed: each case finds an empty database.
            let mut tx = store.begin().await.unwrap();
            let mut model = Model::default();
            let mut heard = Ok(());
            for news in &facts.news {
                heard = hear(&mut tx, &facts, &mut model, *news).await;
                if heard.is_err() {
                    break;
                }
            }
            let outcome = match heard {
                Ok(()) => compare(&mut tx, &facts, &model).await,
                wrong => wrong,
            };
            tx.rollback().await.unwrap();
            outcome
        })
    });
    outcome.unwrap();
}

/// Everything at once, several times, through the bus: what does not depend on the order holds.
pub async fn storm_of_events_comes_to_rest(app: Arc<TestApp>) {
    let rng = TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let facts = facts(80).new_tree(&mut runner).unwrap().current();
    let clock = Clock::held(at(0));
    for news in &facts.news {
        match *news {
            News::Missed(call) => {
                app.publish(at(facts.calls[call].0), &missed_call(&facts, call))
                    .await
            }
            News::Text(text) => {
                app.publish(at(facts.texts[text].0), &inbound(&facts, text))
                    .await
            }
            News::Sent(call) => {
                let event = sent(&message_id(call), &format!("SM-out-{call}"));
                app.publish(clock.now(), &event).await
            }
            News::Status(call, word) => {
                let event = status(&format!("SM-out-{call}"), word, None);
                app.publish(clock.now(), &event).await
            }
            // Whoever is refused may be texted or not, as it comes; the orders above have it.
            News::Refused(..) => continue,
        };
    }
    let sends = app.sends().await;
    let texted: Vec<_> = (0..CALLS)
        .filter(|call| {
            sends
                .iter()
                .any(|(_, send)| send.message_id == message_id(*call))
        })
        .map(|call| facts.calls[call])
        .collect();
    assert_eq!(texted.len(), sends.len(), "each call at most once");
    for (n, one) in texted.iter().enumerate() {
        for two in &texted[..n] {
            assert!(
                one.1 != two.1 || (one.0 - two.0).abs() >= 30,
                "{one:?} {two:?}"
            );
        }
    }
    let mut model = Model::default();
    for news in &facts.news {
        if let News::Text(text) = news {
            model.text(&facts, *text);
        }
    }
    let mut kept = 0;
    for item in app.get("/conversations/").await["items"]
        .as_array()
        .unwrap()
    {
        assert_eq!(
            item["opted_out"],
            model.opted_out(item["tenant_id"] == "jones")
        );
        let thread = app
            .get(&format!("/conversations/{}", item["id"].as_str().unwrap()))
            .await;
        let messages = thread["messages"].as_array().unwrap();
        kept += messages
            .iter()
            .filter(|m| m["direction"] == "inbound")
            .count();
    }
    assert_eq!(kept, model.kept.len());
    assert!(app.dead().await.is_empty());
}
