//! Calls that go on: hung up for good, and sent elsewhere.

use std::sync::Arc;

use events::v1::{CallHangUp, CallRedirect};
use serde_json::{Value, json};
use testkit::eventually;

use crate::bench::{ACCOUNT, Bench, FROM, TO};
use crate::calls::between;
use crate::twilio::Mishap;

fn hang_up(call_sid: &str) -> CallHangUp {
    CallHangUp {
        call_sid: call_sid.to_owned(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        reason: "canceled".to_owned(),
    }
}

/// Waits until the ledger has settled so many effects of a kind, and shows them.
async fn settled(bench: &Bench, kind: &str, count: usize) -> Vec<Value> {
    let find = async || {
        let ledger = bench.get("/api/effects/").await;
        let mut done = ledger["items"].as_array().unwrap().clone();
        done.retain(|row| row["kind"] == kind && !row["settled_at"].is_null());
        done
    };
    eventually(&format!("{count} of {kind} are settled"), async || {
        find().await.len() >= count
    })
    .await;
    find().await
}

/// How the last of so many hang-ups went.
async fn hung_up(bench: &Bench, count: usize) -> String {
    let last = settled(bench, "call.hang_up", count).await.remove(0);
    format!("{} {}", last["id"], last["status"]).replace('"', "")
}

pub async fn call_is_hung_up_in_any_state(bench: Arc<Bench>) {
    for (n, (status, words, told)) in [
        ("in-progress", vec!["completed"], "hung-up"),
        ("queued", vec!["completed", "canceled"], "hung-up"),
        ("ringing", vec!["completed", "canceled"], "hung-up"),
        ("completed", vec!["completed"], "over"),
        ("busy", vec!["completed"], "over"),
    ]
    .into_iter()
    .enumerate()
    {
        let sid = {
            let mut twilio = bench.twilio.state();
            let placed = twilio.place(between(FROM, TO));
            status.clone_into(&mut placed.status);
            placed.sid.clone()
        };
        bench.twilio.will([Mishap::Refuse(429, 20429)]);
        bench.publish(&bench.envelope(&hang_up(&sid))).await;
        // Again and again: it is hung up once.
        for _ in 0..3 {
            bench.publish(&bench.envelope(&hang_up(&sid))).await;
        }
        assert_eq!(hung_up(&bench, n + 1).await, format!("{sid} {told}"));
        let state = bench.twilio.state();
        let words: Vec<_> = words.iter().map(|word| format!("{sid} {word}")).collect();
        assert_eq!(state.updates[state.updates.len() - words.len()..], words);
        assert_eq!(
            state.updates.iter().filter(|u| u.starts_with(&sid)).count(),
            words.len()
        );
        let call = state.placed.iter().find(|call| call.sid == sid).unwrap();
        let over = ["completed", "canceled", "busy"];
        assert!(over.contains(&call.status.as_str()), "{status}");
    }
    bench.publish(&bench.envelope(&hang_up("CA404"))).await;
    assert_eq!(hung_up(&bench, 6).await, "CA404 gone");
}

/// By each order once; one that is over has nowhere to go.
pub async fn call_is_redirected_by_each_order(bench: Arc<Bench>) {
    let sid = {
        let mut twilio = bench.twilio.state();
        let placed = twilio.place(between(FROM, TO));
        "in-progress".clone_into(&mut placed.status);
        placed.sid.clone()
    };
    let mut order = CallRedirect {
        call_sid: sid.clone(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        url: "https://trunkline.example/start-interview".to_owned(),
        ..CallRedirect::default()
    };
    bench.twilio.will([Mishap::Refuse(429, 20429)]);
    let first = bench.envelope(&order);
    for _ in 0..3 {
        bench.publish(&first).await;
    }
    settled(&bench, "call.redirect", 1).await;
    bench.publish(&bench.envelope(&order)).await;
    let done = settled(&bench, "call.redirect", 2).await;
    assert!(done.iter().all(|row| row["status"] == "redirected"));
    let asked = format!("{sid} {}", order.url);
    assert_eq!(bench.twilio.state().updates, [asked.clone(), asked]);

    "completed".clone_into(&mut bench.twilio.state().placed[0].status);
    bench.publish(&bench.envelope(&order)).await;
    let over = settled(&bench, "call.redirect", 3).await.remove(0);
    assert_eq!(
        (&over["state"], &over["code"]),
        (&json!("refused"), &json!(21220))
    );
    order.call_sid = "CA404".to_owned();
    bench.publish(&bench.envelope(&order)).await;
    assert_eq!(
        settled(&bench, "call.redirect", 4).await[0]["status"],
        "gone"
    );
}
