//! A STOP and a text that cross: whichever is first, nothing is sent after the wish counts.

use std::sync::Arc;

use events::v1::{MessageRefused, OptOutChanged};
use testkit::{Mode, eventually};
use tokio::sync::Notify;

use crate::bench::{ACCOUNT, Bench, TO, message};
use crate::twilio::Mishap;

fn stop() -> OptOutChanged {
    OptOutChanged {
        tenant_id: "smith".to_owned(),
        customer: TO.to_owned(),
        opted_out: true,
    }
}

/// The text has left dispatch before the STOP was decided, and is told of after it.
pub async fn stop_that_is_told_before_the_text_refuses_it(bench: Arc<Bench>) {
    let earlier = bench.envelope(&message("m1"));
    bench.wish(&bench.envelope(&stop())).await;
    bench.publish(&earlier).await;
    let refused = bench.refused(1).await.remove(0);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (21610, "opted_out")
    );
    assert_eq!(bench.twilio.state().posts, 0);
}

/// The text came first, and Twilio has not taken it yet.
pub async fn stop_that_is_told_while_the_text_waits_refuses_it(bench: Arc<Bench>) {
    bench.twilio.will(vec![Mishap::Refuse(503, 0); 1_000]);
    bench.send(&message("m1")).await;
    eventually("twilio has been asked", async || {
        bench.twilio.state().posts > 0
    })
    .await;
    bench.wish(&bench.envelope(&stop())).await;
    bench.twilio.state().mishaps.clear();
    let refused = bench.refused(1).await.remove(0);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (21610, "opted_out")
    );
    assert!(bench.twilio.messages().is_empty());
}

/// The STOP is being written down just when the text is about to leave: the text waits for it.
pub async fn stop_that_is_being_decided_holds_the_text_back(bench: Arc<Bench>) {
    let store = bench.store().await;
    let mut tx = store.begin().await.unwrap();
    egress::test_support::set_opt_out(&mut tx, "smith", TO, true, bench.clock.now())
        .await
        .unwrap();
    bench.send(&message("m1")).await;
    // On SQLite the ledger waits too: there is one writer at a time.
    if bench.mode() == Mode::Distributed {
        let text = "/api/effects/?limit=1";
        eventually("the text is in the ledger", async || {
            let (_, page) = bench.call("GET", text, testkit::ADMIN, None).await;
            page["items"][0]["state"] == "started"
        })
        .await;
    }
    assert!(bench.heard::<MessageRefused>().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(bench.refused(1).await[0].reason, "opted_out");
    assert_eq!(bench.twilio.state().posts, 0);
}

/// The request has left when the STOP is told: that text counts as sent, and the next does not leave.
pub async fn stop_that_is_told_after_the_request_left_refuses_the_next(bench: Arc<Bench>) {
    let answered = Arc::new(Notify::new());
    bench.twilio.state().hanging = Some((ACCOUNT.to_owned(), answered.clone()));
    bench.send(&message("m1")).await;
    eventually("the request is under way", async || {
        bench.twilio.state().waiting > 0
    })
    .await;
    bench.wish(&bench.envelope(&stop())).await;
    bench.send(&message("m2")).await;
    assert_eq!(bench.refused(1).await[0].message_id, "m2");
    bench.twilio.state().hanging = None;
    answered.notify_waiters();
    assert_eq!(bench.sent(1).await[0].message_id, "m1");
    assert_eq!(bench.twilio.messages().len(), 1);
}
