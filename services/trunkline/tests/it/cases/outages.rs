//! The broker or the database is away: whoever calls gets through all the same, and nothing is forgotten.

use serde_json::Value;

use super::calls::is_missed;
use super::fixtures::{OWN, OWN_ACCOUNT, OWN_TOKENS, SMITH, SMITH_OWNER, caller, world};
use super::signatures::ringing;
use crate::local_platform::{
    LONG, LocalPlatform, Mode, Plan, behaves, eventually, play, sid, so, stays, within,
};

/// How long Twilio waits at most.
const TWILIO_WAITS_MS: u64 = 15_000;

/// Ingress knows all numbers once it knows the account of one of them: they come together.
pub async fn ingress_knows_the_numbers(platform: &LocalPlatform) {
    OWN_TOKENS.iter().for_each(|token| platform.secret(token));
    let hook = ringing(
        platform.hook("/webhooks/twilio/call"),
        &sid("CA"),
        "anonymous",
        OWN,
    );
    let hook = hook
        .with(&[("AccountSid", OWN_ACCOUNT)])
        .token(OWN_TOKENS[0]);
    eventually("ingress knows the tenants", async || {
        so(hook.send().await.status == 200)
    })
    .await;
}

/// The owner's phone rang, and Twilio got every answer in time.
async fn got_through(platform: &LocalPlatform, call: &str) {
    let view = platform.twilio.over(call).await;
    assert_eq!(view["legs"][0]["to"], SMITH_OWNER, "{view:#}");
    let asked = platform.twilio.log().await;
    let asked: Vec<&Value> = asked
        .iter()
        .filter(|entry| entry["sid"] == call && entry["direction"] == "out")
        .collect();
    assert!(!asked.is_empty());
    for entry in asked {
        assert_eq!(entry["status"].as_u64().unwrap() / 100, 2, "{entry:#}");
        assert!(
            entry["took_ms"].as_u64().unwrap() < TWILIO_WAITS_MS,
            "{entry:#}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn front_door_works_without_the_bus() {
    play(
        Plan::new(Mode::Split, &world()).wires(),
        async |platform: &LocalPlatform| {
            ingress_knows_the_numbers(platform).await;
            platform
                .twilio
                .callee(SMITH_OWNER, behaves("no-answer"))
                .await;
            let wire = platform.bus_wire.as_ref().unwrap();
            wire.cut();
            let (missed, writer) = (caller(1), caller(2));
            let call = platform.twilio.call(&missed, SMITH, stays()).await;
            platform
                .twilio
                .text(&writer, SMITH, "Do you repair boilers as well?")
                .await;
            got_through(platform, &call).await;
            let spooled = async || {
                platform
                    .counter("ingress", "ingress_spooled_total", "")
                    .await
            };
            eventually("everything waits", async || so(spooled().await >= 4)).await;
            let health = format!("{}/health/ready", platform.url_of("ingress"));
            let response = reqwest::get(health).await.unwrap();
            assert_eq!(response.status().as_u16(), 200, "ingress stays in rotation");
            let report: Value = response.json().await.unwrap();
            assert_eq!(report["status"], "degraded", "{report}");
            assert_eq!(platform.find(&format!("/calls/{call}")).await, None);
            // One that is not signed is not let in, bus or no bus.
            let forged = ringing(
                platform.hook("/webhooks/twilio/call"),
                &sid("CA"),
                &missed,
                SMITH,
            );
            assert_eq!(forged.token("not-the-token").send().await.status, 403);

            wire.mend();
            is_missed(platform, &call, &missed, "no-answer", "Smith & Sons").await;
            eventually("the text is kept", async || {
                let list = platform.find("/conversations/?tenant=smith").await?;
                let customers: Vec<_> = list["items"]
                    .as_array()?
                    .iter()
                    .map(|c| &c["customer"])
                    .collect();
                so(customers.contains(&&Value::from(writer.clone())))
            })
            .await;
            platform.is_ready("ingress").await;
            // And then as ever.
            let later = platform.twilio.call(&caller(3), SMITH, stays()).await;
            is_missed(platform, &later, &caller(3), "no-answer", "Smith & Sons").await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_get_through_without_the_database() {
    play(
        Plan::new(Mode::Split, &world()).wires(),
        async |platform: &LocalPlatform| {
            ingress_knows_the_numbers(platform).await;
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let wire = platform.database_wire.as_ref().unwrap();
            wire.cut();
            let from = caller(1);
            let call = platform.twilio.call(&from, SMITH, stays()).await;
            got_through(platform, &call).await;
            let told = platform.counter("ingress", "webhooks_fallback_total", "declined");
            assert!(
                told.await >= 1,
                "the caller did not sit through the deadline"
            );
            let (status, body) = platform
                .ask(
                    reqwest::Method::GET,
                    "/calls/",
                    crate::local_platform::ADMIN,
                    None,
                )
                .await;
            assert_eq!(
                (status, &body["error"]["code"]),
                (503, &Value::from("unavailable")),
                "{body}"
            );

            wire.mend();
            platform.rests();
            platform.settled_within(LONG, &call).await;
            platform.texted_within(LONG, &from, 1).await;
            let found = platform.get(&format!("/calls/{call}")).await;
            assert_eq!(
                (&found["outcome"], &found["reason"]),
                (&Value::from("missed"), &Value::from("busy")),
                "{found:#}"
            );
            // What was tried in vain comes later than what followed it.
            let timeline = format!("/calls/{call}/timeline");
            within(LONG, "its beginning is told, too", async || {
                let lines = platform.find(&timeline).await?;
                let mut lines = lines["items"].as_array()?.iter();
                so(lines.any(|line| line["detail"]["what"] == "call comes in"))
            })
            .await;
            platform.are_ready().await;
        },
    )
    .await;
}
