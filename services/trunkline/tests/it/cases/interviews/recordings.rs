//! Recordings that Twilio tells of early, twice or never, and answers that are not as they should be.

use serde_json::{Value, json};

use super::fixtures::{SHORT, world};
use super::{answers, coached, hold, interview_id, is_scored, keep_secret, results, transcripts};
use crate::cases::fixtures::caller;
use crate::local_platform::{LocalPlatform, Mode, Plan};

async fn completes(platform: &LocalPlatform, n: u32, said: [&str; 2]) {
    keep_secret(platform, &said);
    let sid = platform
        .twilio
        .call(&caller(n), SHORT, coached(&said))
        .await;
    let view = platform.twilio.over(&sid).await;
    assert!(view["problem"].is_null(), "{view:#}");
    let results = results(platform, &interview_id(platform, &sid).await).await;
    assert_eq!(results["outcome"], "completed", "{results:#}");
    assert_eq!(transcripts(&results), said, "{results:#}");
    results["answers"]
        .as_array()
        .unwrap()
        .iter()
        .for_each(is_scored);
}

/// A caller's steps up to the first question.
fn begins() -> Vec<Value> {
    vec![
        json!({ "wait_for": "press or say 1" }),
        json!({ "press": "1" }),
    ]
}

pub async fn whatever_becomes_of_a_recording_the_interview_has_its_results(mode: Mode) {
    hold(Plan::new(mode, &world()), async |platform: &LocalPlatform| {
        let told = async |callback: &str, not_found_times: u32| {
            let fault = json!({ "kind": "recording", "callback": callback, "not_found_times": not_found_times });
            platform.twilio.fault(fault).await;
        };
        told("before", 0).await;
        completes(platform, 1, ["I was told of before it was asked.", "So early it was."]).await;
        platform.twilio.fault(json!({ "kind": "callbacks", "duplicate": true })).await;
        told("before", 0).await;
        completes(platform, 2, ["This one is told of twice, early.", "And this one too."]).await;
        told("after", 1).await;
        completes(platform, 3, ["This one is told of twice, late.", "And is not there at first."]).await;
        platform.twilio.fault(json!({ "kind": "callbacks", "duplicate": false })).await;
        told("never", 0).await;
        completes(platform, 4, ["Nobody ever tells of this one.", "It is looked for and found."]).await;
        told("after", 0).await;
        answers_count(platform).await;
    })
    .await;
}

/// One in which the caller hangs up, one in which nothing is said.
async fn answers_count(platform: &LocalPlatform) {
    let said = [
        "I drive a taxi through the whole town.",
        "I talk until I am cut",
    ];
    keep_secret(platform, &said);
    let mut steps = begins();
    steps.extend(answers(&said[..1]));
    steps.extend([
        json!({ "wait_for": "beep" }),
        json!({ "speak": { "text": said[1] } }),
        json!({ "hang_up": {} }),
    ]);
    let hangs_up = platform.twilio.call(&caller(5), SHORT, json!(steps)).await;
    let mut steps = begins();
    steps.extend([json!({ "wait_for": "beep" }), json!({ "press": "#" })]);
    steps.extend(answers(&said[..1]));
    steps.push(json!({ "wait_for": "Thank you for completing" }));
    let silent = platform.twilio.call(&caller(6), SHORT, json!(steps)).await;
    let mut steps = begins();
    steps.extend([json!({ "wait_for": "beep" }), json!({ "hang_up": {} })]);
    let leaves = platform.twilio.call(&caller(7), SHORT, json!(steps)).await;

    let results_of = async |sid: &str| {
        let view = platform.twilio.over(sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        results(platform, &interview_id(platform, sid).await).await
    };
    let it = results_of(&hangs_up).await;
    assert_eq!(
        it["outcome"], "completed",
        "every question has its answer: {it:#}"
    );
    assert_eq!(transcripts(&it), said, "{it:#}");
    assert_eq!(it["answers"][1]["hung_up"], true, "{it:#}");
    it["answers"].as_array().unwrap().iter().for_each(is_scored);

    let it = results_of(&silent).await;
    assert_eq!(it["outcome"], "completed", "{it:#}");
    let empty = &it["answers"][0];
    assert_eq!(
        (&empty["transcript_status"], &empty["score"]),
        (&json!("silent"), &Value::Null),
        "{it:#}"
    );
    is_scored(&it["answers"][1]);
    assert!(it["overall_score"].is_u64(), "{it:#}");

    let it = results_of(&leaves).await;
    assert_eq!(it["outcome"], "abandoned", "{it:#}");
    assert!(
        it["overall_score"].is_null(),
        "there is nothing to judge: {it:#}"
    );
}
