//! What becomes of the texts.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::lab::Lab;
use crate::world::{CALLER, at, missed, refused, sent, status, text};

/// A missed call's text, not sent yet: its id.
async fn one_text(lab: &Lab) -> String {
    lab.publish(at(0), &missed("CA1", CALLER)).await;
    lab.rest().await;
    role::derive_id(&["text_back", "CA1"])
}

pub async fn a_status_may_come_before_its_message(lab: Arc<Lab>) {
    let id = one_text(&lab).await;
    let thread = lab.thread().await;
    assert_eq!(thread["messages"][0]["status"], "queued");
    assert!(thread["messages"][0]["sent_at"].is_null());

    lab.publish(at(2), &status("SM9", "delivered", None)).await;
    assert_eq!(lab.thread().await["messages"][0]["status"], "queued");
    lab.clock.advance(TimeDelta::minutes(3));
    lab.publish(at(1), &sent(&id, "SM9")).await;
    let thread = lab.thread().await;
    assert_eq!(thread["messages"][0]["status"], "delivered");
    assert_eq!(thread["messages"][0]["sent_at"], "2025-06-15T15:09:40Z");
}

pub async fn a_final_status_stays(lab: Arc<Lab>) {
    let id = one_text(&lab).await;
    lab.publish(at(1), &sent(&id, "SM9")).await;
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
        lab.publish(at(2), &status("SM9", word, None)).await;
        assert_eq!(
            lab.thread().await["messages"][0]["status"],
            shown,
            "after {word}"
        );
    }
    // Whatever comes of it later, it was sent.
    lab.publish(at(3), &refused(&id, 30007, "refused_by_twilio"))
        .await;
    lab.publish(at(3), &sent(&id, "SM9")).await;
    assert_eq!(lab.thread().await["messages"][0]["status"], "read");
}

pub async fn who_has_opted_out_at_twilio_has_opted_out(lab: Arc<Lab>) {
    let id = one_text(&lab).await;
    lab.publish(at(0), &refused(&id, 21610, "refused_by_twilio"))
        .await;
    let thread = lab.thread().await;
    assert_eq!(thread["messages"][0]["status"], "refused");
    assert_eq!(thread["opted_out"], true);
    lab.publish(at(60), &missed("CA2", CALLER)).await;
    assert_eq!(lab.sends().await.len(), 1);

    // The same by a callback, for a message that Twilio had taken first.
    lab.publish(at(61), &text("SM1", CALLER, "START")).await;
    lab.rest().await;
    lab.publish(at(62), &missed("CA3", CALLER)).await;
    lab.rest().await;
    let id = role::derive_id(&["text_back", "CA3"]);
    lab.publish(at(63), &sent(&id, "SM8")).await;
    lab.publish(at(64), &status("SM8", "failed", Some(21610)))
        .await;
    assert_eq!(lab.thread().await["opted_out"], true);
}

pub async fn a_guard_is_believed_until_the_customer_speaks(lab: Arc<Lab>) {
    let id = one_text(&lab).await;
    lab.publish(at(2), &refused(&id, 0, "not_whitelisted"))
        .await;
    assert_eq!(lab.thread().await["opted_out"], false);
    lab.publish(at(2), &refused(&id, 0, "opted_out")).await;
    assert_eq!(lab.thread().await["opted_out"], true);
    // A START from before: the guard had not heard of it.
    lab.publish(at(1), &text("SM1", CALLER, "start")).await;
    assert_eq!(lab.thread().await["opted_out"], false);
    lab.publish(at(3), &refused(&id, 0, "opted_out")).await;
    assert_eq!(lab.thread().await["opted_out"], false);
}
