//! The coach: a menu, questions written for the caller, feedback that is spoken.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{COACH, GERMAN, world};
use super::{
    answers, coached, has_heard, heard, hold, interview, interview_id, is_scored, keep_secret,
    results, transcripts,
};
use crate::cases::fixtures::caller;
use crate::local_platform::{LocalPlatform, Mode, Plan, eventually};

const SAID: [&str; 5] = [
    "I led a team of five through a large migration.",
    "We lost a server at night and I brought it back.",
    "A colleague and I disagreed on tests and measured it.",
    "I learned to ask for help early in a project.",
    "My plan for next year is to teach younger people.",
];

/// The platform's own voice is tones that the emulator understands, so prompts are played from files.
fn plan(mode: Mode) -> Plan {
    let voice = ("TRUNKLINE_SIMULATED_SPEECH", "on".to_owned());
    Plan::new(mode, &world()).env([voice])
}

pub async fn mock_interview_from_the_menu_to_the_feedback(mode: Mode) {
    hold(plan(mode), async |platform: &LocalPlatform| {
        keep_secret(platform, &SAID);
        let from = caller(1);
        let sid = platform.twilio.call(&from, COACH, coached(&SAID)).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let id = interview_id(platform, &sid).await;
        let results = results(platform, &id).await;
        assert_eq!(
            (&results["kind"], &results["outcome"]),
            (&json!("coach"), &json!("completed")),
            "{results:#}"
        );
        assert_eq!(transcripts(&results), SAID);
        let all = results["answers"].as_array().unwrap();
        all.iter().for_each(is_scored);
        let mut questions: Vec<&str> = all
            .iter()
            .map(|it| it["question"].as_str().unwrap())
            .collect();
        for question in &questions {
            has_heard(&view, question);
        }
        questions.sort_unstable();
        questions.dedup();
        assert_eq!(questions.len(), 5, "no question comes twice: {results:#}");
        let feedback = results["feedback"].as_str().unwrap();
        has_heard(&view, feedback);
        assert!(
            results["overall_score"].is_u64() && results["simulated"] == true,
            "{results:#}"
        );
        assert!(
            results["recommendation"].is_null(),
            "a coach recommends nobody: {results:#}"
        );
        call_knows_it(platform, &sid, &id).await;
        prompts_are_files(platform, &view).await;

        // By speech, and from another call: the feedback of the first.
        let steps = json!([
            { "wait_for": "press or say 1" },
            { "speak": { "text": "the feedback on my last interview" } },
            { "wait_for": "Here is the feedback on your last interview." },
            { "wait_for": feedback },
            { "wait_for": "press or say 1" },
            { "press": "3" },
            { "wait_for": "Goodbye!" },
        ]);
        let sid = platform.twilio.call(&from, COACH, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        let second = super::over(platform, &interview_id(platform, &sid).await).await;
        assert_eq!(second["outcome"], "completed", "{second:#}");
    })
    .await;
}

/// What calls says of it.
async fn call_knows_it(platform: &LocalPlatform, sid: &str, id: &str) {
    let call = eventually("the call knows its interview's end", async || {
        let call = platform.find(&format!("/calls/{sid}")).await?;
        (call["interview"]["outcome"] == "completed").then_some(call)
    })
    .await;
    assert_eq!(call["interview"]["id"], id, "{call:#}");
    assert_eq!(call["interview"]["flow"], "coach", "{call:#}");
    assert_eq!(call["tenant_id"], "coaching", "{call:#}");
}

/// Prompts are played, from files that may be kept and asked for in part.
async fn prompts_are_files(platform: &LocalPlatform, view: &Value) {
    let played = view["heard"].as_array().unwrap().iter();
    let played = played.filter(|it| it["kind"] == "play");
    assert!(played.count() >= 1, "{view:#}");
    let bodies = view["twiml"].as_array().unwrap().iter();
    let mut paths = bodies.filter_map(|it| {
        let (_, rest) = it["body"].as_str()?.split_once("/audio/")?;
        Some(format!("/audio/{}", rest.split_once('<')?.0))
    });
    let url = format!("{}{}", platform.url_of("ingress"), paths.next().unwrap());
    let http = reqwest::Client::new();
    let whole = http.get(&url).send().await.unwrap();
    assert_eq!(whole.status().as_u16(), 200, "public: {url}");
    let kind = whole.headers()["content-type"].to_str().unwrap().to_owned();
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    let bytes = whole.bytes().await.unwrap();
    match kind.as_str() {
        "audio/wav" | "audio/x-wav" => assert!(bytes.starts_with(b"RIFF")),
        "audio/mpeg" => assert!(bytes.starts_with(b"ID3") || bytes[0] == 0xff),
        other => panic!("Twilio plays no {other}"),
    }
    let part = http
        .get(&url)
        .header("Range", "bytes=4-7")
        .send()
        .await
        .unwrap();
    assert_eq!(part.status().as_u16(), 206);
    assert_eq!(part.bytes().await.unwrap(), bytes.slice(4..8));
    let known = http
        .get(&url)
        .header("If-None-Match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(known.status().as_u16(), 304);
    let absent = platform
        .ask(
            Method::GET,
            "/audio/0123456789abcdef0123456789abcdef.wav",
            "",
            None,
        )
        .await;
    // A prompt that is not there would end the call: the caller hears a moment of silence.
    assert_eq!(absent.0, 200);
}

pub async fn menu_by_key_by_word_and_by_silence(mode: Mode) {
    hold(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            // Nothing to hear yet; then silence, asked twice and let go.
            let steps = json!([
                { "wait_for": "press or say 1" },
                { "press": "2" },
                { "wait_for": "There is no feedback for you yet." },
                { "wait_for": "Sorry, I did not get that." },
                { "wait_for": "Sorry, I did not get that." },
                { "wait_for": "Goodbye!" },
            ]);
            let silent = platform.twilio.call(&caller(2), COACH, steps).await;
            let quits = json!([
                { "wait_for": "press or say 1" },
                { "speak": { "text": "what is this" } },
                { "wait_for": "Sorry, I did not get that." },
                { "speak": { "text": "quit" } },
                { "wait_for": "Goodbye!" },
            ]);
            let quits = platform.twilio.call(&caller(3), COACH, quits).await;
            // In German, from the number's own flow and its tenant's language.
            let said = "Ich habe ein Team von f\u{fc}nf Leuten geleitet.";
            keep_secret(platform, &[said]);
            let mut steps = vec![
                json!({ "wait_for": "dr\u{fc}cken oder sagen Sie 1" }),
                json!({ "speak": { "text": "Probeinterview" } }),
            ];
            steps.extend(answers(&[said]));
            steps.push(json!({ "wait_for": "Vielen Dank f\u{fc}r das Gespr\u{e4}ch." }));
            let german = platform.twilio.call(&caller(4), GERMAN, json!(steps)).await;

            for sid in [&silent, &quits, &german] {
                let view = platform.twilio.over(sid).await;
                assert!(view["problem"].is_null(), "{view:#}");
            }
            for sid in [&silent, &quits] {
                let it = super::over(platform, &interview_id(platform, sid).await).await;
                assert_eq!(it["outcome"], "abandoned", "{it:#}");
            }
            let view = platform.twilio.view(&german).await;
            let first = view["twiml"][0]["body"].as_str().unwrap();
            assert!(first.contains("language=\"de-DE\""), "{first}");
            assert!(
                !heard(&view).iter().any(|it| it.contains("press or say")),
                "{view:#}"
            );
            let id = interview_id(platform, &german).await;
            let results = results(platform, &id).await;
            assert_eq!(transcripts(&results), [said], "{results:#}");
            let it = interview(platform, &german).await;
            assert_eq!(
                (&it["flow"], &it["tenant_id"]),
                (&json!("kurz"), &json!("training"))
            );
        },
    )
    .await;
}
