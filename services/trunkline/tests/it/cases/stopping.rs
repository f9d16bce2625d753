//! An orderly end while calls are under way, and calls of whose end nobody tells.

use serde_json::json;

use super::fixtures::{CLOSED, SMITH, SMITH_OWNER, caller, world};
use super::signatures::ringing;
use crate::local_platform::{
    LONG, LocalPlatform, Mode, Plan, ROLES, behaves, eventually, play, sid, so, stays,
};

pub async fn end_in_the_middle_loses_nothing(mode: Mode) {
    // What Twilio asks for while nobody listens fails.
    play(
        Plan::new(mode, &world()).rough(),
        async |platform: &LocalPlatform| {
            platform
                .twilio
                .callee(SMITH_OWNER, behaves("no-answer"))
                .await;
            let mut calls = Vec::new();
            for n in 0..8 {
                let from = caller(n);
                let number = if n % 4 == 0 { CLOSED } else { SMITH };
                calls.push((platform.twilio.call(&from, number, stays()).await, from));
            }
            // Everybody has been told what to do, nobody has been told of an end; some are being texted.
            for (sid, _) in &calls {
                eventually("the platform was asked", async || {
                    so(platform.twilio.view(sid).await["twiml"][0]["status"] == 200)
                })
                .await;
            }
            platform.stop().await;
            match mode {
                Mode::Embedded => platform.revive("up"),
                Mode::Split => ROLES.iter().for_each(|role| platform.revive(role)),
            }
            platform.are_ready().await;
            platform.rests();
            for (sid, from) in &calls {
                let call = platform.settled_within(LONG, sid).await;
                assert_eq!(call["outcome"], "missed", "{call:#}");
                platform.texted_within(LONG, from, 1).await;
            }
        },
    )
    .await;
}

pub async fn call_ends_even_when_nobody_tells(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let hook = |call: &str, n, to| {
                ringing(platform.hook("/webhooks/twilio/call"), call, &caller(n), to)
            };
            let (apologized, dialled) = (sid("CA"), sid("CA"));
            hook(&apologized, 1, CLOSED).send().await.twiml();
            hook(&dialled, 2, SMITH).send().await.twiml();
            platform.rests();
            // No callback comes; Twilio is asked in the end, and knows of neither.
            platform.texted_within(LONG, &caller(1), 1).await;
            let call = platform.ended_within(LONG, &apologized).await;
            assert_eq!(call["outcome"], "missed", "{call:#}");
            // Nobody has missed a call that there is not.
            let call = platform.ended_within(LONG, &dialled).await;
            assert_eq!(
                (&call["outcome"], &call["reason"]),
                (&json!("failed"), &json!("unknown-at-twilio")),
                "{call:#}"
            );
            platform.texted(&caller(2), 0).await;
        },
    )
    .await;
}
