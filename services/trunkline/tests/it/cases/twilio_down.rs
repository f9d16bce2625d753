//! Twilio's API is away, slow, forgetful, or says no.

use serde_json::{Value, json};

use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{LONG, LocalPlatform, Mode, Plan, behaves, eventually, play, stays};

fn api(fault: Value) -> Value {
    let mut all = json!({ "kind": "api", "path": "/Messages.json", "method": "POST" });
    let fields = all.as_object_mut().unwrap();
    fields.extend(fault.as_object().unwrap().clone());
    all
}

/// A missed call while the API misbehaves: one text in the end, asked for so often.
async fn is_texted_after(platform: &LocalPlatform, from: &str, fault: Value, asked: usize) {
    platform.twilio.fault(api(fault.clone())).await;
    let sid = platform.twilio.call(from, SMITH, stays()).await;
    platform.twilio.over(&sid).await;
    platform.texted_within(LONG, from, 1).await;
    let thread = eventually("the platform knows that it was sent", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        let id = call["conversation_id"].as_str()?.to_owned();
        let thread = platform.find(&format!("/conversations/{id}")).await?;
        (thread["messages"][0]["status"] == "delivered").then_some(thread)
    })
    .await;
    assert_eq!(thread["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        platform.twilio.attempts_to(from).await,
        asked,
        "after {fault}"
    );
}

pub async fn text_is_sent_once_whatever_twilio_does(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            platform.rests();
            let too_many = json!({ "status": 429, "retry_after_s": 1 });
            is_texted_after(platform, &caller(1), too_many, 2).await;
            is_texted_after(platform, &caller(2), json!({ "status": 0 }), 2).await;
            // It was done, and the answer is lost: it must be found, not done again.
            is_texted_after(
                platform,
                &caller(3),
                json!({ "status": 0, "after_effect": true }),
                1,
            )
            .await;
            is_texted_after(
                platform,
                &caller(4),
                json!({ "status": 502, "after_effect": true }),
                1,
            )
            .await;
        },
    )
    .await;
}

pub async fn three_failures_in_a_row_are_waited_out(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            platform.rests();
            is_texted_after(
                platform,
                &caller(1),
                json!({ "status": 503, "times": 3 }),
                4,
            )
            .await;
        },
    )
    .await;
}

pub async fn who_has_opted_out_at_twilio_is_left_alone(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let from = caller(1);
            let refuses = api(json!({ "status": 400, "code": 21610 }));
            platform.twilio.fault(refuses).await;
            let sid = platform.twilio.call(&from, SMITH, stays()).await;
            let thread = eventually("the refusal is recorded", async || {
                let list = platform.find("/conversations/?tenant=smith").await?;
                let id = list["items"][0]["id"].as_str()?.to_owned();
                let thread = platform.find(&format!("/conversations/{id}")).await?;
                (thread["messages"][0]["status"] == "refused" && thread["opted_out"] == true)
                    .then_some(thread)
            })
            .await;
            assert_eq!(thread["customer"], from);
            eventually("the call's story tells it", async || {
                let timeline = platform.find(&format!("/calls/{sid}/timeline")).await?;
                let refused = |item: &&Value| item["detail"]["what"] == "a text was refused";
                let told = timeline["items"].as_array()?.iter().find(refused)?.clone();
                (told["detail"]["code"] == 21610).then_some(())
            })
            .await;
            assert_eq!(platform.twilio.attempts_to(&from).await, 1);
            // A person is told so as well.
            let path = format!("/conversations/{}/messages", thread["id"].as_str().unwrap());
            let (status, body) = platform
                .post(&path, json!({ "body": "Hello? Is anybody there?" }))
                .await;
            assert_eq!((status, &body["error"]["code"]), (409, &json!("opted_out")));
            // Another caller is texted, and nothing more was tried for this one meanwhile.
            let other = caller(2);
            platform.twilio.call(&other, SMITH, stays()).await;
            platform.texted(&other, 1).await;
            assert_eq!(platform.twilio.attempts_to(&from).await, 1);
            platform.texted(&from, 0).await;
        },
    )
    .await;
}
