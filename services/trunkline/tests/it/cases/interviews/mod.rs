//! Phone interviews: from the first ring to the results.

pub mod coach;
pub mod fixtures;
pub mod providers;
pub mod recordings;
pub mod screener;
pub mod steps;
pub mod unreached;
pub mod versions;
pub mod wrong;

use serde_json::{Value, json};

use crate::local_platform::{LocalPlatform, PATIENCE, Plan, eventually, play, so, within};

/// Plays a case once interviews has the flows of the document: they reach it after the document was taken.
pub async fn hold(plan: Plan, case: impl AsyncFnOnce(&LocalPlatform)) {
    play(plan, async |platform: &LocalPlatform| {
        eventually("the flows are defined", async || {
            let list = platform.find("/api/flows/?limit=100").await?;
            so(list["items"].as_array()?.len() == fixtures::FLOWS)
        })
        .await;
        case(platform).await;
    })
    .await;
}

/// Steps of a candidate who waits for the tone each time, says this, and presses the pound key.
pub fn answers(said: &[&str]) -> Vec<Value> {
    let answer = |words: &&str| {
        [
            json!({ "wait_for": "beep" }),
            json!({ "speak": { "text": words } }),
            json!({ "press": "#" }),
        ]
    };
    said.iter().flat_map(answer).collect()
}

/// Steps of a caller who wants to be interviewed by the coach.
pub fn coached(said: &[&str]) -> Value {
    let mut steps = vec![
        json!({ "wait_for": "press or say 1" }),
        json!({ "press": "1" }),
    ];
    steps.extend(answers(said));
    steps.push(json!({ "wait_for": "Thank you for completing" }));
    json!(steps)
}

/// Words that no log may show.
pub fn keep_secret(platform: &LocalPlatform, said: &[&str]) {
    said.iter().for_each(|words| platform.secret(words));
}

/// The interview of a call.
pub async fn interview(platform: &LocalPlatform, call_sid: &str) -> Value {
    eventually("the call has its interview", async || {
        let list = platform.find("/api/interviews/?limit=100").await?;
        let items = list["items"].as_array()?.iter();
        items.clone().find(|it| it["call_sid"] == call_sid).cloned()
    })
    .await
}

/// Its id.
pub async fn interview_id(platform: &LocalPlatform, call_sid: &str) -> String {
    let found = interview(platform, call_sid).await;
    found["id"].as_str().unwrap().to_owned()
}

/// What an interview came to, once it is there.
pub async fn results(platform: &LocalPlatform, id: &str) -> Value {
    within(PATIENCE * 3, "the results are there", async || {
        platform
            .find(&format!("/api/interviews/{id}/results/"))
            .await
    })
    .await
}

/// The answers' words.
pub fn transcripts(results: &Value) -> Vec<&str> {
    let answers = results["answers"].as_array().unwrap().iter();
    answers
        .map(|answer| answer["transcript"].as_str().unwrap_or("?"))
        .collect()
}

/// A candidate of the clinic.
pub async fn candidate(platform: &LocalPlatform, name: &str, phone: &str, more: Value) -> String {
    let mut body = json!({ "tenant_id": "clinic", "name": name, "phone": phone });
    for (field, value) in more.as_object().unwrap() {
        body[field] = value.clone();
    }
    created(platform, "/api/candidates/", body).await
}

/// A job of the clinic that goes by a flow.
pub async fn job(platform: &LocalPlatform, title: &str, flow: &str) -> String {
    let body = json!({ "tenant_id": "clinic", "title": title, "flow": flow });
    created(platform, "/api/job-descriptions/", body).await
}

async fn created(platform: &LocalPlatform, path: &str, body: Value) -> String {
    let (status, answer) = platform.post(path, body).await;
    assert_eq!(status, 201, "{path}: {answer}");
    answer["id"].as_str().unwrap().to_owned()
}

/// Has a candidate interviewed: the interview's id.
pub async fn trigger(platform: &LocalPlatform, candidate: &str, job: &str) -> String {
    let body = json!({ "candidate_id": candidate, "job_description_id": job });
    let (status, answer) = platform.post("/api/trigger-interview/", body).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(answer["status"], "pending", "{answer}");
    assert!(answer["call_sid"].is_null(), "{answer}");
    answer["interview_id"].as_str().unwrap().to_owned()
}

/// Waits until an interview is over.
pub async fn over(platform: &LocalPlatform, id: &str) -> Value {
    within(PATIENCE * 3, "the interview is over", async || {
        let found = platform.find(&format!("/api/interviews/{id}")).await?;
        (found["status"] == "ended").then_some(found)
    })
    .await
}

/// Everything that a person on the phone heard.
pub fn heard(view: &Value) -> Vec<&str> {
    let heard = view["heard"].as_array().unwrap().iter();
    heard
        .map(|it| it["text"].as_str().unwrap_or_default())
        .collect()
}

/// Whether the caller heard these words, read aloud or played.
#[track_caller]
pub fn has_heard(view: &Value, words: &str) {
    let heard = heard(view);
    assert!(
        heard.iter().any(|it| it.contains(words)),
        "{words:?} was not heard: {heard:#?}"
    );
}

/// Scores are numbers of the scale, and rest on words that were said.
#[track_caller]
pub fn is_scored(answer: &Value) {
    let score = answer["score"].as_u64();
    assert!(score.is_some_and(|score| score <= 100), "{answer:#}");
    let (quote, transcript) = (answer["quote"].as_str(), answer["transcript"].as_str());
    assert!(!quote.unwrap().is_empty(), "{answer:#}");
    assert!(transcript.unwrap().contains(quote.unwrap()), "{answer:#}");
    assert!(
        !answer["feedback"].as_str().unwrap().is_empty(),
        "{answer:#}"
    );
}
