//! Calls: placed once, whatever happens.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{Duration, SecondsFormat};
use events::v1::{CallPlace, CallPlaced, CallRefused, OptOutChanged};
use store::on;
use testkit::Mode;

use crate::bench::{Bench, FROM, LAG, TO, call, message};
use crate::twilio::Mishap;

pub fn between(from: &str, to: &str) -> HashMap<String, String> {
    [("From", from), ("To", to)]
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .into()
}

pub async fn call_is_placed_once_and_told(bench: Arc<Bench>) {
    bench.place(&call("p1")).await;
    let placed = bench.placed(1).await.remove(0);
    let calls = bench.twilio.state().placed.clone();
    assert_eq!(calls.len(), 1);
    let told = CallPlaced {
        place_id: "p1".into(),
        tenant_id: "smith".into(),
        interview_id: "i1".into(),
        call_sid: calls[0].sid.clone(),
        status: "queued".into(),
        reconciled: false,
    };
    assert_eq!(placed, told);
    let form = |name: &str| calls[0].form.get(name).map(String::as_str);
    assert_eq!((form("From"), form("To")), (Some(FROM), Some(TO)));
    assert_eq!(
        form("Url"),
        Some("https://trunkline.example/api/webhooks/call/?interview_id=i1")
    );
    assert_eq!(form("Method"), Some("POST"));
    assert_eq!(
        form("StatusCallback"),
        Some(
            "https://trunkline.example/api/webhooks/call-status/?interview_id=i1#rc=3&rp=5xx,ct,rt"
        ),
        "Twilio is told to repeat what fails"
    );
    assert_eq!(
        form("StatusCallbackEvent"),
        Some("initiated ringing answered completed")
    );
    for unsaid in ["Timeout", "TimeLimit", "MachineDetection"] {
        assert_eq!(form(unsaid), None, "Twilio's default");
    }

    let mut wish = call("p2");
    (wish.ring_s, wish.time_limit_s) = (25, 600);
    wish.machine_detection = "DetectMessageEnd".to_owned();
    wish.status_callback = "https://other.example/#rc=1".to_owned();
    bench.place(&wish).await;
    bench.placed(2).await;
    let form = bench.twilio.state().placed[1].form.clone();
    let form = |name: &str| form.get(name).map(String::as_str);
    assert_eq!(
        (form("Timeout"), form("TimeLimit"), form("MachineDetection")),
        (Some("25"), Some("600"), Some("DetectMessageEnd"))
    );
    assert_eq!(form("StatusCallback"), Some("https://other.example/#rc=1"));

    let ledger = bench.get("/api/effects/").await.to_string();
    assert!(ledger.contains("call.place") && ledger.contains("+1•••••9999"));
    assert!(!ledger.contains(TO) && !ledger.contains(FROM));
}

pub async fn command_that_comes_fifty_times_is_one_call(bench: Arc<Bench>) {
    // A second process, where there may be one.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    bench.twilio.will([Mishap::Fail(500), Mishap::LoseAnswer]);
    let command = bench.envelope(&call("p1"));
    for n in 0..50 {
        if n % 10 == 0 {
            // And now and then by another event.
            bench.place(&call("p1")).await;
        } else {
            bench.publish(&command).await;
        }
    }
    bench.placed(1).await;
    bench.all_handled().await;
    let placed = bench.heard::<CallPlaced>();
    assert!(
        placed.iter().all(|p| *p == placed[0]),
        "the same outcome each time"
    );
    assert_eq!(bench.ids::<CallPlaced>().len(), 1);
    assert_eq!(bench.twilio.state().placed.len(), 1);
}

pub async fn call_whose_answer_was_lost_is_found_again(bench: Arc<Bench>) {
    bench.twilio.state().lag = LAG;
    // Not ours: one came in, and one went to another callee.
    bench.twilio.state().place(between(FROM, TO)).direction = "inbound";
    bench.twilio.state().place(between(FROM, "+15550108888"));
    bench.twilio.will([Mishap::LoseAnswer]);
    bench.place(&call("p1")).await;
    let placed = bench.placed(1).await.remove(0);
    assert!(placed.reconciled);
    assert_eq!(placed.call_sid, bench.twilio.state().placed[2].sid);

    // The same two once more: what the first one made is the first one's.
    bench.twilio.will([Mishap::Fail(503)]);
    bench.place(&call("p2")).await;
    let later = bench.placed(2).await.remove(1);
    assert!(later.reconciled);
    assert_eq!(later.call_sid, bench.twilio.state().placed[3].sid);
    assert_eq!(bench.twilio.state().placed.len(), 4);
    assert_eq!(bench.twilio.state().posts, 2);
}

pub async fn calls_between_the_same_two_are_not_confused(bench: Arc<Bench>) {
    bench.twilio.will([
        Mishap::LoseAnswer,
        Mishap::Drop,
        Mishap::Fail(500),
        Mishap::LoseAnswer,
    ]);
    for id in ["p1", "p2", "p3"] {
        bench.place(&call(id)).await;
    }
    let placed = bench.placed(3).await;
    let mut sids: Vec<_> = placed.iter().map(|p| p.call_sid.clone()).collect();
    sids.sort();
    sids.dedup();
    assert_eq!(sids.len(), 3, "each has its own");
    assert_eq!(bench.twilio.state().placed.len(), 3);
}

/// Leaves a row as a process leaves it that dies between the ledger and the answer.
async fn die_in(bench: &Bench, id: &str) {
    let started = bench.clock.now() - Duration::seconds(5);
    let lease = (started + Duration::seconds(1)).to_rfc3339_opts(SecondsFormat::Micros, true);
    let started = started.to_rfc3339_opts(SecondsFormat::Micros, true);
    let row = format!(
        "INSERT INTO effects (kind, id, entry, cause, tenant_id, account_sid, fingerprint, sender, recipient, state, \
         attempts, asked, reconciled, code, started_at, lease_until) VALUES ('call.place', '{id}', '0{id}', 'c', \
         'smith', 'AC', '{id}', '', '', 'started', 1, FALSE, FALSE, 0, '{started}', '{lease}')"
    );
    let store = bench.store().await;
    let mut tx = store.begin().await.unwrap();
    on!(&mut tx, c => diesel::sql_query(&row).execute(c).await).unwrap();
    tx.commit().await.unwrap();
}

pub async fn crash_while_calling_is_made_good(bench: Arc<Bench>) {
    die_in(&bench, "p1").await;
    die_in(&bench, "p2").await;
    let mut other = call("p2");
    other.to = "+15550108888".to_owned();
    let sid = bench.twilio.state().place(between(FROM, TO)).sid.clone();
    bench.restart().await;
    bench.place(&call("p1")).await;
    let found = bench.placed(1).await.remove(0);
    assert!(found.reconciled);
    assert_eq!(found.call_sid, sid, "it had been placed");
    bench.place(&other).await;
    let made = bench.placed(2).await.remove(1);
    assert!(!made.reconciled, "it had not");
    assert_eq!(bench.twilio.state().posts, 1);
}

pub async fn what_twilio_did_not_take_is_tried_again(bench: Arc<Bench>) {
    bench.twilio.will([
        Mishap::Refuse(429, 20429),
        Mishap::Refuse(503, 0),
        Mishap::Drop,
        // As many calls as the account may have.
        Mishap::Refuse(400, 10004),
        Mishap::Refuse(401, 20003),
    ]);
    bench.place(&call("p1")).await;
    assert!(!bench.placed(1).await[0].reconciled);
    assert_eq!(bench.twilio.state().placed.len(), 1);
    assert_eq!(bench.twilio.state().posts, 6);
}

pub async fn refused_call_is_not_tried_again(bench: Arc<Bench>) {
    for (n, code) in [21211, 21214, 21215, 13224].into_iter().enumerate() {
        let command = call(&format!("p{code}"));
        bench.twilio.will([Mishap::Refuse(400, code)]);
        bench.place(&command).await;
        let refused = bench.not_placed(2 * n + 1).await.remove(2 * n);
        assert_eq!(
            (refused.code, refused.reason.as_str()),
            (code, "refused_by_twilio")
        );
        assert_eq!(
            (refused.place_id, refused.interview_id.as_str()),
            (command.place_id.clone(), "i1")
        );
        bench.place(&command).await;
        bench.not_placed(2 * n + 2).await;
    }
    assert_eq!(bench.twilio.state().posts, 4);
    assert_eq!(bench.ids::<CallRefused>().len(), 4);
}

pub async fn whom_we_may_not_call_is_not_called(bench: Arc<Bench>) {
    let mut other = call("p1");
    other.to = "+15550108888".to_owned();
    let mut late = call("p2");
    late.expires_at = "2020-01-01T00:00:00Z".to_owned();
    let mut odd = call("p3");
    odd.to = "sip:owner@example.com".to_owned();
    let mut no_sender = call("p4");
    no_sender.from = String::new();
    for (n, (command, reason)) in [
        (other, "not_whitelisted"),
        (late, "expired"),
        (odd, "invalid_address"),
        (no_sender, "no_sender"),
    ]
    .into_iter()
    .enumerate()
    {
        bench.place(&command).await;
        let refused = bench.not_placed(n + 1).await.remove(n);
        assert_eq!((refused.code, refused.reason.as_str()), (0, reason));
        assert_eq!(refused.place_id, command.place_id);
    }
    assert_eq!(bench.twilio.state().posts, 0);

    // Who does not want to be texted may be called.
    let silence = OptOutChanged {
        tenant_id: "smith".to_owned(),
        customer: TO.to_owned(),
        opted_out: true,
    };
    bench.wish(&bench.envelope(&silence)).await;
    bench.send(&message("m1")).await;
    assert_eq!(bench.refused(1).await[0].reason, "opted_out");
    let mut in_time = call("p5");
    in_time.expires_at = "2999-01-01T00:00:00Z".to_owned();
    bench.place(&in_time).await;
    bench.placed(1).await;
}

pub async fn call_that_says_its_own_document_is_placed_without_an_address(bench: Arc<Bench>) {
    let spoken = CallPlace {
        url: String::new(),
        twiml: "<Response><Say>Emergency</Say></Response>".to_owned(),
        purpose: "emergency".to_owned(),
        ..call("p1")
    };
    bench.place(&spoken).await;
    bench.placed(1).await;
    let placed = bench.twilio.state().placed.remove(0);
    assert_eq!(placed.form["Twiml"], spoken.twiml);
    assert!(!placed.form.contains_key("Url"));
}
