//! The frame around deciders and performers.

use std::pin::pin;
use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{CallLookup, CallSettle, NumberBought, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use store::outbox;
use testkit::{ADMIN, PATIENCE, eventually};

use crate::test_app::TestApp;

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

pub async fn event_that_comes_twice_is_decided_once(app: Arc<TestApp>) {
    let (first, bought) = app.ask("e1", "plain").await;
    assert_eq!((bought.reason.as_str(), bought.ok), ("1", true));
    assert_eq!(
        (first.cause.as_deref(), first.source.as_str()),
        (Some("e1"), "trunkline/sample")
    );
    app.ask("e2", "plain").await;
    let (again, same) = app.ask("e1", "plain").await;
    assert_eq!(
        (again.id, same),
        (first.id, bought),
        "the same reply, though there are two notes by now"
    );
    let both = tokio::join!(app.ask("e3", "plain"), app.ask("e3", "plain"));
    assert_eq!(both.0, both.1, "at the same time as well");
    assert_eq!(app.notes().await, 3);
    app.outbox_is_empty().await;
    eventually("three followed", async || {
        app.recorder.each::<NumberReleased>().len() >= 3
    })
    .await;
    let heard = app.recorder.each::<NumberReleased>();
    assert_eq!(heard.len(), 3);
    for (envelope, _) in heard {
        assert_eq!(
            (envelope.tenant.as_deref(), envelope.key.as_deref()),
            (Some("smith"), Some("K1"))
        );
        assert_eq!(
            envelope.time,
            app.clock.now(),
            "what follows happened when its cause did"
        );
    }
}

pub async fn request_past_its_deadline_wants_no_reply(app: Arc<TestApp>) {
    let late = Envelope {
        deadline: Some(app.clock.now()),
        ..app.order("e1", "plain")
    };
    let reply = app.bus().request(late, PATIENCE).await.unwrap();
    assert!(!reply.decode::<NumberBought>().unwrap().ok);
    let soon = app.clock.now() + TimeDelta::seconds(1);
    let in_time = Envelope {
        deadline: Some(soon),
        ..app.order("e2", "plain")
    };
    let reply = app.bus().request(in_time, PATIENCE).await.unwrap();
    assert!(reply.decode::<NumberBought>().unwrap().ok);
}

pub async fn kept_slot_is_answered_by_a_later_event(app: Arc<TestApp>) {
    // Another process asks, where there may be one, so that ours may go and come again.
    let other = app.other_bus().await;
    let asking = other.clone().unwrap_or_else(|| app.bus());
    let deadline = app.clock.now() + TimeDelta::seconds(5);
    let question = |id: &str, deadline| Envelope {
        deadline,
        traceparent: Some(TRACE.to_owned()),
        ..app.order(id, "wait")
    };
    let mut late = pin!(asking.request(question("late", Some(deadline)), PATIENCE));
    let mut first = pin!(asking.request(question("first", None), PATIENCE));
    let mut second = pin!(asking.request(question("second", Some(deadline)), PATIENCE));
    while app.notes().await < 3 {
        assert!(futures::poll!(&mut late).is_pending());
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
    }
    if app.is_distributed() {
        app.stop().await;
        app.start().await;
    }
    let order = app.order("a1", "answer second");
    app.bus().publish(&order).await.unwrap();
    let answer = second.await.unwrap();
    assert_eq!(
        answer.decode::<NumberBought>().unwrap().reason,
        "told by a1"
    );

    app.clock.advance(TimeDelta::seconds(5));
    let order = app.order("a2", "answer late first second");
    app.bus().publish(&order).await.unwrap();
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
    let (again, _) = app.ask("first", "wait").await;
    assert_eq!(
        again.id, answer.id,
        "the question again gets the same reply"
    );
    assert_eq!(app.notes().await, 5);
    if let Some(other) = other {
        other.close().await;
    }
}

pub async fn outbox_of_a_dead_process_is_published(app: Arc<TestApp>) {
    app.stop().await;
    // Committed, and then the process died: one row that was due, one that it had taken for itself.
    let store = app.store().await;
    let mut tx = store.begin().await.unwrap();
    let row = |id: &str, seconds| {
        let event = NumberReleased {
            number_id: id.into(),
            ..NumberReleased::default()
        };
        let envelope = Envelope::at("trunkline/sample", id.into(), app.clock.now(), &event);
        let due_at = (app.clock.now() + TimeDelta::seconds(seconds)).into();
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
    app.start().await;
    if app.is_distributed() {
        // Another process may have it in hand; it is believed dead when its time is up.
        app.recorder.wait_for::<NumberReleased>(1).await;
        assert_eq!(app.recorder.each::<NumberReleased>()[0].1.number_id, "due");
        app.clock.advance(TimeDelta::seconds(5));
    }
    app.outbox_is_empty().await;
    eventually("both left", async || {
        app.recorder.each::<NumberReleased>().len() == 2
    })
    .await;
}

pub async fn timer_fires_once_and_survives_a_restart(app: Arc<TestApp>) {
    app.ask("e1", "timer").await;
    let due = app.clock.now() + TimeDelta::seconds(60);
    assert_eq!(app.waiting().await, 1);
    app.stop().await;
    app.start().await;
    assert_eq!(
        (app.waiting().await, app.recorder.each::<CallSettle>().len()),
        (1, 0)
    );
    app.clock.advance(TimeDelta::seconds(60));
    let (envelope, settle) = app.recorder.wait_for::<CallSettle>(1).await.remove(0);
    assert_eq!((envelope.time, settle.call_sid.as_str()), (due, "e1"));
    app.outbox_is_empty().await;
    // The same event again sets no second timer.
    app.ask("e1", "timer").await;
    assert_eq!(app.waiting().await, 0);
    app.stop().await;
    app.start().await;
    app.ask("e2", "plain").await;
    app.recorder.wait_for::<NumberReleased>(1).await;
    assert_eq!(app.recorder.each::<CallSettle>().len(), 1);
}

pub async fn rejected_event_is_a_dead_letter_with_the_reason(app: Arc<TestApp>) {
    app.bus().publish(&app.order("e1", "never")).await.unwrap();
    let damaged = Envelope {
        data: bytes::Bytes::from_static(b"\xff"),
        ..app.order("e2", "plain")
    };
    app.bus().publish(&damaged).await.unwrap();
    eventually("both are dead", async || app.dead().await.len() == 2).await;
    let mut dead = app.dead().await;
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
    assert_eq!(app.notes().await, 0, "nothing of it happened");
    let (status, list) = app.see("/api/dead-letters/", ADMIN).await;
    assert_eq!((status, list["items"].as_array().unwrap().len()), (200, 2));
    let path = "/api/dead-letters/e1@sample.obedient/replay";
    let headers = [("X-API-Key", ADMIN)];
    assert_eq!(app.send("POST", path, &headers, None).await.0, 202);
    assert_eq!(
        app.send("POST", "/api/dead-letters/none/replay", &headers, None)
            .await
            .0,
        404
    );
    eventually("it is dead again", async || app.dead().await.len() == 2).await;
}

pub async fn fault_and_a_panic_are_tried_again(app: Arc<TestApp>) {
    for (id, word) in [("e1", "later"), ("e2", "panic")] {
        let (_, bought) = app.ask(id, word).await;
        assert_eq!(bought.number_id, id);
    }
    assert_eq!(app.notes().await, 2, "one each: what failed left nothing");
    assert!(app.dead().await.is_empty());
}

pub async fn fact_may_go_unheard(app: Arc<TestApp>) {
    app.ask("e1", "fact").await;
    app.outbox_is_empty().await;
    assert!(app.dead().await.is_empty());
}

pub async fn command_waits_for_its_consumer(app: Arc<TestApp>) {
    app.ask("e1", "command").await;
    app.ask("e2", "plain").await;
    app.recorder.wait_for::<NumberReleased>(1).await;
    // An event without a queue stays, and does not delay others.
    eventually("one stays", async || app.waiting().await == 1).await;
    // It stays over a restart, too.
    app.stop().await;
    app.start().await;
    app.recorder
        .listen_as("test.lookups", &app.bus(), &[CallLookup::TYPE])
        .await;
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(
        app.recorder.wait_for::<CallLookup>(1).await[0].1.call_sid,
        "e1"
    );
    app.outbox_is_empty().await;
}

pub async fn performer_publishes_its_outcome_before_the_command_is_done(app: Arc<TestApp>) {
    let command = NumberRelease {
        number_id: "n1".into(),
        ..NumberRelease::default()
    };
    let envelope = Envelope::at("trunkline/test", "c1".into(), app.clock.now(), &command);
    app.bus().publish(&envelope.key("K2")).await.unwrap();
    let (envelope, outcome) = app.recorder.wait_for::<CallLookup>(1).await.remove(0);
    assert_eq!(
        outcome.account_sid, "run 2",
        "the first run had no queue to publish to"
    );
    assert_eq!(
        (envelope.cause.as_deref(), envelope.key.as_deref()),
        (Some("c1"), Some("K2"))
    );
    assert_eq!(envelope.source, "trunkline/sample");
    assert!(app.dead().await.is_empty());
    assert_eq!(NumberRelease::TYPE, "number.release");
}
