//! Messages: once, whatever happens.

use std::sync::Arc;

use chrono::{Duration, SecondsFormat, Timelike};
use events::v1::{MessageRefused, MessageSend, MessageSent, OptOutChanged, QuietHours};
use store::on;
use testkit::{Mode, eventually};
use tokio::sync::Notify;

use crate::bench::{ACCOUNT, Bench, FROM, LAG, TO, message};
use crate::twilio::Mishap;

pub async fn message_is_sent_once_and_told(bench: Arc<Bench>) {
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    let messages = bench.twilio.messages();
    assert_eq!(messages.len(), 1);
    assert_eq!(sent.message_sid, messages[0].sid);
    assert_eq!(
        (
            sent.message_id.as_str(),
            sent.status.as_str(),
            sent.segments
        ),
        ("m1", "queued", 1)
    );
    assert_eq!(
        (sent.conversation_id.as_str(), sent.purpose.as_str()),
        ("conv1", "text_back")
    );
    assert!(!sent.reconciled);
    let form = &messages[0].form;
    assert_eq!((form["From"].as_str(), form["To"].as_str()), (FROM, TO));
    assert_eq!(
        form["StatusCallback"],
        "https://trunkline.example/webhooks/twilio/sms/status?message_id=m1"
    );
}

pub async fn command_that_comes_ten_times_is_one_message(bench: Arc<Bench>) {
    // A second process, where there may be one.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    let command = bench.envelope(&message("m1"));
    for _ in 0..9 {
        bench.publish(&command).await;
    }
    // And once by another event.
    bench.send(&message("m1")).await;
    bench.sent(1).await;
    bench.all_handled().await;
    let sent = bench.heard::<MessageSent>();
    assert!(
        sent.iter().all(|s| *s == sent[0]),
        "the same outcome each time"
    );
    assert_eq!(bench.ids::<MessageSent>().len(), 1);
    assert_eq!(bench.twilio.messages().len(), 1);
}

pub async fn lost_answer_is_found_again(bench: Arc<Bench>) {
    bench.twilio.will([Mishap::LoseAnswer]);
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(sent.reconciled);
    bench.twilio.will([Mishap::Fail(503)]);
    bench.send(&message("m2")).await;
    let later = bench.sent(2).await.remove(1);
    assert!(later.reconciled);
    assert_ne!(later.message_sid, sent.message_sid);
    assert_eq!(bench.twilio.messages().len(), 2);
    assert_eq!(bench.twilio.state().posts, 2);
}

pub async fn message_that_the_list_does_not_show_yet_is_not_sent_twice(bench: Arc<Bench>) {
    bench.twilio.state().lag = LAG;
    bench.twilio.will([Mishap::LoseAnswer]);
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(sent.reconciled);
    assert_eq!(bench.twilio.messages().len(), 1);
}

/// Leaves a row as a process leaves it that dies between the ledger and the request.
async fn die_in(bench: &Bench, id: &str, seconds_ago: i64) {
    let started = bench.clock.now() - Duration::seconds(seconds_ago);
    let lease = (started + Duration::seconds(1)).to_rfc3339_opts(SecondsFormat::Micros, true);
    let started = started.to_rfc3339_opts(SecondsFormat::Micros, true);
    let row = format!(
        "INSERT INTO effects (kind, id, entry, cause, tenant_id, account_sid, fingerprint, sender, recipient, state, \
         attempts, asked, reconciled, code, started_at, lease_until) VALUES ('message.send', '{id}', '0{id}', 'c', \
         'smith', 'AC', 'f', '', '', 'started', 1, FALSE, FALSE, 0, '{started}', '{lease}')"
    );
    let store = bench.store().await;
    let mut tx = store.begin().await.unwrap();
    on!(&mut tx, c => diesel::sql_query(&row).execute(c).await).unwrap();
    tx.commit().await.unwrap();
}

pub async fn crash_before_the_request_is_made_good(bench: Arc<Bench>) {
    die_in(&bench, "m1", 5).await;
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(!sent.reconciled);
    assert_eq!(bench.twilio.messages().len(), 1);

    // One that has died just now is not taken over before its lease is out.
    die_in(&bench, "m2", 0).await;
    bench.send(&message("m2")).await;
    bench.sent(2).await;
    assert_eq!(bench.twilio.messages().len(), 2);
}

pub async fn crash_after_the_request_is_found(bench: Arc<Bench>) {
    die_in(&bench, "m1", 5).await;
    let sid = bench.twilio.has_sent(FROM, TO, &message("m1").body);
    // Another sender's text is not ours.
    bench.twilio.has_sent(FROM, TO, "Another text");
    bench.restart().await;
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(sent.reconciled);
    assert_eq!(sent.message_sid, sid);
    assert_eq!(bench.twilio.state().posts, 0);
}

pub async fn identical_texts_are_different_messages(bench: Arc<Bench>) {
    for id in ["m1", "m2", "m3"] {
        bench.send(&message(id)).await;
    }
    let sent = bench.sent(3).await;
    let mut sids: Vec<_> = sent.iter().map(|s| s.message_sid.clone()).collect();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 3);
    assert_eq!(bench.twilio.messages().len(), 3);
}

pub async fn identical_texts_with_lost_answers_are_not_confused(bench: Arc<Bench>) {
    bench.twilio.will([
        Mishap::LoseAnswer,
        Mishap::Fail(500),
        Mishap::Drop,
        Mishap::LoseAnswer,
    ]);
    for id in ["m1", "m2", "m3", "m4"] {
        bench.send(&message(id)).await;
    }
    let sent = bench.sent(4).await;
    let mut sids: Vec<_> = sent.iter().map(|s| s.message_sid.clone()).collect();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 4, "each has its own");
    assert_eq!(bench.twilio.messages().len(), 4);
}

pub async fn what_twilio_did_not_process_is_tried_again(bench: Arc<Bench>) {
    bench.twilio.will([
        Mishap::Refuse(429, 20429),
        Mishap::Refuse(503, 0),
        Mishap::Drop,
        Mishap::Refuse(429, 20429),
    ]);
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(!sent.reconciled);
    assert_eq!(bench.twilio.messages().len(), 1);
    assert_eq!(bench.twilio.state().posts, 5);
}

pub async fn unsubscribed_customer_is_left_alone(bench: Arc<Bench>) {
    bench.twilio.state().opted_out.push(TO.to_owned());
    bench.send(&message("m1")).await;
    let refused = bench.refused(1).await.remove(0);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (21610, "opted_out")
    );
    let changed = bench.wait_for::<OptOutChanged>(1).await.remove(0);
    assert!(changed.opted_out && changed.customer == TO && changed.tenant_id == "smith");

    bench.send(&message("m1")).await;
    bench.refused(2).await;
    bench.send(&message("m2")).await;
    let refused = bench.refused(3).await.remove(2);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (21610, "opted_out")
    );
    assert_eq!(bench.twilio.state().posts, 1, "twilio was asked once");
    assert_eq!(bench.ids::<MessageRefused>().len(), 2);
    assert_eq!(bench.ids::<OptOutChanged>().len(), 1);
}

pub async fn another_refusal_is_final(bench: Arc<Bench>) {
    bench.twilio.will([Mishap::Refuse(400, 21614)]);
    bench.send(&message("m1")).await;
    let refused = bench.refused(1).await.remove(0);
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (21614, "refused_by_twilio")
    );
    assert_eq!(refused.to, TO);
    bench.send(&message("m1")).await;
    let again = bench.refused(2).await.remove(1);
    assert_eq!(again, refused);
    assert_eq!(bench.twilio.state().posts, 1);
}

pub async fn wrong_credentials_are_not_a_refusal(bench: Arc<Bench>) {
    bench
        .twilio
        .will([Mishap::Refuse(401, 20003), Mishap::Refuse(401, 20003)]);
    bench.send(&message("m1")).await;
    bench.sent(1).await;
    assert!(bench.heard::<MessageRefused>().is_empty());
}

pub async fn our_own_rules_come_first(bench: Arc<Bench>) {
    let mut other = message("m1");
    other.to = "+15550108888".to_owned();
    let mut late = message("m2");
    late.expires_at = "2020-01-01T00:00:00Z".to_owned();
    let mut odd = message("m3");
    odd.to = "whatsapp:+15550109999".to_owned();
    let mut hidden = message("m4");
    hidden.to = "+266696687".to_owned();
    for (message, reason) in [
        (other, "not_whitelisted"),
        (late, "expired"),
        (odd, "invalid_address"),
        (hidden, "invalid_address"),
    ] {
        let count = bench.heard::<MessageRefused>().len() + 1;
        bench.send(&message).await;
        let refused = bench.refused(count).await.remove(count - 1);
        assert_eq!((refused.code, refused.reason.as_str()), (0, reason));
        assert_eq!(refused.message_id, message.message_id);
    }
    let mut in_time = message("m5");
    in_time.expires_at = "2999-01-01T00:00:00Z".to_owned();
    bench.send(&in_time).await;
    bench.sent(1).await;
    assert_eq!(bench.twilio.state().posts, 1);
}

pub async fn opting_in_again_counts(bench: Arc<Bench>) {
    let change = |opted_out, at: i64| {
        let changed = OptOutChanged {
            tenant_id: "smith".to_owned(),
            customer: TO.to_owned(),
            opted_out,
        };
        let mut envelope = bench.envelope(&changed);
        envelope.time -= Duration::seconds(at);
        envelope
    };
    bench.wish(&change(true, 20)).await;
    bench.send(&message("m1")).await;
    assert_eq!(bench.refused(1).await[0].reason, "opted_out");

    bench.wish(&change(false, 10)).await;
    // An old one that comes late changes nothing.
    bench.wish(&change(true, 15)).await;
    bench.send(&message("m2")).await;
    bench.sent(1).await;

    // Another tenant's customer is another matter.
    bench.wish(&change(true, 0)).await;
    let mut theirs = message("m3");
    theirs.tenant_id = "jones".to_owned();
    bench.send(&theirs).await;
    bench.sent(2).await;
}

/// Texts of a conversation leave one after the other, as they came; another conversation's does not wait for them.
pub async fn texts_of_a_conversation_leave_in_order_one_at_a_time(bench: Arc<Bench>) {
    let answered = Arc::new(Notify::new());
    bench.twilio.state().hanging = Some((ACCOUNT.to_owned(), answered.clone()));
    for n in 1..=3 {
        // As dispatch sends them: two that come at once may be taken the other way round.
        let (id, before) = (format!("m{n}"), n - 1);
        let text = MessageSend {
            body: format!("text {n}"),
            after: match before {
                0 => String::new(),
                _ => format!("m{before}"),
            },
            ..message(&id)
        };
        bench.send(&text).await;
        if n == 1 {
            eventually("the first is asked of Twilio", async || {
                bench.twilio.state().waiting == 1
            })
            .await;
        }
    }
    let other = MessageSend {
        conversation_id: "conv2".to_owned(),
        to: "+15550109998".to_owned(),
        ..message("other")
    };
    bench.send(&other).await;
    eventually("another conversation's is asked too", async || {
        bench.twilio.state().waiting == 2
    })
    .await;
    bench.twilio.state().hanging = None;
    eventually("all follow", async || {
        answered.notify_waiters();
        bench.heard::<MessageSent>().len() == 4
    })
    .await;
    let messages = bench.twilio.messages().into_iter();
    let bodies: Vec<String> = messages.map(|it| it.form["Body"].clone()).collect();
    let of_first: Vec<&String> = bodies.iter().filter(|it| it.starts_with("text")).collect();
    assert_eq!(of_first, ["text 1", "text 2", "text 3"]);
}

/// Whichever process has them: a text that names the one before it waits until that one has left, and not for ever.
pub async fn text_that_comes_before_its_predecessor_waits_for_it(bench: Arc<Bench>) {
    let second = MessageSend {
        body: "second".to_owned(),
        after: "m1".to_owned(),
        ..message("m2")
    };
    bench.send(&second).await;
    let mut old = bench.envelope(&MessageSend {
        conversation_id: "conv2".to_owned(),
        to: "+15550109998".to_owned(),
        body: "old".to_owned(),
        after: "never".to_owned(),
        ..message("m3")
    });
    old.time -= Duration::minutes(2);
    bench.publish(&old).await;
    bench.sent(1).await;
    assert_eq!(bench.twilio.messages()[0].form["Body"], "old");
    bench.send(&message("m1")).await;
    bench.sent(3).await;
    let messages = bench.twilio.messages().into_iter();
    let ids: Vec<String> = messages.map(|it| it.form["Body"].clone()).collect();
    assert_eq!(ids, ["old", "Sorry we missed your call.", "second"]);
}

/// It is always quiet where the customer is: what answers leaves, what answers nothing waits, and expires by its own time.
pub async fn unprompted_text_waits_for_the_end_of_quiet_hours(bench: Arc<Bench>) {
    let now = bench.clock.now();
    // New York's hour, and an hour around it.
    let local = now.with_timezone(&chrono_tz::America::New_York);
    let minute = local.hour() * 60 + local.minute();
    let quiet = MessageSend {
        to: "+12125550123".to_owned(),
        quiet_hours: Some(QuietHours {
            from_minute: (minute + 1440 - 60) % 1440,
            to_minute: (minute + 60) % 1440,
        }),
        timezone: "Pacific/Auckland".to_owned(),
        ..message("waits")
    };
    bench.send(&quiet).await;
    let answer = MessageSend {
        message_id: "answers".to_owned(),
        conversation_id: "conv2".to_owned(),
        answers_until: (now + Duration::hours(1)).to_rfc3339(),
        ..quiet.clone()
    };
    bench.send(&answer).await;
    let late = MessageSend {
        message_id: "late".to_owned(),
        conversation_id: "conv3".to_owned(),
        answers_until: (now - Duration::hours(1)).to_rfc3339(),
        expires_at: (now - Duration::seconds(1)).to_rfc3339(),
        ..quiet
    };
    bench.send(&late).await;
    assert_eq!(bench.sent(1).await[0].message_id, "answers");
    let refused = bench.wait_for::<MessageRefused>(1).await.remove(0);
    assert_eq!(
        (refused.message_id.as_str(), refused.reason.as_str()),
        ("late", "expired")
    );
    assert_eq!(bench.twilio.messages().len(), 1);
}
