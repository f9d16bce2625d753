//! What operators see.

use crate::bench::{ACCOUNT, Bench, Engine, FROM, TO, message};
use crate::twilio::Mishap;

pub async fn the_ledger_is_shown_without_numbers(engine: Engine) {
    let bench = Bench::start(engine).await;
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
    bench.close().await;
}

pub async fn the_way_to_twilio_is_shown_without_secrets(engine: Engine) {
    let bench = Bench::start(engine).await;
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
    assert!(addresses["warnings"].as_array().unwrap().is_empty());
    bench.close().await;
}
