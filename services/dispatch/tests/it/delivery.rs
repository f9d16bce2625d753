//! What becomes of the texts.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{MessageFailed, Parameter, TwilioMessageStatus, Webhook};

use testkit::eventually;

use crate::fixtures::{ACCOUNT, CALLER, at, missed, refused, sent, status, text};
use crate::test_app::TestApp;

/// A missed call's text, not sent yet: its id.
async fn one_text(app: &TestApp) -> String {
    app.publish(at(0), &missed("CA1", CALLER)).await;
    app.rest().await;
    role::derive_id(&["text_back", "CA1"])
}

pub async fn status_may_come_before_its_message(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    let thread = app.thread().await;
    assert_eq!(thread["messages"][0]["status"], "queued");
    assert!(thread["messages"][0]["sent_at"].is_null());

    app.publish(at(2), &status("SM9", "delivered", None)).await;
    assert_eq!(app.thread().await["messages"][0]["status"], "queued");
    app.clock.advance(TimeDelta::minutes(3));
    app.publish(at(1), &sent(&id, "SM9")).await;
    let thread = app.thread().await;
    assert_eq!(thread["messages"][0]["status"], "delivered");
    assert_eq!(thread["messages"][0]["sent_at"], "2025-06-15T15:09:40Z");
}

pub async fn final_status_stays(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    app.publish(at(1), &sent(&id, "SM9")).await;
    for (word, shown) in [
        ("sent", "sent"),
        ("sending", "sent"),
        ("undelivered", "undelivered"),
        ("queued", "undelivered"),
        ("sent", "undelivered"),
        ("Delivered", "delivered"),
        ("failed", "delivered"),
        ("some-new-word", "delivered"),
        ("read", "read"),
    ] {
        app.publish(at(2), &status("SM9", word, None)).await;
        assert_eq!(
            app.thread().await["messages"][0]["status"],
            shown,
            "after {word}"
        );
    }
    // Whatever comes of it later, it was sent.
    app.publish(at(3), &refused(&id, 30007, "refused_by_twilio"))
        .await;
    app.publish(at(3), &sent(&id, "SM9")).await;
    assert_eq!(app.thread().await["messages"][0]["status"], "read");
}

/// Whoever signs for another account changes nothing of a message that it does not own, and is counted.
pub async fn status_of_another_account_changes_nothing(app: Arc<TestApp>) {
    // The first look begins the count.
    app.get("/metrics").await;
    let id = one_text(&app).await;
    app.publish(at(1), &sent(&id, "SM9")).await;
    app.publish(at(2), &status("SM9", "sent", None)).await;
    let before = app.thread().await;
    let by = |account: &str, code| TwilioMessageStatus {
        webhook: Some(Webhook {
            account_sid: account.to_owned(),
            ..Webhook::default()
        }),
        ..status("SM9", "undelivered", code)
    };
    let other = "AC00000000000000000000000000000099";
    // Its codes neither silence the customer nor tell that the number takes no texts.
    for code in [None, Some(21610), Some(30006)] {
        app.publish(at(3), &by(other, code)).await;
    }
    assert_eq!(app.thread().await, before);
    let refused = "dispatch_statuses_refused_total{reason=\"foreign_account\"}";
    let (_, metrics) = app.call("GET", "/metrics", "", None).await;
    assert!(metrics.as_str().unwrap().contains(refused), "{metrics}");
    assert!(app.recorder.heard::<MessageFailed>().is_empty());

    app.publish(at(4), &by(ACCOUNT, None)).await;
    assert_eq!(app.thread().await["messages"][0]["status"], "undelivered");
}

pub async fn who_has_opted_out_at_twilio_has_opted_out(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    app.publish(at(0), &refused(&id, 21610, "refused_by_twilio"))
        .await;
    let thread = app.thread().await;
    assert_eq!(thread["messages"][0]["status"], "refused");
    assert_eq!(thread["opted_out"], true);
    app.publish(at(60), &missed("CA2", CALLER)).await;
    assert_eq!(app.sends().await.len(), 1);

    // The same by a callback, for a message that Twilio had taken first.
    app.publish(at(61), &text("SM1", CALLER, "START")).await;
    app.rest().await;
    app.publish(at(62), &missed("CA3", CALLER)).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", "CA3"]);
    app.publish(at(63), &sent(&id, "SM8")).await;
    app.publish(at(64), &status("SM8", "failed", Some(21610)))
        .await;
    assert_eq!(app.thread().await["opted_out"], true);
}

/// A text that an outage has held back too long is not sent, and its thread says so.
pub async fn text_that_has_expired_says_so_in_its_thread(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    app.publish(at(90), &refused(&id, 0, "expired")).await;
    let thread = app.thread().await;
    let message = &thread["messages"][0];
    assert_eq!(
        (&message["status"], &message["reason"]),
        (&"refused".into(), &"expired".into())
    );
    assert_eq!(thread["opted_out"], false);
}

pub async fn guard_is_believed_until_the_customer_speaks(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    app.publish(at(2), &refused(&id, 0, "not_whitelisted"))
        .await;
    assert_eq!(app.thread().await["opted_out"], false);
    app.publish(at(2), &refused(&id, 0, "opted_out")).await;
    assert_eq!(app.thread().await["opted_out"], true);
    // A START from before: the guard had not heard of it.
    app.publish(at(1), &text("SM1", CALLER, "start")).await;
    assert_eq!(app.thread().await["opted_out"], false);
    app.publish(at(3), &refused(&id, 0, "opted_out")).await;
    assert_eq!(app.thread().await["opted_out"], false);
}

/// Before we know a message by its SID, the callback's own address says which it is, and so whose.
pub async fn early_status_of_another_account_is_not_believed(app: Arc<TestApp>) {
    let id = one_text(&app).await;
    let by = |account: &str, named: &str, code| TwilioMessageStatus {
        webhook: Some(Webhook {
            account_sid: account.to_owned(),
            query: vec![Parameter {
                name: "message_id".into(),
                value: named.to_owned(),
            }],
            ..Webhook::default()
        }),
        ..status("SM9", "undelivered", code)
    };
    let other = "AC00000000000000000000000000000099";
    for (account, named) in [(other, id.as_str()), (ACCOUNT, "unheard-of"), (other, "")] {
        app.publish(at(1), &by(account, named, Some(21610))).await;
    }
    app.rest().await;
    app.publish(at(2), &sent(&id, "SM9")).await;
    let thread = app.thread().await;
    assert_eq!(
        (&thread["messages"][0]["status"], &thread["opted_out"]),
        (&"queued".into(), &false.into())
    );
    // The account's own word counts, and may come first as well.
    app.publish(at(3), &missed("CA2", "+15550109998")).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", "CA2"]);
    let mut early = by(ACCOUNT, &id, None);
    early.message_sid = "SM10".into();
    app.publish(at(4), &early).await;
    app.rest().await;
    app.publish(at(5), &sent(&id, "SM10")).await;
    app.rest().await;
    let thread = crate::fixtures::thread_id("smith", 0, "+15550109998");
    let thread = app.get(&format!("/conversations/{thread}")).await;
    assert_eq!(thread["messages"][0]["status"], "undelivered");
}

/// A missed call's text that did not arrive, for a business that wants such texts sent again.
async fn undelivered(app: &TestApp, call: &str, code: u32) -> String {
    let mut event = missed(call, CALLER);
    event.tenant.as_mut().unwrap().resend_undelivered = true;
    app.publish(at(0), &event).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", call]);
    app.publish(at(1), &sent(&id, "SM9")).await;
    app.rest().await;
    app.publish(at(1), &status("SM9", "undelivered", Some(code)))
        .await;
    app.rest().await;
    id
}

pub async fn undelivered_text_is_told_and_sent_once_more(app: Arc<TestApp>) {
    let id = undelivered(&app, "CA1", 30003).await;
    let (_, failed) = app.recorder.wait_for::<MessageFailed>(1).await.remove(0);
    assert_eq!(
        (
            failed.message_id.as_str(),
            failed.code,
            failed.status.as_str()
        ),
        (id.as_str(), 30003, "undelivered")
    );
    assert_eq!(app.thread().await["attention"], "undelivered");
    assert_eq!(
        app.told().await,
        [("attention".to_owned(), "undelivered".to_owned())]
    );
    assert_eq!(
        app.sends().await.len(),
        1,
        "a telephone that is off is given time"
    );
    app.clock.advance(TimeDelta::minutes(11));
    eventually("it is sent again", async || app.sends().await.len() == 2).await;
    let sends = app.sends().await;
    assert_eq!(sends[0].1.body, sends[1].1.body);
    assert_ne!(sends[0].1.message_id, sends[1].1.message_id);
    let thread = app.thread().await;
    assert_eq!(thread["messages"][1]["again"], true);
    // There is no third.
    app.publish(at(12), &sent(&sends[1].1.message_id, "SM10"))
        .await;
    app.rest().await;
    app.publish(at(13), &status("SM10", "undelivered", Some(30003)))
        .await;
    app.rest().await;
    app.recorder.wait_for::<MessageFailed>(2).await;
    let timers = app.timers().await;
    assert_eq!(timers, 0);
}

pub async fn text_is_not_sent_again_when_something_came_between(app: Arc<TestApp>) {
    let id = undelivered(&app, "CA1", 30008).await;
    app.publish(at(2), &text("SM1", CALLER, "STOP")).await;
    app.rest().await;
    let again = events::v1::MessageAgain {
        message_id: id,
        tenant_id: "smith".into(),
        conversation_id: crate::fixtures::thread_id("smith", 0, CALLER),
    };
    app.publish(at(11), &again).await;
    app.rest().await;
    assert_eq!(app.sends().await.len(), 1);
    // A carrier that filters will filter again.
    app.publish(at(12), &text("SM2", CALLER, "START")).await;
    app.rest().await;
    app.clock.advance(TimeDelta::minutes(60));
    let mut event = missed("CA2", CALLER);
    event.tenant.as_mut().unwrap().resend_undelivered = true;
    app.publish(at(60), &event).await;
    app.rest().await;
    let id = role::derive_id(&["text_back", "CA2"]);
    app.publish(at(61), &sent(&id, "SM19")).await;
    app.rest().await;
    app.publish(at(62), &status("SM19", "undelivered", Some(30007)))
        .await;
    app.rest().await;
    assert_eq!(app.timers().await, 0);
}
