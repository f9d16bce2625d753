//! STOP and START.

use super::world::{SMITH, SMITH_OWNER, caller, world};
use crate::site::{Mode, Plan, Site, behaves, eventually, play, so, stays};

pub async fn stop_is_heard_and_start_as_well(mode: Mode) {
    play(Plan::new(mode, &world()), async |site: &Site| {
        site.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        let from = caller(1);
        let opted_out = async || {
            let list = site.find("/conversations/?tenant=smith").await?;
            list["items"][0]["opted_out"].as_bool()
        };
        site.twilio.text(&from, SMITH, "STOP").await;
        eventually("he has opted out", async || so(opted_out().await?)).await;
        let sid = site.twilio.call(&from, SMITH, stays()).await;
        let call = site.settled(&sid).await;
        assert_eq!(call["outcome"], "missed");
        eventually("it was decided not to text", async || {
            let labels = "outcome=\"opted_out\"";
            so(site
                .counter("dispatch", "dispatch_text_backs_total", labels)
                .await
                == 1)
        })
        .await;
        site.texted(&from, 0).await;
        assert_eq!(site.twilio.attempts_to(&from).await, 0, "nobody even tried");

        site.twilio.text(&from, SMITH, "START").await;
        eventually("he is back", async || so(!opted_out().await?)).await;
        let again = site.twilio.call(&from, SMITH, stays()).await;
        assert_eq!(site.settled(&again).await["outcome"], "missed");
        site.texted(&from, 1).await;
    })
    .await;
}
