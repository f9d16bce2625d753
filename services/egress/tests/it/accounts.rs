//! Accounts: their tokens, their slots, and whether they may.

use std::sync::Arc;

use clock::Clock;
use events::v1::directory::Entry;
use events::v1::{
    CallLookedUp, CallLookup, CallRefused, Directory, DirectoryQuery, MessageRefused, MessageSend,
};
use events::{Envelope, Event};
use testkit::{ADMIN, EventRecorder, eventually};
use tokio::sync::Notify;

use crate::bench::{ACCOUNT, Bench, FROM, call, message};

/// Where two tokens are known, the second is tried when the first is refused, and first from then on.
pub async fn second_token_is_tried_and_remembered(bench: Arc<Bench>) {
    bench.twilio.state().token = Some("2".repeat(32));
    for id in ["m1", "m2"] {
        bench.send(&message(id)).await;
    }
    bench.sent(2).await;
    assert_eq!(bench.twilio.messages().len(), 2);
    let (status, ready) = bench.call("GET", "/health/ready", ADMIN, None).await;
    assert_eq!((status, ready["status"].as_str()), (200, Some("degraded")));
    let words = ready["parts"]["egress.credentials"].as_str().unwrap();
    assert!(
        words.contains(ACCOUNT) && words.contains("second"),
        "{words}"
    );
    // The old one is taken again.
    bench.twilio.state().token = Some("1".repeat(32));
    bench.send(&message("m3")).await;
    bench.sent(3).await;
    let (_, ready) = bench.call("GET", "/health/ready", ADMIN, None).await;
    assert_eq!(ready["parts"]["egress.credentials"], "ok");
}

/// Twilio refuses to tell of a call: the requester is told so, in place of nothing.
pub async fn lookup_that_is_refused_is_told(bench: Arc<Bench>) {
    bench.twilio.state().token = Some("3".repeat(32));
    let command = CallLookup {
        call_sid: "CA1".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        tenant: None,
    };
    bench.publish(&bench.envelope(&command)).await;
    let told = bench.wait_for::<CallLookedUp>(1).await.remove(0);
    assert_eq!((told.found, told.code), (false, 20003));
}

/// One account's requests are not answered: another's go out, however many wait.
pub async fn account_that_hangs_delays_no_other(bench: Arc<Bench>) {
    let other = "AC00000000000000000000000000000002";
    bench.know(other).await;
    let answered = Arc::new(Notify::new());
    bench.twilio.state().hanging = Some((other.to_owned(), answered.clone()));
    for n in 0..60 {
        let hanging = MessageSend {
            account_sid: other.to_owned(),
            tenant_id: "jones".to_owned(),
            to: format!("+155501{n:05}"),
            ..message(&format!("h{n}"))
        };
        bench.send(&hanging).await;
    }
    bench.send(&message("m1")).await;
    assert_eq!(bench.sent(1).await[0].message_id, "m1");
    bench.twilio.state().hanging = None;
    eventually("the others follow", async || {
        answered.notify_waiters();
        bench.heard::<events::v1::MessageSent>().len() == 61
    })
    .await;
}

/// Nothing is sent from, and no call placed from, a number that is suspended.
pub async fn suspended_number_sends_and_calls_nobody(bench: Arc<Bench>) {
    let suspended = Entry {
        number: FROM.to_owned(),
        tenant_id: "smith".to_owned(),
        suspended: true,
        ..Entry::default()
    };
    bench
        .directory(Directory {
            entries: vec![suspended],
            ..Directory::default()
        })
        .await;
    bench.send(&message("m1")).await;
    bench.place(&call("p1")).await;
    let refused = bench.wait_for::<MessageRefused>(1).await.remove(0);
    assert_eq!(refused.reason, "suspended");
    let refused = bench.wait_for::<CallRefused>(1).await.remove(0);
    assert_eq!(refused.reason, "suspended");
    assert_eq!(bench.twilio.state().posts, 0);
}

impl Bench {
    /// Answers what tenants would, and waits until it is known.
    pub async fn directory(&self, directory: Directory) {
        Arc::new(EventRecorder::default())
            .listen_and_answer(
                "test.tenants",
                &self.bus(),
                &[DirectoryQuery::TYPE],
                move |_| {
                    Some(Envelope::new(
                        "trunkline/test",
                        &Clock::system(),
                        &directory,
                    ))
                },
            )
            .await;
        let known = self.parts().directory;
        eventually("the directory is loaded", async || known.is_loaded()).await;
    }

    /// An account of jones's.
    pub async fn know(&self, sid: &str) {
        let account = events::v1::directory::Account {
            account_sid: sid.to_owned(),
            tenant_id: "jones".to_owned(),
            sealed_tokens: vec![self.parts().sealer.seal(&"4".repeat(32)).unwrap()],
        };
        self.directory(Directory {
            accounts: vec![account],
            ..Directory::default()
        })
        .await;
    }
}
