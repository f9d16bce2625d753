//! Calls as they mostly go: taken, or missed in one of the ways there are.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::fixtures::{HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{
    LocalPlatform, Mode, Plan, behaves, eventually, hangs_up, picks_up, play, so, stays,
};

/// What a timeline says in order: kind and what.
fn story(timeline: &Value) -> Vec<String> {
    let words = |item: &Value| {
        let detail = &item["detail"];
        let what = detail["what"].as_str().or_else(|| detail["plan"].as_str());
        format!(
            "{}: {}",
            item["kind"].as_str().unwrap(),
            what.unwrap_or("?")
        )
    };
    timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(words)
        .collect()
}

/// A missed call's whole aftermath: outcome, reason, one text with the business's name, its thread and its story.
pub async fn is_missed(platform: &LocalPlatform, sid: &str, from: &str, reason: &str, words: &str) {
    let call = platform.settled(sid).await;
    platform.ended(sid).await;
    assert_eq!(call["outcome"], "missed", "{call:#}");
    assert_eq!(call["reason"], reason, "{call:#}");
    assert_eq!(call["call_sid"], sid);
    assert_eq!(call["from"], from);
    assert_eq!(call["duration_s"], 0);
    let texts = platform.texted(from, 1).await;
    let body = texts[0]["body"].as_str().unwrap();
    assert!(body.contains(words), "{body}");
    assert_eq!(
        texts[0]["from"], call["to"],
        "from the number that was called"
    );

    let call = eventually("the call knows its conversation", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        call["conversation_id"].is_string().then_some(call)
    })
    .await;
    let thread = format!(
        "/conversations/{}",
        call["conversation_id"].as_str().unwrap()
    );
    let thread = eventually("the text is delivered", async || {
        let thread = platform.find(&thread).await?;
        (thread["messages"][0]["status"] == "delivered").then_some(thread)
    })
    .await;
    assert_eq!(thread["customer"], from);
    assert_eq!(thread["number"], call["to"]);
    assert_eq!(
        thread["messages"].as_array().unwrap().len(),
        1,
        "{thread:#}"
    );
    let message = &thread["messages"][0];
    assert_eq!(
        (&message["direction"], &message["sender"]),
        (&json!("outbound"), &json!("system"))
    );
    assert_eq!(message["body"], body);

    let timeline = platform.get(&format!("/calls/{sid}/timeline")).await;
    let story = story(&timeline);
    let at = |what: &str| {
        let found = story.iter().position(|line| line == what);
        found.unwrap_or_else(|| panic!("the story lacks {what:?}: {story:#?}"))
    };
    assert!(
        at("webhook: call comes in") < at("effect: a text was sent"),
        "{story:#?}"
    );
    // As times: one of a whole millisecond is written shorter, and would stand behind later ones as a text.
    let times: Vec<DateTime<Utc>> = timeline["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["at"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(times.is_sorted(), "in order: {times:?}");
    // The same by the call's own id.
    let by_id = platform
        .get(&format!("/calls/{}", call["id"].as_str().unwrap()))
        .await;
    assert_eq!(by_id["call_sid"], sid);
}

/// An answered call: nothing is sent.
pub async fn is_answered(platform: &LocalPlatform, sid: &str, from: &str) {
    let call = platform.settled(sid).await;
    assert_eq!(
        (&call["outcome"], &call["reason"]),
        (&json!("answered"), &Value::Null),
        "{call:#}"
    );
    eventually("its end and its length are known", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        so(call["status"] == "completed" && call["duration_s"].as_i64()? > 0)
    })
    .await;
    let story = story(&platform.get(&format!("/calls/{sid}/timeline")).await);
    for what in [
        "webhook: call comes in",
        "twiml: dial",
        "webhook: the dial ended",
    ] {
        assert!(story.iter().any(|line| line == what), "{what}: {story:#?}");
    }
    eventually(
        "its webhooks are noted with verdict and duration",
        async || {
            let timeline = platform.find(&format!("/calls/{sid}/timeline")).await?;
            let noted = |line: &&Value| {
                let detail = &line["detail"];
                detail["noted_by"] == "ingress"
                    && detail["verdict"] == "valid"
                    && detail["took_ms"].is_u64()
            };
            so(timeline["items"].as_array()?.iter().filter(noted).count() >= 2)
        },
    )
    .await;
    platform.texted(from, 0).await;
}

pub async fn answered_call_is_answered_and_not_texted(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let (plain, whispered) = (caller(1), caller(2));
            platform.twilio.callee(SMITH_OWNER, picks_up()).await;
            let sid = platform.twilio.call(&plain, SMITH, stays()).await;
            let accepts = json!({ "behaviour": "answer", "after_s": 2, "press": "1", "talk_s": 8 });
            platform.twilio.callee(HARBOR_OWNER, accepts).await;
            let other = platform.twilio.call(&whispered, HARBOR, stays()).await;
            platform.twilio.over(&sid).await;
            is_answered(platform, &sid, &plain).await;
            let view = platform.twilio.over(&other).await;
            assert!(
                view["legs"][0]["heard"].to_string().contains("Press 1"),
                "{view:#}"
            );
            is_answered(platform, &other, &whispered).await;
            let list = platform.get("/calls/?outcome=answered").await;
            assert_eq!(list["items"].as_array().unwrap().len(), 2, "{list:#}");
            let none = platform.get("/conversations/").await;
            assert_eq!(none["items"], json!([]), "nobody was written to");
        },
    )
    .await;
}

pub async fn each_way_of_missing_a_call_is_texted_once(mode: Mode) {
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            let smith = "missed your call at Smith & Sons.";
            for (n, reason) in ["no-answer", "busy", "failed"].into_iter().enumerate() {
                let from = caller(10 + u32::try_from(n).unwrap());
                platform.twilio.callee(SMITH_OWNER, behaves(reason)).await;
                let sid = platform.twilio.call(&from, SMITH, stays()).await;
                platform.twilio.over(&sid).await;
                is_missed(platform, &sid, &from, reason, smith).await;
            }
            // The caller is gone before anybody could pick up.
            platform
                .twilio
                .callee(SMITH_OWNER, behaves("no-answer"))
                .await;
            let from = caller(20);
            let sid = platform.twilio.call(&from, SMITH, hangs_up()).await;
            platform.twilio.over(&sid).await;
            let call = platform.settled(&sid).await;
            assert_eq!(call["outcome"], "missed", "{call:#}");
            let reason = call["reason"].as_str().unwrap();
            assert!(
                ["canceled", "abandoned", "no-answer"].contains(&reason),
                "{reason}"
            );
            is_missed(platform, &sid, &from, reason, smith).await;
            // A voicemail picks up, and presses nothing.
            let voicemail = json!({ "behaviour": "answer", "after_s": 2, "talk_s": 60 });
            platform.twilio.callee(HARBOR_OWNER, voicemail).await;
            let from = caller(21);
            let sid = platform.twilio.call(&from, HARBOR, stays()).await;
            platform.twilio.over(&sid).await;
            let words = format!("Harbor Dental here ({from} called).");
            is_missed(platform, &sid, &from, "not-accepted", &words).await;
            let missed = platform.get("/calls/?outcome=missed").await;
            assert_eq!(missed["items"].as_array().unwrap().len(), 5, "{missed:#}");
        },
    )
    .await;
}
