//! An orderly end while calls are under way.

use super::world::{CLOSED, SMITH, SMITH_OWNER, caller, world};
use crate::site::{LONG, Mode, Plan, ROLES, Site, behaves, eventually, play, so, stays};

pub async fn an_end_in_the_middle_loses_nothing(mode: Mode) {
    // What Twilio asks for while nobody listens fails.
    play(Plan::new(mode, &world()).rough(), async |site: &Site| {
        site.twilio.callee(SMITH_OWNER, behaves("no-answer")).await;
        let mut calls = Vec::new();
        for n in 0..8 {
            let from = caller(n);
            let number = if n % 4 == 0 { CLOSED } else { SMITH };
            calls.push((site.twilio.call(&from, number, stays(60)).await, from));
        }
        // Everybody has been told what to do, nobody has been told of an end; some are being texted.
        for (sid, _) in &calls {
            eventually("the platform was asked", async || {
                so(site.twilio.view(sid).await["twiml"][0]["status"] == 200)
            })
            .await;
        }
        site.stop().await;
        match mode {
            Mode::Embedded => site.revive("up"),
            Mode::Split => ROLES.iter().for_each(|role| site.revive(role)),
        }
        site.are_ready().await;
        for (sid, from) in &calls {
            let call = site.settled_within(LONG, sid).await;
            assert_eq!(call["outcome"], "missed", "{call:#}");
            site.texted_within(LONG, from, 1).await;
        }
    })
    .await;
}
