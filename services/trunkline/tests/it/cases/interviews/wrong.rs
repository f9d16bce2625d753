//! What is asked for and cannot be: a live call hears an apology, a program which field is wrong.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{COACH, SHORT, world};
use super::{answers, candidate, hold, interview_id, job, keep_secret, results, transcripts};
use crate::cases::fixtures::caller;
use crate::cases::signatures::ringing;
use crate::local_platform::{ADMIN, Answer, Hook, LocalPlatform, Mode, Plan, eventually, sid, so};

/// Spoken, and the end: never a broken call.
#[track_caller]
fn apologizes(answer: &Answer) {
    let xml = answer.twiml().to_xml().unwrap();
    assert!(xml.contains("<Say") && xml.contains("orry"), "{xml}");
    assert!(xml.contains("<Hangup"), "{xml}");
    assert!(
        !xml.contains("<Record") && !xml.contains("<Gather"),
        "{xml}"
    );
}

/// A webhook of a call that goes on.
fn live(platform: &LocalPlatform, path: &str, call: &str) -> Hook {
    let hook = ringing(platform.hook(path), call, &caller(1), COACH);
    hook.with(&[("CallStatus", "in-progress")])
}

fn recorded(hook: Hook) -> Hook {
    let recording = sid("RE");
    let url = format!("https://api.twilio.com/2010-04-01/Accounts/AC1/Recordings/{recording}");
    hook.with(&[
        ("RecordingSid", &recording),
        ("RecordingUrl", &url),
        ("RecordingDuration", "3"),
        ("Digits", "#"),
    ])
}

pub async fn what_is_wrong_is_said_and_breaks_no_call(mode: Mode) {
    hold(
        Plan::new(mode, &world()).rough(),
        async |platform: &LocalPlatform| {
            let response = "/api/webhooks/record-response/";
            for path in [
                format!("{response}?interview_id=nobody&question_number=1"),
                format!("{response}?interview_id=&question_number=x"),
                response.to_owned(),
                "/webhook/response?interview_id=..%2F..&question_number=-1".to_owned(),
            ] {
                apologizes(&recorded(live(platform, &path, &sid("CA"))).send().await);
            }
            for path in [
                "/webhook/menu?interview_id=nobody",
                "/continue-interview",
                "/start-interview?interview_id=nobody",
            ] {
                apologizes(
                    &live(platform, path, &sid("CA"))
                        .with(&[("Digits", "1")])
                        .send()
                        .await,
                );
            }
            // Without what every call has.
            apologizes(&recorded(live(platform, response, "")).send().await);
            let status = recorded(platform.hook("/api/webhooks/recording-status/"));
            let told = status
                .clone()
                .with(&[("CallSid", &sid("CA")), ("RecordingStatus", "completed")]);
            assert_eq!(
                told.send().await.status,
                204,
                "nobody's recording changes nothing"
            );
            assert_eq!(status.without("RecordingSid").send().await.status, 400);
            let unsigned = live(platform, "/webhook/menu?interview_id=nobody", &sid("CA"));
            assert_eq!(unsigned.signature("").send().await.status, 403);
            assert_eq!(platform.get("/api/interviews/").await["items"], json!([]));
            api_says_which_field(platform).await;
            two_calls_cannot_hold_one_interview(platform).await;
        },
    )
    .await;
}

/// 404 or 422, and the field.
async fn api_says_which_field(platform: &LocalPlatform) {
    let refused = async |path: &str, body: Value, status: u16, field: &str| {
        let (got, answer) = platform.post(path, body).await;
        assert_eq!(
            (got, &answer["error"]["details"]["field"]),
            (status, &json!(field)),
            "{answer}"
        );
    };
    let trigger = "/api/trigger-interview/";
    let ann = candidate(platform, "Ann", "+15550300099", json!({})).await;
    let nurse = job(platform, "Nurse", "nurses").await;
    let with = |candidate: &str, job: &str| json!({ "candidate_id": candidate, "job_description_id": job });
    refused(
        trigger,
        json!({ "job_description_id": nurse }),
        422,
        "candidate_id",
    )
    .await;
    refused(
        trigger,
        json!({ "candidate_id": ann }),
        422,
        "job_description_id",
    )
    .await;
    refused(trigger, with("nobody", &nurse), 404, "candidate_id").await;
    refused(trigger, with(&ann, "nothing"), 404, "job_description_id").await;
    let mut body = with(&ann, &nurse);
    body["flow"] = json!("no-such-flow");
    refused(trigger, body, 422, "flow").await;
    let nobody = json!({ "tenant_id": "clinic", "name": "N", "phone": "12345" });
    refused("/api/candidates/", nobody, 422, "phone").await;
    let large = json!({ "tenant_id": "clinic", "name": "N", "phone": "+15550300098", "resume": "x".repeat(300_000) });
    let (status, answer) = platform.post("/api/candidates/", large).await;
    assert!(status == 422 || status == 413, "{status} {answer}");
    let bad = json!({ "tenant_id": "clinic", "name": "f", "kind": "screener", "questions": ["One?", ""] });
    refused("/api/flows/", bad, 422, "questions[1].ask").await;
    for path in ["", "/flow/", "/results/", "/results/page"] {
        let path = format!("/api/interviews/nobody{path}");
        assert_eq!(
            platform.ask(Method::GET, &path, ADMIN, None).await.0,
            404,
            "{path}"
        );
    }
    assert_eq!(
        platform
            .post("/api/interviews/nobody/flow/", json!({}))
            .await
            .0,
        404
    );
}

/// The second hears an apology, and the first goes on.
async fn two_calls_cannot_hold_one_interview(platform: &LocalPlatform) {
    let said = ["I repair old clocks.", "Because time matters to me."];
    keep_secret(platform, &said);
    let mut steps = vec![
        json!({ "wait_for": "press or say 1" }),
        json!({ "press": "1" }),
    ];
    steps.extend(answers(&said[..1]));
    // Another call comes between.
    steps.extend([
        json!({ "wait_for": "beep" }),
        json!({ "pause": { "seconds": 20 } }),
    ]);
    steps.extend([
        json!({ "speak": { "text": said[1] } }),
        json!({ "press": "#" }),
    ]);
    let first = platform.twilio.call(&caller(2), SHORT, json!(steps)).await;
    let id = interview_id(platform, &first).await;
    eventually("the first answer was given", async || {
        let flow = platform
            .find(&format!("/api/interviews/{id}/flow/"))
            .await?;
        so(flow["current_question"] == 2)
    })
    .await;
    let path = format!("/webhook/response?interview_id={id}&question_number=2");
    apologizes(&recorded(live(platform, &path, &sid("CA"))).send().await);
    let view = platform.twilio.over(&first).await;
    assert!(view["problem"].is_null(), "{view:#}");
    let results = results(platform, &id).await;
    assert_eq!(
        (&results["outcome"], transcripts(&results)),
        (&json!("completed"), said.to_vec())
    );
}
