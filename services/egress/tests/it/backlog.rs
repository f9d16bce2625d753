//! The backlog: many commands of a tenant wait for their pace, and no other line waits for them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::Timelike;
use events::Envelope;
use events::v1::{CallPlace, MessageSend, PersonForget, PersonForgotten, QuietHours};
use testkit::{Mode, eventually};

use crate::bench::{ACCOUNT, Bench, FAST, FROM, TO, backlog_len, call, message};

/// Another business's number.
const OTHER: &str = "+15550100002";
const OTHERS_CUSTOMER: &str = "+15550108888";
/// Texts of one thread.
const THREAD: usize = 4;
/// More than a process holds.
const TEXTS: usize = 1_400;
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
pub async fn texts_over_their_pace_delay_no_other_tenant(bench: Arc<Bench>) {
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
    eventually("all are enqueued", async || {
        backlog_len(&store, "1 = 1").await > 0
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
    bench.set_pace(FAST);
    bench.restart().await;
    // A second process, where there may be one.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    all_leave(count, || from(FROM)).await;
    bench.drained().await;
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
pub async fn calls_over_their_pace_delay_no_other_account(bench: Arc<Bench>) {
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
    bench.set_pace(FAST);
    bench.restart().await;
    all_leave(CALLS, || from(FROM)).await;
    bench.drained().await;
    assert_eq!(from(FROM), CALLS, "each once");
}

/// More than are in flight of one line: those behind them wait in the backlog.
const FILL: usize = 100;
const THEIRS: &str = "id LIKE 'theirs%'";
const KEPT: &str = "id = 'kept' AND NOT let_in";

/// The texts and calls to the person that wait are removed. Other persons' and another tenant's are kept.
pub async fn forgotten_person_is_removed_from_the_backlog(bench: Arc<Bench>) {
    let to = |n: usize| format!("+1555{:07}", 3_000_000 + n);
    let texts = (0..FILL).map(|n| MessageSend {
        to: to(n),
        conversation_id: format!("conv{n}"),
        ..message(&format!("m{n}"))
    });
    let calls = (0..FILL).map(|n| CallPlace {
        to: to(n),
        ..call(&format!("p{n}"))
    });
    // It is quiet now, whatever the time is.
    let minute = bench.clock.now().hour() * 60 + bench.clock.now().minute();
    let of_another_tenant = MessageSend {
        tenant_id: "jones".to_owned(),
        from: OTHER.to_owned(),
        quiet_hours: Some(QuietHours {
            from_minute: (minute + 1440 - 60) % 1440,
            to_minute: (minute + 60) % 1440,
        }),
        timezone: "UTC".to_owned(),
        conversation_id: "other".to_owned(),
        ..message("kept")
    };
    let mut all: Vec<_> = texts.map(|it| bench.envelope(&it)).collect();
    all.extend(calls.map(|it| bench.envelope(&it)));
    publish(&bench, &all).await;
    let store = bench.store().await;
    eventually("both lines are at their limits", async || {
        backlog_len(&store, "id LIKE 'm%' AND let_in").await > 0
            && backlog_len(&store, "id LIKE 'p%' AND let_in").await > 0
    })
    .await;
    bench.send(&message("theirs1")).await;
    bench.send(&message("theirs2")).await;
    bench.place(&call("theirs3")).await;
    bench.send(&of_another_tenant).await;
    eventually("theirs wait in the backlog", async || {
        backlog_len(&store, THEIRS).await == 3 && backlog_len(&store, KEPT).await == 1
    })
    .await;

    let forget = PersonForget {
        receipt_id: "r1".to_owned(),
        tenant_id: "smith".to_owned(),
        number: TO.to_owned(),
        ..PersonForget::default()
    };
    bench.publish(&bench.envelope(&forget)).await;
    let forgotten = bench.wait_for::<PersonForgotten>(1).await.remove(0);
    let counts = forgotten.counts.iter();
    let counts: Vec<_> = counts.map(|it| (it.what.as_str(), it.count)).collect();
    assert_eq!(counts, [("waiting_texts", 2), ("waiting_calls", 1)]);
    assert_eq!(backlog_len(&store, THEIRS).await, 0);
    assert_eq!(backlog_len(&store, KEPT).await, 1);

    drop(store);
    bench.set_pace(FAST);
    bench.restart().await;
    all_leave(FILL, || bench.twilio.messages().len()).await;
    all_leave(FILL, || bench.twilio.state().placed.len()).await;
    let store = bench.store().await;
    eventually("all others are done", async || {
        backlog_len(&store, "1 = 1").await == 1
    })
    .await;
    let state = bench.twilio.state();
    let sent = state.messages.iter().map(|it| &it.form["To"]);
    let placed = state.placed.iter().map(|it| &it.form["To"]);
    assert_eq!(sent.chain(placed).filter(|to| *to == TO).count(), 0);
    assert_eq!((state.messages.len(), state.placed.len()), (FILL, FILL));
}
