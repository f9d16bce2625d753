//! Candidates who are not reached, and those who must not be called.

use reqwest::Method;
use serde_json::{Value, json};

use super::world::{MESSAGE, phone, world};
use super::{answers, candidate, has_heard, heard, hold, job, over, results, trigger};
use crate::site::{ADMIN, Mode, Plan, Site, behaves, eventually, so};

async fn whom(site: &Site, n: u32, flow: &str, more: Value) -> String {
    let candidate = candidate(site, &format!("Candidate {n}"), &phone(n), more).await;
    trigger(site, &candidate, &job(site, "Nurse", flow).await).await
}

/// It failed for this reason, after so many calls.
async fn fails(site: &Site, id: &str, n: u32, reason: &str, calls: usize) -> Value {
    let it = over(site, id).await;
    assert_eq!(it["outcome"], "failed", "{it:#}");
    let why = it["failure_reason"].as_str().unwrap_or_default();
    assert!(why.contains(reason), "{reason}: {it:#}");
    assert_eq!(site.twilio.calls_to(&phone(n)).await.len(), calls, "{it:#}");
    let results = results(site, id).await;
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
        async |site: &Site| {
            for (n, behaviour) in [(1, "no-answer"), (2, "busy"), (3, "failed"), (4, "busy")] {
                site.twilio.callee(&phone(n), behaves(behaviour)).await;
            }
            site.twilio.callee(&phone(5), behaves("no-answer")).await;
            for n in [6, 7] {
                site.twilio.callee(&phone(n), behaves("machine")).await;
            }
            let awake = answers(&["I am wide awake."]);
            for n in [8, 9] {
                site.twilio
                    .callee(&phone(n), json!({ "behaviour": "answer", "steps": awake }))
                    .await;
            }
            site.twilio.callee(&phone(10), behaves("busy")).await;
            let patient = whom(site, 10, "patient", json!({})).await;
            eventually("he was engaged", async || {
                so(site.twilio.calls_to(&phone(10)).await.first()?["status"] == "busy")
            })
            .await;
            let there = json!({ "behaviour": "answer", "steps": answers(&["I am here now."]) });
            site.twilio.callee(&phone(10), there).await;

            let nobody = whom(site, 1, "nurses", json!({})).await;
            let engaged = whom(site, 2, "nurses", json!({})).await;
            let broken = whom(site, 3, "nurses", json!({})).await;
            let stubborn = whom(site, 4, "stubborn", json!({})).await;
            let rings = whom(site, 5, "stubborn", json!({})).await;
            let message = whom(site, 6, "message", json!({})).await;
            let discreet = whom(site, 7, "discreet", json!({})).await;
            // Asleep in Greenwich, awake on the other side of the earth.
            let asleep = whom(site, 8, "nights", json!({ "timezone": "Etc/UTC" })).await;
            let awake = whom(site, 9, "nights", json!({ "timezone": "Etc/GMT-12" })).await;
            let unlisted = whom(site, 11, "nurses", json!({})).await;

            // Somebody has Twilio cancel it while it rings.
            let sid = eventually("it rings", async || {
                let it = site.find(&format!("/api/interviews/{rings}")).await?;
                let sid = it["call_sid"].as_str()?.to_owned();
                (site.twilio.view(&sid).await["status"] == "ringing").then_some(sid)
            })
            .await;
            site.twilio.cancel(&sid).await;
            fails(site, &rings, 5, "canceled", 1).await;
            fails(site, &nobody, 1, "no-answer", 1).await;
            fails(site, &engaged, 2, "busy", 1).await;
            fails(site, &broken, 3, "failed", 1).await;
            let it = fails(site, &stubborn, 4, "busy", 2).await;
            assert_eq!(it["attempt"], 2, "{it:#}");
            fails(site, &unlisted, 11, "not_whitelisted", 0).await;

            let it = fails(site, &message, 6, "machine", 1).await;
            let view = site.twilio.over(it["call_sid"].as_str().unwrap()).await;
            has_heard(&view, MESSAGE);
            let it = fails(site, &discreet, 7, "machine", 1).await;
            let view = site.twilio.over(it["call_sid"].as_str().unwrap()).await;
            assert!(heard(&view).is_empty(), "{view:#}");

            let it = over(site, &awake).await;
            assert_eq!(it["outcome"], "completed", "{it:#}");
            let it = site.get(&format!("/api/interviews/{asleep}")).await;
            assert_eq!(it["status"], "pending", "{it:#}");
            assert_eq!(
                site.twilio.calls_to(&phone(8)).await.len(),
                0,
                "nobody is woken up"
            );
            let path = format!("/api/interviews/{asleep}/results/");
            let (status, answer) = site.ask(Method::GET, &path, ADMIN, None).await;
            assert_eq!(
                (status, &answer["error"]["code"]),
                (409, &json!("not_ready"))
            );
            let it = over(site, &patient).await;
            assert_eq!(
                (&it["outcome"], &it["attempt"]),
                (&json!("completed"), &json!(2)),
                "{it:#}"
            );
            assert_eq!(site.twilio.calls_to(&phone(10)).await.len(), 2);
        },
    )
    .await;
}
