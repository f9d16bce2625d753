//! Webhooks that are not as they should be.

use serde_json::Value;

use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use super::signatures::ringing;
use crate::local_platform::{Answer, LocalPlatform, Mode, Plan, eventually, play, sid, so};

const CALL: &str = "/webhooks/twilio/call";

fn is_error(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert!(
        body["error"]["code"].is_string() && body["error"]["message"].is_string(),
        "{body}"
    );
}

pub async fn what_cannot_be_read_is_refused(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let hook = || ringing(platform.hook(CALL), &sid("CA"), &caller(1), SMITH);
            let large = format!("CallSid=CA1&Body={}", "x".repeat(70 * 1024));
            is_error(&hook().body(large.into_bytes()).send().await, 413);
            let many: Vec<String> = (0..600).map(|n| format!("P{n}={n}")).collect();
            is_error(&hook().body(many.join("&").into_bytes()).send().await, 400);
            for bad in [
                &b"CallSid=%ff%fe"[..],
                b"CallSid=\xff\xfe",
                b"From=%C3%28&To=1",
            ] {
                is_error(&hook().body(bad.to_vec()).send().await, 400);
            }
            assert_eq!(
                platform.get("/calls/").await["items"],
                serde_json::json!([])
            );
            let unreadable = platform
                .counter("ingress", "webhooks_total", "unreadable")
                .await;
            assert_eq!(unreadable, 5, "each is counted");
        },
    )
    .await;
}

pub async fn what_is_signed_and_wrong_breaks_no_call(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let good = ringing(platform.hook(CALL), &sid("CA"), &caller(1), SMITH);
            let wrong = [
                good.clone().without("CallSid"),
                good.clone().with(&[("CallSid", "CA../../etc/passwd")]),
                good.clone().with(&[("CallSid", "")]),
                good.clone().without("To"),
            ];
            for hook in wrong {
                let xml = hook.send().await.twiml().to_xml().unwrap();
                assert!(!xml.contains("<Dial"), "{xml}");
            }
            // A word that Twilio has not told us of yet keeps nobody from getting through.
            let new = ringing(platform.hook(CALL), &sid("CA"), &caller(2), SMITH);
            let xml = new.with(&[("CallStatus", "dancing")]).send().await.twiml();
            assert!(xml.to_xml().unwrap().contains("<Dial"));
            let ended = platform
                .hook("/webhooks/twilio/call/status/CA1")
                .with(&[("DialCallStatus", "no-answer")]);
            ended.send().await.twiml();
            let text = platform
                .hook("/webhooks/twilio/sms")
                .with(&[("From", &caller(1)), ("To", SMITH)]);
            text.send().await.twiml();
            let status = "/webhooks/twilio/sms/status";
            is_error(&platform.hook(status).send().await, 400);
            is_error(
                &platform
                    .hook(status)
                    .with(&[("MessageSid", "nonsense"), ("MessageStatus", "sent")])
                    .send()
                    .await,
                400,
            );
            let calls = platform.get("/calls/").await;
            assert_eq!(calls["items"].as_array().unwrap().len(), 1, "{calls:#}");
        },
    )
    .await;
}

pub async fn each_way_of_asking_is_understood(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let dials = |answer: &Answer| {
                let xml = answer.twiml().to_xml().unwrap();
                assert!(xml.contains("<Dial") && xml.contains(SMITH_OWNER), "{xml}");
            };
            for path in [CALL, "/webhooks/twilio/call/"] {
                let hook = |n| ringing(platform.hook(path), &sid("CA"), &caller(n), SMITH);
                dials(&hook(1).send().await);
                dials(&hook(2).get().send().await);
            }
            // Callers who are no numbers, and parameters that nobody knows yet.
            for from in [
                "anonymous",
                "client:jane",
                "sip:jane@example.com",
                "+266696687",
                "7378742833",
            ] {
                let hook = ringing(platform.hook(CALL), &sid("CA"), from, SMITH);
                dials(&hook.with(&[("SomethingNew", "\u{2713}")]).send().await);
            }
            // Whoever was answered by the fallback is recorded later.
            eventually("each of them is a call", async || {
                let calls = platform.find("/calls/?limit=50").await?;
                so(calls["items"].as_array()?.len() == 9)
            })
            .await;
            let message = sid("SM");
            let text = platform.hook("/webhooks/twilio/sms/").get().with(&[
                ("MessageSid", &message),
                ("From", &caller(3)),
                ("To", SMITH),
                ("Body", "Are you open on Sunday?"),
            ]);
            text.send().await.twiml();
            eventually("the text is kept", async || {
                let list = platform.find("/conversations/?tenant=smith").await?;
                let id = list["items"][0]["id"].as_str()?.to_owned();
                let thread = platform.find(&format!("/conversations/{id}")).await?;
                so(thread["messages"][0]["body"] == "Are you open on Sunday?")
            })
            .await;
            platform.secret("Are you open on Sunday?");
            let status = platform.hook("/webhooks/twilio/sms/status").with(&[
                ("MessageSid", &message),
                ("MessageStatus", "delivered"),
                ("From", SMITH),
                ("To", &caller(3)),
            ]);
            assert_eq!(status.send().await.status, 204);
        },
    )
    .await;
}
