//! Candidates who are not reached, and those who must not be called.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{MESSAGE, phone, world};
use super::{answers, candidate, has_heard, heard, hold, job, over, results, trigger};
use crate::local_platform::{ADMIN, LocalPlatform, Mode, Plan, behaves, eventually, so};

async fn whom(platform: &LocalPlatform, n: u32, flow: &str, more: Value) -> String {
    let candidate = candidate(platform, &format!("Candidate {n}"), &phone(n), more).await;
    trigger(platform, &candidate, &job(platform, "Nurse", flow).await).await
}

/// It failed for this reason, after so many calls.
async fn fails(platform: &LocalPlatform, id: &str, n: u32, reason: &str, calls: usize) -> Value {
    let it = over(platform, id).await;
    assert_eq!(it["outcome"], "failed", "{it:#}");
    let why = it["failure_reason"].as_str().unwrap_or_default();
    assert!(why.contains(reason), "{reason}: {it:#}");
    assert_eq!(
        platform.twilio.calls_to(&phone(n)).await.len(),
        calls,
        "{it:#}"
    );
    let results = results(platform, id).await;
    assert_eq!(
        (&results["outcome"], &results["answers"]),
        (&json!("failed"), &json!([]))
    );
    it
}

pub async fn whoever_is_not_reached_is_told_of_with_the_reason(mode: Mode) {
    let listed: Vec<String> = (1..=10).map(phone).collect();
    let whitelist = ("WHITELISTED_NUMBERS", json!(listed).to_string());
    hold(
        Plan::new(mode, &world()).env([whitelist]),
        async |platform: &LocalPlatform| {
            for (n, behaviour) in [(1, "no-answer"), (2, "busy"), (3, "failed"), (4, "busy")] {
                platform.twilio.callee(&phone(n), behaves(behaviour)).await;
            }
            platform
                .twilio
                .callee(&phone(5), behaves("no-answer"))
                .await;
            for n in [6, 7] {
                platform.twilio.callee(&phone(n), behaves("machine")).await;
            }
            let awake = answers(&["I am wide awake."]);
            for n in [8, 9] {
                platform
                    .twilio
                    .callee(&phone(n), json!({ "behaviour": "answer", "steps": awake }))
                    .await;
            }
            platform.twilio.callee(&phone(10), behaves("busy")).await;
            let patient = whom(platform, 10, "patient", json!({})).await;
            eventually("the phone was engaged", async || {
                so(platform.twilio.calls_to(&phone(10)).await.first()?["status"] == "busy")
            })
            .await;
            let there = json!({ "behaviour": "answer", "steps": answers(&["I am here now."]) });
            platform.twilio.callee(&phone(10), there).await;

            let nobody = whom(platform, 1, "nurses", json!({})).await;
            let engaged = whom(platform, 2, "nurses", json!({})).await;
            let broken = whom(platform, 3, "nurses", json!({})).await;
            let stubborn = whom(platform, 4, "stubborn", json!({})).await;
            let rings = whom(platform, 5, "stubborn", json!({})).await;
            let message = whom(platform, 6, "message", json!({})).await;
            let discreet = whom(platform, 7, "discreet", json!({})).await;
            // Asleep in Greenwich, awake on the other side of the earth.
            let asleep = whom(platform, 8, "nights", json!({ "timezone": "Etc/UTC" })).await;
            let awake = whom(platform, 9, "nights", json!({ "timezone": "Etc/GMT-12" })).await;
            let unlisted = whom(platform, 11, "nurses", json!({})).await;

            // An operator has Twilio cancel it while it rings.
            let sid = eventually("it rings", async || {
                let it = platform.find(&format!("/api/interviews/{rings}")).await?;
                let sid = it["call_sid"].as_str()?.to_owned();
                (platform.twilio.view(&sid).await["status"] == "ringing").then_some(sid)
            })
            .await;
            platform.twilio.cancel(&sid).await;
            fails(platform, &rings, 5, "canceled", 1).await;
            fails(platform, &nobody, 1, "no-answer", 1).await;
            fails(platform, &engaged, 2, "busy", 1).await;
            fails(platform, &broken, 3, "failed", 1).await;
            let it = fails(platform, &stubborn, 4, "busy", 2).await;
            assert_eq!(it["attempt"], 2, "{it:#}");
            fails(platform, &unlisted, 11, "not_whitelisted", 0).await;

            let it = fails(platform, &message, 6, "machine", 1).await;
            let view = platform.twilio.over(it["call_sid"].as_str().unwrap()).await;
            has_heard(&view, MESSAGE);
            let it = fails(platform, &discreet, 7, "machine", 1).await;
            let view = platform.twilio.over(it["call_sid"].as_str().unwrap()).await;
            assert!(heard(&view).is_empty(), "{view:#}");

            let it = over(platform, &awake).await;
            assert_eq!(it["outcome"], "completed", "{it:#}");
            let it = platform.get(&format!("/api/interviews/{asleep}")).await;
            assert_eq!(it["status"], "pending", "{it:#}");
            assert_eq!(
                platform.twilio.calls_to(&phone(8)).await.len(),
                0,
                "nobody is woken up"
            );
            let path = format!("/api/interviews/{asleep}/results/");
            let (status, answer) = platform.ask(Method::GET, &path, ADMIN, None).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (409, &json!("not_ready"))
            );
            let it = over(platform, &patient).await;
            assert_eq!(
                (&it["outcome"], &it["attempt"]),
                (&json!("completed"), &json!(2)),
                "{it:#}"
            );
            assert_eq!(platform.twilio.calls_to(&phone(10)).await.len(), 2);
        },
    )
    .await;
}
