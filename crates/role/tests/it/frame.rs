//! The frame around deciders and performers.

use std::pin::pin;
use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{CallLookup, CallSettle, NumberBought, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use store::outbox;
use testkit::{ADMIN, PATIENCE, eventually};

use crate::lab::Lab;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub async fn an_event_that_comes_twice_is_decided_once(lab: Arc<Lab>) {
    let (first, bought) = lab.ask("e1", "plain").await;
    assert_eq!((bought.reason.as_str(), bought.ok), ("1", true));
    assert_eq!(
        (first.cause.as_deref(), first.source.as_str()),
        (Some("e1"), "trunkline/sample")
    );
    lab.ask("e2", "plain").await;
    let (again, same) = lab.ask("e1", "plain").await;
    assert_eq!(
        (again.id, same),
        (first.id, bought),
        "the same reply, though there are two notes by now"
    );
    let both = tokio::join!(lab.ask("e3", "plain"), lab.ask("e3", "plain"));
    assert_eq!(both.0, both.1, "at the same time as well");
    assert_eq!(lab.notes().await, 3);
    lab.outbox_is_empty().await;
    eventually("three followed", async || {
        lab.ear.each::<NumberReleased>().len() >= 3
    })
    .await;
    let heard = lab.ear.each::<NumberReleased>();
    assert_eq!(heard.len(), 3);
    for (envelope, _) in heard {
        assert_eq!(
            (envelope.tenant.as_deref(), envelope.key.as_deref()),
            (Some("smith"), Some("K1"))
        );
        assert_eq!(
            envelope.time,
            lab.clock.now(),
            "what follows happened when its cause did"
        );
    }
}

pub async fn who_has_given_up_does_not_wait(lab: Arc<Lab>) {
    let late = Envelope {
        deadline: Some(lab.clock.now()),
        ..lab.order("e1", "plain")
    };
    let reply = lab.bus().request(late, PATIENCE).await.unwrap();
    assert!(!reply.decode::<NumberBought>().unwrap().ok);
    let soon = lab.clock.now() + TimeDelta::seconds(1);
    let in_time = Envelope {
        deadline: Some(soon),
        ..lab.order("e2", "plain")
    };
    let reply = lab.bus().request(in_time, PATIENCE).await.unwrap();
    assert!(reply.decode::<NumberBought>().unwrap().ok);
}

pub async fn who_waits_is_answered_by_a_later_event(lab: Arc<Lab>) {
    // Another process asks, where there may be one, so that ours may go and come again.
    let other = lab.other_bus().await;
    let asking = other.clone().unwrap_or_else(|| lab.bus());
    let deadline = lab.clock.now() + TimeDelta::seconds(5);
    let question = |id: &str, deadline| Envelope {
        deadline,
        traceparent: Some(TRACE.to_owned()),
        ..lab.order(id, "wait")
    };
    let mut late = pin!(asking.request(question("late", Some(deadline)), PATIENCE));
    let mut first = pin!(asking.request(question("first", None), PATIENCE));
    let mut second = pin!(asking.request(question("second", Some(deadline)), PATIENCE));
    while lab.notes().await < 3 {
        assert!(futures::poll!(&mut late).is_pending());
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
    }
    if lab.is_distributed() {
        lab.stop().await;
        lab.start().await;
    }
    let order = lab.order("a1", "answer second");
    lab.bus().publish(&order).await.unwrap();
    let answer = second.await.unwrap();
    assert_eq!(
        answer.decode::<NumberBought>().unwrap().reason,
        "told by a1"
    );

    lab.clock.advance(TimeDelta::seconds(5));
    let order = lab.order("a2", "answer late first second");
    lab.bus().publish(&order).await.unwrap();
    let answer = first.await.unwrap();
    assert_eq!(
        answer.decode::<NumberBought>().unwrap().reason,
        "told by a2"
    );
    assert_eq!(
        (answer.cause.as_deref(), answer.traceparent.as_deref()),
        (Some("first"), Some(TRACE)),
        "it belongs to the question"
    );
    assert!(
        futures::poll!(&mut late).is_pending(),
        "answers come in order, and that one was too late"
    );
    let (again, _) = lab.ask("first", "wait").await;
    assert_eq!(
        again.id, answer.id,
        "the question again gets the same reply"
    );
    assert_eq!(lab.notes().await, 5);
    if let Some(other) = other {
        other.close().await;
    }
}

pub async fn what_a_dead_process_left_is_published(lab: Arc<Lab>) {
    lab.stop().await;
    // Committed, and then the process died: one row that was due, one that it had taken for itself.
    let store = lab.store().await;
    let mut tx = store.begin().await.unwrap();
    let row = |id: &str, seconds| {
        let event = NumberReleased {
            number_id: id.into(),
            ..NumberReleased::default()
        };
        let envelope = Envelope::at("trunkline/sample", id.into(), lab.clock.now(), &event);
        let due_at = (lab.clock.now() + TimeDelta::seconds(seconds)).into();
        outbox::Row {
            id: id.into(),
            due_at,
            envelope: envelope.to_bytes(),
        }
    };
    outbox::put(&mut tx, &[row("due", 0), row("taken", 4)])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    drop(store);
    lab.start().await;
    if lab.is_distributed() {
        // Another process may have it in hand; it is believed dead when its time is up.
        lab.ear.hear::<NumberReleased>(1).await;
        assert_eq!(lab.ear.each::<NumberReleased>()[0].1.number_id, "due");
        lab.clock.advance(TimeDelta::seconds(5));
    }
    lab.outbox_is_empty().await;
    eventually("both left", async || {
        lab.ear.each::<NumberReleased>().len() == 2
    })
    .await;
}

pub async fn a_timer_fires_once_and_survives_a_restart(lab: Arc<Lab>) {
    lab.ask("e1", "timer").await;
    let due = lab.clock.now() + TimeDelta::seconds(60);
    assert_eq!(lab.waiting().await, 1);
    lab.stop().await;
    lab.start().await;
    assert_eq!(
        (lab.waiting().await, lab.ear.each::<CallSettle>().len()),
        (1, 0)
    );
    lab.clock.advance(TimeDelta::seconds(60));
    let (envelope, settle) = lab.ear.hear::<CallSettle>(1).await.remove(0);
    assert_eq!((envelope.time, settle.call_sid.as_str()), (due, "e1"));
    lab.outbox_is_empty().await;
    // The same event again sets no second timer.
    lab.ask("e1", "timer").await;
    assert_eq!(lab.waiting().await, 0);
    lab.stop().await;
    lab.start().await;
    lab.ask("e2", "plain").await;
    lab.ear.hear::<NumberReleased>(1).await;
    assert_eq!(lab.ear.each::<CallSettle>().len(), 1);
}

pub async fn never_is_a_dead_letter_with_words(lab: Arc<Lab>) {
    lab.bus().publish(&lab.order("e1", "never")).await.unwrap();
    let damaged = Envelope {
        data: bytes::Bytes::from_static(b"\xff"),
        ..lab.order("e2", "plain")
    };
    lab.bus().publish(&damaged).await.unwrap();
    eventually("both are dead", async || lab.dead().await.len() == 2).await;
    let mut dead = lab.dead().await;
    dead.sort();
    assert_eq!(
        dead,
        [
            (
                "event data of type number.buy cannot be decoded".to_owned(),
                1
            ),
            ("it cannot be".to_owned(), 1),
        ]
    );
    assert_eq!(lab.notes().await, 0, "nothing of it happened");
    let (status, list) = lab.see("/api/dead-letters/", ADMIN).await;
    assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 2));
    let path = "/api/dead-letters/e1@sample.obedient/replay";
    let headers = [("X-API-Key", ADMIN)];
    assert_eq!(lab.send("POST", path, &headers, None).await.0, 202);
    assert_eq!(
        lab.send("POST", "/api/dead-letters/none/replay", &headers, None)
            .await
            .0,
        404
    );
    eventually("it is dead again", async || lab.dead().await.len() == 2).await;
}

pub async fn a_fault_and_a_panic_are_tried_again(lab: Arc<Lab>) {
    for (id, word) in [("e1", "later"), ("e2", "panic")] {
        let (_, bought) = lab.ask(id, word).await;
        assert_eq!(bought.number_id, id);
    }
    assert_eq!(lab.notes().await, 2, "one each: what failed left nothing");
    assert!(lab.dead().await.is_empty());
}

pub async fn a_fact_may_go_unheard(lab: Arc<Lab>) {
    lab.ask("e1", "fact").await;
    lab.outbox_is_empty().await;
    assert!(lab.dead().await.is_empty());
}

pub async fn a_command_waits_for_its_consumer(lab: Arc<Lab>) {
    lab.ask("e1", "command").await;
    lab.ask("e2", "plain").await;
    lab.ear.hear::<NumberReleased>(1).await;
    // What has nobody to go to stays, and holds nobody up.
    eventually("one stays", async || lab.waiting().await == 1).await;
    // It stays over a restart, too.
    lab.stop().await;
    lab.start().await;
    lab.ear
        .listen_as("test.lookups", &lab.bus(), &[CallLookup::TYPE])
        .await;
    lab.clock.advance(TimeDelta::seconds(10));
    assert_eq!(lab.ear.hear::<CallLookup>(1).await[0].1.call_sid, "e1");
    lab.outbox_is_empty().await;
}

pub async fn what_is_performed_is_told_before_it_is_done(lab: Arc<Lab>) {
    let command = NumberRelease {
        number_id: "n1".into(),
        ..NumberRelease::default()
    };
    let envelope = Envelope::at("trunkline/test", "c1".into(), lab.clock.now(), &command);
    lab.bus().publish(&envelope.key("K2")).await.unwrap();
    let (envelope, outcome) = lab.ear.hear::<CallLookup>(1).await.remove(0);
    assert_eq!(
        outcome.account_sid, "run 2",
        "nobody could hear of the first"
    );
    assert_eq!(
        (envelope.cause.as_deref(), envelope.key.as_deref()),
        (Some("c1"), Some("K2"))
    );
    assert_eq!(envelope.source, "trunkline/sample");
    assert!(lab.dead().await.is_empty());
    assert_eq!(NumberRelease::TYPE, "number.release");
}
