//! Whose number it is, whether anybody is there, and who is texted a second time.

use super::calls::{is_answered, is_missed};
use super::fixtures::{
    ASLEEP, CLOSED, LATE, LATE_OWNER, OPEN, OPEN_OWNER, PHONELESS, SMITH, SMITH_OWNER,
    SMITH_SECOND, SMITH_SUSPENDED, caller, world,
};
use super::signatures::ringing;
use crate::local_platform::{
    LocalPlatform, Mode, Plan, behaves, eventually, picks_up, play, sid, so, stays,
};

pub async fn who_is_not_served_hears_so(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let unserved = [
                ("+15550107777", "unknown_number"),
                (ASLEEP, "tenant_suspended"),
                (SMITH_SUSPENDED, "number_inactive"),
            ];
            for (n, (number, reason)) in unserved.into_iter().enumerate() {
                let call = sid("CA");
                let from = caller(u32::try_from(n).unwrap());
                let hook = ringing(platform.hook("/webhooks/twilio/call"), &call, &from, number);
                let xml = hook.send().await.twiml().to_xml().unwrap();
                assert!(
                    xml.contains("<Say") && xml.contains("<Hangup/>"),
                    "{reason}: {xml}"
                );
                assert!(!xml.contains(SMITH_OWNER), "{reason}: {xml}");
                let counted = platform
                    .counter("tenants", "tenants_unresolved_total", reason)
                    .await;
                assert_eq!(counted, 1, "{reason}");
                assert_eq!(
                    platform.find(&format!("/calls/{call}")).await,
                    None,
                    "{reason}"
                );
                platform.texted(&from, 0).await;
            }
            // A caller on a phone hears it too.
            let sid = platform.twilio.call(&caller(9), ASLEEP, stays()).await;
            let view = platform.twilio.over(&sid).await;
            assert!(
                view["heard"].to_string().contains("not in service"),
                "{view:#}"
            );
            assert_eq!(view["legs"].as_array().unwrap().len(), 0);
            // Once the number is taken back it rings again.
            let number = platform
                .get(&format!("/phone-numbers/lookup/{SMITH_SUSPENDED}"))
                .await;
            let path = format!("/phone-numbers/{}/status", number["id"].as_str().unwrap());
            let active = serde_json::json!({ "status": "active" });
            let (status, body) = platform
                .ask(
                    reqwest::Method::PUT,
                    &path,
                    crate::local_platform::ADMIN,
                    Some(active),
                )
                .await;
            assert_eq!(status, 200, "{body}");
            eventually("the number is served again", async || {
                let call = crate::local_platform::sid("CA");
                let hook = ringing(
                    platform.hook("/webhooks/twilio/call"),
                    &call,
                    &caller(8),
                    SMITH_SUSPENDED,
                );
                so(hook.send().await.body.contains(SMITH_OWNER))
            })
            .await;
        },
    )
    .await;
}

pub async fn who_cannot_be_reached_apologizes(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            for (n, (number, reason, name)) in [
                (PHONELESS, "no-forwarding-number", "Phoneless Ltd"),
                (CLOSED, "closed", "Early Birds"),
            ]
            .into_iter()
            .enumerate()
            {
                let from = caller(u32::try_from(n).unwrap());
                let sid = platform.twilio.call(&from, number, stays()).await;
                let view = platform.twilio.over(&sid).await;
                let heard = view["heard"].to_string();
                assert!(
                    heard.contains(&format!("Thank you for calling {name}.")),
                    "{heard}"
                );
                assert_eq!(view["legs"].as_array().unwrap().len(), 0, "nobody is rung");
                is_missed(platform, &sid, &from, reason, name).await;
            }
            // Closed, but it forwards by default; and open by its own clock.
            for (n, (number, owner)) in [(LATE, LATE_OWNER), (OPEN, OPEN_OWNER)]
                .into_iter()
                .enumerate()
            {
                let from = caller(10 + u32::try_from(n).unwrap());
                platform.twilio.callee(owner, picks_up()).await;
                let sid = platform.twilio.call(&from, number, stays()).await;
                platform.twilio.over(&sid).await;
                is_answered(platform, &sid, &from).await;
            }
        },
    )
    .await;
}

pub async fn caller_is_texted_once_in_a_while(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let (eager, other) = (caller(1), caller(2));
            let first = platform.twilio.call(&eager, SMITH, stays()).await;
            is_missed(platform, &first, &eager, "busy", "Smith & Sons").await;
            // Again, and at the business's other number.
            for (count, number) in [(1, SMITH), (2, SMITH_SECOND)] {
                let again = platform.twilio.call(&eager, number, stays()).await;
                let call = platform.settled(&again).await;
                assert_eq!(call["outcome"], "missed");
                eventually("it was decided not to text again", async || {
                    let recent = "outcome=\"recent\"";
                    let counted = platform
                        .counter("dispatch", "dispatch_text_backs_total", recent)
                        .await;
                    so(counted == count)
                })
                .await;
            }
            let sid = platform.twilio.call(&other, SMITH, stays()).await;
            is_missed(platform, &sid, &other, "busy", "Smith & Sons").await;
            platform.texted(&eager, 1).await;
        },
    )
    .await;
}
