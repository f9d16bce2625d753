//! The screener: candidates are called, interviewed and judged, in their language.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{CLINIC, phone, world};
use super::{
    answers, candidate, has_heard, heard, hold, is_scored, job, keep_secret, over, results,
    transcripts, trigger,
};
use crate::local_platform::{ADMIN, LocalPlatform, Mode, Plan, eventually};

/// A phone whose owner picks up and answers.
fn picks_up(last_words: &str, said: &[&str]) -> Value {
    let mut steps = answers(said);
    steps.push(json!({ "wait_for": last_words }));
    json!({ "behaviour": "answer", "steps": steps })
}

pub async fn candidates_are_interviewed_in_two_languages(mode: Mode) {
    const ENGLISH: [&str; 2] = [
        "Because I like to help people who are ill.",
        "No, I even like the quiet of the night.",
    ];
    const GERMAN: [&str; 1] = ["Weil mir Menschen wichtig sind <b>und</b> ich gern helfe."];
    const RESUME: &str = "Ten years of nursing in Hamburg and Boston.";
    hold(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            keep_secret(platform, &ENGLISH);
            keep_secret(platform, &GERMAN);
            keep_secret(platform, &[RESUME]);
            let (ann, udo) = (phone(1), phone(2));
            platform
                .twilio
                .callee(&ann, picks_up("Thank you for completing", &ENGLISH))
                .await;
            platform
                .twilio
                .callee(
                    &udo,
                    picks_up("Vielen Dank f\u{fc}r das Gespr\u{e4}ch", &GERMAN),
                )
                .await;
            let job_of_ann = job(platform, "Nurse", "nurses").await;
            let ann_id = candidate(platform, "Ann O'Hara", &ann, json!({ "resume": RESUME })).await;
            let english = trigger(platform, &ann_id, &job_of_ann).await;
            let job_of_udo = job(platform, "Pflegekraft", "pflege").await;
            // 200 kB, of which a model gets a part.
            let long = "Zehn Jahre in der Pflege. ".repeat(8_000);
            let udo_id = candidate(platform, "Udo <Meier>", &udo, json!({ "resume": long })).await;
            let german = trigger(platform, &udo_id, &job_of_udo).await;

            let results_en = results(platform, &english).await;
            is_judged(&results_en, &ENGLISH);
            let flow = platform
                .get(&format!("/api/interviews/{english}/flow/"))
                .await;
            assert_eq!(
                flow["questions"],
                json!(["Why are you a nurse?", "Do you mind working at night?"]),
                "{flow:#}"
            );
            assert_eq!(
                (&flow["status"], &flow["current_question"]),
                (&json!("ended"), &json!(2))
            );
            assert_eq!(flow["answers"][1]["transcript"], ENGLISH[1], "{flow:#}");
            let sid = flow["call_sid"].as_str().unwrap();
            let view = platform.twilio.over(sid).await;
            assert!(view["problem"].is_null(), "{view:#}");
            assert_eq!((&view["from"], &view["to"]), (&json!(CLINIC), &json!(ann)));
            has_heard(&view, "This call is recorded.");
            call_is_known(platform, sid, &english).await;

            let results_de = results(platform, &german).await;
            is_judged(&results_de, &GERMAN);
            let it = over(platform, &german).await;
            let view = platform.twilio.over(it["call_sid"].as_str().unwrap()).await;
            assert!(view["problem"].is_null(), "{view:#}");
            let twiml = view["twiml"][0]["body"].as_str().unwrap();
            assert!(twiml.contains("language=\"de-DE\""), "{twiml}");
            assert!(
                !heard(&view).iter().any(|words| words.contains("Thank you")),
                "{view:#}"
            );

            let page = |id: &str| format!("/api/interviews/{id}/results/page");
            let (status, html) = platform.ask(Method::GET, &page(&german), ADMIN, None).await;
            let html = html.as_str().unwrap();
            assert_eq!(status, 200);
            assert!(
                html.contains("Udo &lt;Meier&gt;") && html.contains("Warum pflegen Sie Menschen?"),
                "{html}"
            );
            assert!(
                html.contains("&lt;b&gt;und&lt;/b&gt;") && !html.contains("<b>und</b>"),
                "{html}"
            );
            assert!(
                html.to_lowercase().contains("simul"),
                "what is simulated says so: {html}"
            );
            assert_eq!(
                platform.ask(Method::GET, &page(&german), "", None).await.0,
                401
            );
            twice_is_once(platform, &ann_id, &job_of_ann).await;
        },
    )
    .await;
}

/// Scores, a recommendation, and the recordings that they rest on.
#[track_caller]
fn is_judged(results: &Value, said: &[&str]) {
    assert_eq!(results["outcome"], "completed", "{results:#}");
    assert_eq!(transcripts(results), said);
    let answers = results["answers"].as_array().unwrap();
    answers.iter().for_each(is_scored);
    for answer in answers {
        let sid = answer["recording"]["recording_sid"].as_str().unwrap();
        assert!(sid.starts_with("RE"), "{answer:#}");
    }
    assert!(
        results["overall_score"]
            .as_u64()
            .is_some_and(|it| it <= 100),
        "{results:#}"
    );
    let recommendation = results["recommendation"].as_str().unwrap();
    assert!(
        ["strong_yes", "yes", "maybe", "no"].contains(&recommendation),
        "{results:#}"
    );
    let some = |field: &str| !results[field].as_array().unwrap().is_empty();
    assert!(
        some("strengths") || some("areas_for_improvement"),
        "{results:#}"
    );
}

async fn call_is_known(platform: &LocalPlatform, sid: &str, id: &str) {
    let call = eventually("the call knows its interview's end", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        (call["interview"]["outcome"] == "completed").then_some(call)
    })
    .await;
    assert_eq!(call["interview"]["id"], id, "{call:#}");
    assert_eq!(
        (&call["from"], &call["tenant_id"]),
        (&json!(CLINIC), &json!("clinic"))
    );
    assert!(
        call["direction"].as_str().unwrap().starts_with("outbound"),
        "{call:#}"
    );
    assert!(
        platform
            .find(&format!("/calls/{sid}/timeline"))
            .await
            .is_some()
    );
}

/// A request that is repeated with its key has nobody called again.
async fn twice_is_once(platform: &LocalPlatform, candidate: &str, job: &str) {
    let before = platform.twilio.calls_to(&phone(1)).await.len();
    let url = format!("{}/api/trigger-interview/", platform.url_of("interviews"));
    let ask = async || {
        let body = json!({ "candidate_id": candidate, "job_description_id": job });
        let request = reqwest::Client::new().post(&url).header("X-API-Key", ADMIN);
        let request = request.header("Idempotency-Key", "once").json(&body);
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), 201);
        response.json::<Value>().await.unwrap()["interview_id"].clone()
    };
    let (first, second) = (ask().await, ask().await);
    assert_eq!(first, second);
    over(platform, first.as_str().unwrap()).await;
    assert_eq!(platform.twilio.calls_to(&phone(1)).await.len(), before + 1);
}
