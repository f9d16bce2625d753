//! What is let through as far as it goes, and no further.

use std::sync::Arc;

use chrono::TimeDelta;
use dispatch::test_support;
use events::v1::{AiUsage, SmsInbound};
use serde_json::{Value, json};
use test_support::Out;

use crate::fixtures::{CALLER, at, drafted, text, thread_id};
use crate::test_app::TestApp;

fn path(rest: &str) -> String {
    format!("/conversations/{}{rest}", thread_id("smith", 0, CALLER))
}

fn last(thread: &Value) -> &Value {
    thread["messages"].as_array().unwrap().last().unwrap()
}

/// The AI answers twelve times in an hour, then a person is asked to.
pub async fn thirteenth_answer_within_an_hour_is_left_to_a_person(app: Arc<TestApp>) {
    let mut tx = app.own_store().begin().await.unwrap();
    for n in 0..13 {
        let now = at(n);
        let SmsInbound { text, tenant } = text(
            &format!("SM{n}"),
            CALLER,
            &format!("what about pipe number {n}"),
        );
        let (text, tenant) = (text.unwrap(), tenant.unwrap());
        let kept = test_support::keep(&mut tx, now, &text, &tenant, false)
            .await
            .unwrap()
            .unwrap();
        let timer = kept.follow.0.into_iter().find_map(|out| match out {
            Out::Due(timer, _) => Some(timer),
            _ => None,
        });
        let mut follow = test_support::due(&mut tx, now, &timer.unwrap())
            .await
            .unwrap();
        let out = follow.0.remove(0);
        match (n, out) {
            (0..12, Out::Draft(draft)) => {
                let words = format!("About pipe {n}?");
                let event = drafted(&draft.draft_id, "answer", "", &words);
                let follow = test_support::drafted(&mut tx, now, &event).await.unwrap();
                assert_eq!(follow.sends().count(), 1);
            }
            (12, Out::Changed(told)) => assert_eq!(told.reason, "rate_limit"),
            other => panic!("{other:?}"),
        }
    }
    tx.commit().await.unwrap();
    assert_eq!(app.thread().await["attention"], "rate_limit");
}

pub async fn number_of_this_platform_is_never_answered(app: Arc<TestApp>) {
    let event = text("SM1", CALLER, "my sink leaks, it is an emergency");
    let (text, tenant) = (event.text.unwrap(), event.tenant.unwrap());
    let mut tx = app.own_store().begin().await.unwrap();
    let kept = test_support::keep(&mut tx, at(0), &text, &tenant, true).await;
    let kept = kept.unwrap().unwrap();
    assert!(kept.follow.0.is_empty(), "{:?}", kept.follow);
    tx.commit().await.unwrap();
    let thread = app.thread().await;
    assert_eq!(
        (&thread["attention"], &thread["reply_due_at"]),
        (&json!("own_number"), &json!(null))
    );
}

pub async fn text_that_could_not_be_read_whole_is_kept_and_says_so(app: Arc<TestApp>) {
    let mut event = text("SM1", CALLER, &"\u{1f600}\u{5d0}".repeat(800));
    event.text.as_mut().unwrap().left_out = vec!["Body".into(), "MediaUrl1".into()];
    app.publish(at(0), &event).await;
    app.publish(at(1), &text("SM2", CALLER, "")).await;
    let thread = app.thread().await;
    let messages = thread["messages"].as_array().unwrap();
    let body = messages[0]["body"].as_str().unwrap();
    assert!(
        body.ends_with("[could not be read: Body, MediaUrl1]"),
        "{body}"
    );
    assert_eq!((messages.len(), &messages[1]["body"]), (2, &json!("")));
}

pub async fn text_that_may_be_an_opt_out_is_looked_at_by_a_person(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "cancel my appointment"))
        .await;
    let thread = app.thread().await;
    assert_eq!(
        (&thread["attention"], &thread["opted_out"]),
        (&json!("perhaps_stop"), &json!(false))
    );
    assert!(app.changes().await.is_empty());
}

pub async fn simulated_answer_is_labelled_in_the_thread(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "my tap drips"))
        .await;
    app.rest().await;
    app.clock.advance(TimeDelta::seconds(3635));
    let id = app.drafts(1).await.remove(0).draft_id;
    app.is_due().await;
    let mut event = drafted(&id, "ask", "", "Where is it?");
    event.usage = Some(AiUsage {
        simulated: true,
        ..AiUsage::default()
    });
    app.publish(at(2), &event).await;
    assert_eq!(last(&app.thread().await)["simulated"], true);
}

pub async fn two_operators_at_once_take_a_thread_over_once(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "my tap drips"))
        .await;
    app.rest().await;
    let say = async |words: &str| app.post(&path("/reply"), json!({"message": words})).await.0;
    let both = tokio::join!(say("Ann here."), say("Bob here."));
    assert_eq!(both, (201, 201));
    let mut bodies: Vec<String> = app
        .sends()
        .await
        .into_iter()
        .map(|(_, it)| it.body)
        .collect();
    bodies.sort();
    assert_eq!(bodies, ["Ann here.", "Bob here."]);
    let thread = app.thread().await;
    let entries = thread["entries"].as_array().unwrap();
    let takeovers = entries
        .iter()
        .filter(|it| it["kind"] == "answering")
        .count();
    assert_eq!((takeovers, &thread["answering"]), (1, &json!("human")));
}

pub async fn lead_is_worked_on_by_operators(app: Arc<TestApp>) {
    app.publish(
        at(0),
        &text(
            "SM1",
            CALLER,
            "leak under the sink at 789 Sunset Blvd 94110",
        ),
    )
    .await;
    app.rest().await;
    app.clock.advance(TimeDelta::seconds(3635));
    let id = app.drafts(1).await.remove(0).draft_id;
    app.is_due().await;
    app.publish(at(2), &drafted(&id, "answer", "", "Thanks!"))
        .await;
    let lead = app.thread().await["lead_id"].as_str().unwrap().to_owned();
    let put = async |key: &str, body: Value| {
        let path = format!("/leads/{lead}/status");
        app.call("PUT", &path, key, Some(body)).await
    };
    let won = json!({"status": "completed", "value": 240.5, "notes": "paid"});
    assert_eq!(put("write-smith", won).await.0, 200);
    let shown = app.get(&format!("/leads/{lead}")).await;
    assert_eq!(
        (&shown["status"], &shown["value"], &shown["notes"]),
        (&json!("completed"), &json!(240.5), &json!("paid"))
    );
    assert_eq!(put("write-smith", json!({"status": "won"})).await.0, 422);
    assert_eq!(put("write-jones", json!({"status": "lost"})).await.0, 404);
}
