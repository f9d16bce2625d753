//! STOP and START.

use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{LocalPlatform, Mode, Plan, behaves, eventually, play, so, stays};

pub async fn stop_is_heard_and_start_as_well(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let from = caller(1);
            let opted_out = async || {
                let list = platform.find("/conversations/?tenant=smith").await?;
                list["items"][0]["opted_out"].as_bool()
            };
            platform.twilio.text(&from, SMITH, "STOP").await;
            eventually(
                "the customer has opted out",
                async || so(opted_out().await?),
            )
            .await;
            let sid = platform.twilio.call(&from, SMITH, stays()).await;
            let call = platform.settled(&sid).await;
            assert_eq!(call["outcome"], "missed");
            eventually("it was decided not to text", async || {
                let labels = "outcome=\"opted_out\"";
                so(platform
                    .counter("dispatch", "dispatch_text_backs_total", labels)
                    .await
                    == 1)
            })
            .await;
            platform.texted(&from, 0).await;
            assert_eq!(
                platform.twilio.attempts_to(&from).await,
                0,
                "nobody even tried"
            );

            platform.twilio.text(&from, SMITH, "START").await;
            eventually("the customer is back", async || so(!opted_out().await?)).await;
            let again = platform.twilio.call(&from, SMITH, stays()).await;
            assert_eq!(platform.settled(&again).await["outcome"], "missed");
            platform.texted(&from, 1).await;
        },
    )
    .await;
}
