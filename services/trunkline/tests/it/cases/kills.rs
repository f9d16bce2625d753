//! `kill -9` at any moment: whoever was missed is texted, and once.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

use super::fixtures::{
    CLOSED, HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, SMITH_SECOND, caller, world,
};
use crate::local_platform::{
    LONG, LocalPlatform, Mode, Plan, ROLES, behaves, eventually, play, so, stays,
};

/// How late the lists of calls and messages are, in seconds of the emulator's time: longer than a text is looked for at first.
const LAG_S: u32 = 100;

/// A number from the environment, or another.
pub fn number(name: &str) -> Option<u64> {
    std::env::var_os(name)?.to_str()?.parse().ok()
}

pub async fn kills_lose_no_text_and_double_none(mode: Mode) {
    let kills = number("TRUNKLINE_TEST_KILLS").unwrap_or(50);
    let seed = number("TRUNKLINE_TEST_SEED").unwrap_or_else(rand::random);
    say(&format!(
        "{mode:?}: {kills} kills, TRUNKLINE_TEST_SEED={seed}"
    ));
    play(
        Plan::new(mode, &world()).rough(),
        async |platform: &LocalPlatform| {
            let mut random = StdRng::seed_from_u64(seed);
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            platform
                .twilio
                .callee(HARBOR_OWNER, behaves("no-answer"))
                .await;
            // Twilio's lists come late: its callback is the other witness that a text was sent.
            let lag = json!({ "kind": "api", "list_lag_s": LAG_S });
            platform.twilio.fault(lag).await;
            let mut calls = Vec::new();
            for _ in 0..kills {
                let from = caller(u32::try_from(calls.len()).unwrap());
                let to = [SMITH, SMITH_SECOND, CLOSED, HARBOR]
                    .choose(&mut random)
                    .unwrap();
                let sid = platform.twilio.call(&from, to, stays()).await;
                // Before this the platform knows nothing of the call.
                eventually("the platform was asked", async || {
                    so(!platform.twilio.view(&sid).await["twiml"]
                        .as_array()?
                        .is_empty())
                })
                .await;
                calls.push((sid, from));
                // Some moment of the second in which the call is missed and answered with a text.
                tokio::time::sleep(Duration::from_millis(random.random_range(0..1200))).await;
                let role = ROLES.choose(&mut random).unwrap();
                platform.kill(role);
                platform.revive(role);
                platform.is_live(role).await;
            }
            platform.are_ready().await;
            platform.rests();
            for (sid, from) in &calls {
                is_texted_once(platform, sid, from).await;
            }
        },
    )
    .await;
}

/// A call that the platform has answered was missed, and is texted. Of one that it never heard of it says nothing.
async fn is_texted_once(platform: &LocalPlatform, sid: &str, from: &str) {
    let view = platform.twilio.over(sid).await;
    let heard_of = view["twiml"][0]["status"] == 200;
    if !heard_of && platform.find(&format!("/calls/{sid}")).await.is_none() {
        assert!(platform.twilio.texts_to(from).await.len() <= 1);
        return;
    }
    let call = platform.settled_within(LONG, sid).await;
    assert_eq!(call["outcome"], "missed", "{call:#}\n{view:#}");
    platform.texted_within(LONG, from, 1).await;
}

#[expect(clippy::print_stdout, reason = "a failure can be repeated")]
pub fn say(words: &str) {
    println!("{words}");
}
