//! Inbound texts and wishes.

use std::sync::Arc;

use events::v1::Media;
use serde_json::json;
use testkit::eventually;

use crate::fixtures::{CALLER, at, missed, opt_out, refused, sent, status, text};
use crate::test_app::TestApp;

pub async fn text_joins_the_thread_of_the_call(app: Arc<TestApp>) {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    let mut event = text("SM1", CALLER, "My tap drips, at 789 Sunset Blvd");
    event.text.as_mut().unwrap().media = vec![Media {
        url: format!(
            "{}/2010-04-01/Accounts/AC1/Messages/MM1/Media/ME1",
            app.twilio.url
        ),
        content_type: "image/jpeg".into(),
    }];
    app.publish(at(1), &event).await;
    let thread = app.thread().await;
    let messages = thread["messages"].as_array().unwrap();
    let who: Vec<_> = messages
        .iter()
        .map(|m| (&m["direction"], &m["sender"]))
        .collect();
    assert_eq!(
        who,
        [
            (&json!("outbound"), &json!("system")),
            (&json!("inbound"), &json!("customer"))
        ]
    );
    assert_eq!(messages[1]["body"], "My tap drips, at 789 Sunset Blvd");
    assert_eq!(messages[1]["media"][0]["content_type"], "image/jpeg");
    assert_eq!(messages[1]["status"], "received");
    assert_eq!(
        app.get("/conversations/").await["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert!(app.changes().await.is_empty());
}

pub async fn second_delivery_changes_nothing(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "STOP")).await;
    app.rest().await;
    app.publish(at(1), &text("SM2", CALLER, "START")).await;
    let before = (app.thread().await, app.changes().await);
    // Another event of the same message, later than all the others.
    app.publish(at(9), &text("SM1", CALLER, "STOP")).await;
    assert_eq!((app.thread().await, app.changes().await), before);
    assert_eq!(before.0["messages"].as_array().unwrap().len(), 2);
}

pub async fn wish_counts_by_its_own_time(app: Arc<TestApp>) {
    // The START of minute 2 is heard before the STOP of minute 1.
    app.publish(at(2), &text("SM2", CALLER, "START")).await;
    app.rest().await;
    app.publish(at(1), &text("SM1", CALLER, "STOP")).await;
    assert_eq!(app.thread().await["opted_out"], false);
    // With Advanced Opt-Out Twilio says what a text of the business's own choice means.
    let mut event = text("SM3", CALLER, "no more pipes");
    event.text.as_mut().unwrap().opt_out_type = "STOP".into();
    app.publish(at(3), &event).await;
    let thread = app.thread().await;
    assert_eq!(thread["opted_out"], true);
    // What they write all the same is kept.
    app.publish(at(4), &text("SM4", CALLER, "stop it, I said"))
        .await;
    let thread = app.thread().await;
    assert_eq!(thread["opted_out"], true);
    assert_eq!(thread["messages"].as_array().unwrap().len(), 4);
    assert_eq!(app.changes().await.last(), Some(&true));
}

pub async fn egress_may_know_of_a_wish(app: Arc<TestApp>) {
    app.publish(at(1), &opt_out(true)).await;
    app.rest().await;
    app.publish(at(2), &missed("CA1", CALLER)).await;
    assert_eq!(app.sends().await.len(), 0);
    // It is not told again as our own.
    assert!(app.changes().await.is_empty());
    app.publish(at(3), &text("SM1", CALLER, "unstop")).await;
    app.rest().await;
    // An old one that comes again late.
    app.publish(at(1), &opt_out(true)).await;
    app.rest().await;
    app.publish(at(4), &missed("CA2", CALLER)).await;
    assert_eq!(app.sends().await.len(), 1);
}

pub async fn what_makes_no_sense_is_put_aside(app: Arc<TestApp>) {
    let mut nameless = missed("", CALLER);
    app.throw("e1", at(0), &nameless).await;
    nameless.tenant = None;
    app.throw("e2", at(0), &nameless).await;
    app.throw("e3", at(0), &text("", CALLER, "hello")).await;
    app.throw("e4", at(0), &text("SM1", "", "hello")).await;
    app.throw("e5", at(0), &sent("m1", "")).await;
    app.throw("e6", at(0), &status("", "sent", None)).await;
    eventually("all are dead letters", async || app.dead().await.len() == 6).await;
    // What is not ours is no fault.
    app.publish(at(0), &sent("m1", "SM9")).await;
    app.publish(at(0), &refused("m1", 30007, "refused_by_twilio"))
        .await;
    app.rest().await;
    assert_eq!(app.dead().await.len(), 6);
    assert_eq!(app.get("/conversations/").await["items"], json!([]));
}
