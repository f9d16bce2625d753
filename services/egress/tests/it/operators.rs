//! What operators see.

use std::sync::Arc;

use serde_json::json;
use testkit::ADMIN;

use crate::bench::{ACCOUNT, Bench, FROM, TO, message};
use crate::twilio::Mishap;

pub async fn ledger_is_shown_without_numbers(bench: Arc<Bench>) {
    for id in ["m1", "m2", "m3"] {
        bench.send(&message(id)).await;
    }
    bench.sent(3).await;
    let first = bench.get("/api/effects/?limit=2").await;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = bench
        .get(&format!("/api/effects/?limit=2&cursor={cursor}"))
        .await;
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert!(rest["next_cursor"].is_null());
    let item = &rest["items"][0];
    assert_eq!(
        (item["kind"].as_str(), item["state"].as_str()),
        (Some("message.send"), Some("done"))
    );
    assert_eq!(item["to"], "+1•••••9999");
    assert!(!first.to_string().contains(TO) && !first.to_string().contains(FROM));
}

pub async fn way_to_twilio_is_shown_without_secrets(bench: Arc<Bench>) {
    bench.twilio.will([Mishap::Refuse(400, 21614)]);
    bench.send(&message("m1")).await;
    bench.refused(1).await;
    let shown = bench.get("/api/twilio/debug/").await;
    assert_eq!(shown["base_url"], bench.twilio.url);
    assert_eq!(shown["accounts"][0]["account_sid"], ACCOUNT);
    assert_eq!(shown["accounts"][0]["credentials"], "ok");
    assert_eq!(shown["accounts"][0]["type"], "Trial");
    assert_eq!(shown["last_errors"][0]["code"], 21614);
    let text = shown.to_string();
    assert!(!text.contains(&"1".repeat(32)) && !text.contains("hidden") && !text.contains(FROM));

    let addresses = bench.get("/api/webhook-test/").await;
    assert_eq!(
        addresses["voice_url"],
        "https://trunkline.example/webhooks/twilio/call"
    );
    assert_eq!(
        addresses["sms_url"],
        "https://trunkline.example/webhooks/twilio/sms"
    );
    // What `trunkline up` gives the emulator's numbers, and docs/connect-a-number.md says.
    assert_eq!(
        addresses["status_callback"],
        "https://trunkline.example/webhooks/twilio/call#rc=3&rp=5xx,ct,rt"
    );
    assert!(addresses["warnings"].as_array().unwrap().is_empty());
}

pub async fn twilios_recordings_are_listed(bench: Arc<Bench>) {
    bench.twilio.state().recordings = (1..=5)
        .map(|n| {
            json!({
                "sid": format!("RE{n}"), "call_sid": format!("CA{}", n % 2), "status": "completed", "duration": "12",
                "channels": 1, "source": "RecordVerb", "error_code": null,
                "date_created": "Tue, 31 Mar 2026 20:36:28 +0000",
            })
        })
        .collect();
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/twilio/recordings/?limit=2{cursor}");
        let page = bench.get(&path).await;
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        seen.extend(items);
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let sids: Vec<_> = seen.iter().map(|r| r["recording_sid"].clone()).collect();
    assert_eq!(sids, ["RE1", "RE2", "RE3", "RE4", "RE5"]);
    assert_eq!(
        seen[0],
        json!({
            "recording_sid": "RE1", "account_sid": ACCOUNT, "call_sid": "CA1", "status": "completed", "duration_s": 12,
            "channels": 1, "source": "RecordVerb", "error_code": null, "created_at": "2026-03-31T20:36:28Z",
        })
    );
    let of_call = bench.get("/api/twilio/recordings/?call_sid=CA0").await;
    assert_eq!(of_call["items"].as_array().unwrap().len(), 2);
    for (path, status) in [
        ("/api/twilio/recordings/?cursor=RE9", 422),
        ("/api/twilio/recordings/?account_sid=AC9", 404),
    ] {
        let answer = bench.call("GET", path, ADMIN, None).await;
        assert_eq!(answer.0, status, "{path}");
    }
}
