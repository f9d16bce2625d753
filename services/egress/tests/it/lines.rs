//! Lines: many commands of a tenant wait for their pace, and nobody else waits with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::Envelope;
use events::v1::{CallPlace, MessageSend};
use testkit::{Mode, eventually};

use crate::bench::{ACCOUNT, Bench, FAST, FROM, call, in_lines, message};

/// Another business's number.
const OTHER: &str = "+15550100002";
const OTHERS_CUSTOMER: &str = "+15550108888";
/// Texts of one thread.
const THREAD: usize = 4;
/// More than a process has in hand.
const TEXTS: usize = 2_000;
const CALLS: usize = 1_400;

/// `TRUNKLINE_TEST_TEXTS` is another number of texts.
fn texts() -> usize {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    let set = std::env::var("TRUNKLINE_TEST_TEXTS").ok();
    set.and_then(|set| set.parse().ok()).unwrap_or(TEXTS)
}

/// The `n`-th of many: of each thread four, one after the other.
fn text(n: usize) -> MessageSend {
    let (thread, nth) = (n / THREAD, n % THREAD);
    MessageSend {
        body: format!("{thread} {nth}"),
        to: format!("+1555{:07}", 3_000_000 + thread),
        conversation_id: format!("conv{thread}"),
        after: match nth {
            0 => String::new(),
            _ => format!("m{}", n - 1),
        },
        purpose: "reply".to_owned(),
        ..message(&format!("m{n}"))
    }
}

/// Publishes all: what a busy broker does not confirm in time, once more.
async fn publish(bench: &Bench, all: &[Envelope]) {
    let mut left = all.to_vec();
    while !left.is_empty() {
        let published = bench.bus().publish_all(&left).await;
        let refused = left.into_iter().zip(published);
        let refused = refused.filter(|(_, published)| published.is_err());
        left = refused.map(|(envelope, _)| envelope).collect();
    }
}

/// Waits until so many have left, however long that takes, as long as one follows the other.
async fn all_leave(count: usize, left: impl Fn() -> usize) {
    let mut last = left();
    while last < count {
        eventually("the next one leaves", async || left() > last).await;
        last = left();
    }
}

/// Thousands of texts wait for the pace of their number. Another business's text leaves at once, also from the same
/// account; in the end each has left once, and those of a thread in their order.
pub async fn texts_that_wait_for_their_pace_keep_no_other_waiting(bench: Arc<Bench>) {
    let count = texts();
    let all: Vec<_> = (0..count).map(|n| bench.envelope(&text(n))).collect();
    publish(&bench, &all).await;
    let other = MessageSend {
        tenant_id: "jones".to_owned(),
        from: OTHER.to_owned(),
        to: OTHERS_CUSTOMER.to_owned(),
        conversation_id: "other".to_owned(),
        ..message("other")
    };
    bench.send(&other).await;
    let from = |number: &str| {
        let state = bench.twilio.state();
        let sent = state.messages.iter();
        sent.filter(|it| it.form["From"] == number).count()
    };
    eventually("the other's text leaves", async || from(OTHER) == 1).await;
    assert!(from(FROM) <= 1, "it did not wait for the pace of the many");

    // Some come once more while they wait, and the process ends while all do.
    publish(&bench, &all[count / 2..count / 2 + 20]).await;
    let store = bench.store().await;
    eventually("all stand in their line", async || {
        in_lines(&store).await > 0
            && bench
                .bus()
                .depths()
                .await
                .unwrap()
                .iter()
                .all(|it| it.ready == 0)
    })
    .await;
    assert!(from(FROM) <= 1);
    drop(store);
    bench.keep_pace(FAST);
    bench.restart().await;
    // A second process, where there may be one.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    all_leave(count, || from(FROM)).await;
    bench.nothing_waits().await;
    assert_eq!(from(FROM), count, "each once");
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for sent in bench.twilio.messages() {
        let Some((thread, nth)) = sent.form["Body"].split_once(' ') else {
            continue;
        };
        if sent.form["From"] == FROM {
            let thread = threads.entry(thread.to_owned()).or_default();
            thread.push(nth.to_owned());
        }
    }
    assert_eq!(threads.len(), count.div_ceil(THREAD));
    for (thread, texts) in threads {
        assert!(texts.is_sorted(), "{thread}: {texts:?}");
    }
}

/// The same of calls, which go at the pace of their account.
pub async fn calls_that_wait_for_their_pace_keep_no_other_waiting(bench: Arc<Bench>) {
    let account = "AC00000000000000000000000000000002";
    bench.know(account).await;
    let many = (0..CALLS).map(|n| CallPlace {
        to: format!("+1555{:07}", 3_000_000 + n),
        account_sid: ACCOUNT.to_owned(),
        ..call(&format!("p{n}"))
    });
    let many: Vec<_> = many.map(|it| bench.envelope(&it)).collect();
    publish(&bench, &many).await;
    let other = CallPlace {
        tenant_id: "jones".to_owned(),
        account_sid: account.to_owned(),
        from: OTHER.to_owned(),
        to: OTHERS_CUSTOMER.to_owned(),
        ..call("other")
    };
    bench.place(&other).await;
    let from = |number: &str| {
        let state = bench.twilio.state();
        let placed = state.placed.iter();
        placed.filter(|it| it.form["From"] == number).count()
    };
    eventually("the other's call is placed", async || from(OTHER) == 1).await;
    assert!(from(FROM) <= 1, "it did not wait for the pace of the many");
    bench.keep_pace(FAST);
    bench.restart().await;
    all_leave(CALLS, || from(FROM)).await;
    bench.nothing_waits().await;
    assert_eq!(from(FROM), CALLS, "each once");
}
