//! Calls on a stream that go on in another process, or are run again from what went into them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};

use super::commands::{COMMAND_LIMIT, ends};
use super::fixtures::caller;
use super::interviews::interview;
use super::streams::{LONG_TAPED_BOT, TAPED_BOT, hold, hold_as, outcome, plan};
use crate::local_platform::{
    ADMIN, LocalPlatform, Manner, Mode, NO_SETTINGS, Output, Provider, Work, eventually, run, so,
};

/// The tracks of a call that are there, of a type, the first part first.
fn parts(call: &Value, kind: &str) -> Vec<Value> {
    let all = call["recordings"].as_array().cloned().unwrap_or_default();
    let is_it = |it: &Value| it["recording_type"] == kind && it["status"] == "completed";
    let mut found: Vec<_> = all.into_iter().filter(is_it).collect();
    found.sort_by_key(|it| it["started_at"].as_str().map(str::to_owned));
    found
}

/// `kill -9` when the caller's answer is understood and the next question is on its way to be spoken. In real time: on a line that runs
/// faster there is more sound than there was time, and so none is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_of_a_killed_process_goes_on_in_another_and_nothing_is_paid_twice() {
    let provider = Provider::start();
    let patience = ("TRUNKLINE_SPEECH_DEADLINE_S", "60".to_owned());
    let plan = plan(Mode::Split)
        .rough()
        .speed("1")
        .env(provider.env())
        .env([patience]);
    hold_as(plan, async |platform: &LocalPlatform| {
        let second = platform.replicate("streams").await;
        let spoken = |words: &str| {
            let asked = provider.asked(Work::Speak, words);
            asked.iter().filter(|it| it.well).count()
        };
        // What is sure to be said is spoken into a file before anybody calls; a stream does not look there.
        eventually("the questions are spoken into files", async || {
            so(spoken("monthly income") > 0)
        })
        .await;
        let before = spoken("monthly income");
        // The process that is killed never hears the second question spoken.
        provider.answers(Work::Speak, "monthly income", Manner::Nothing, 1);
        let steps = json!([
            { "wait_for": "salaried employee" }, { "speak": { "text": "yes I am" } },
            { "wait_for": "monthly income" }, { "speak": { "text": "of course" } },
            { "wait_for": "Our team will call you" },
        ]);
        let sid = platform
            .twilio
            .call(&caller(1), LONG_TAPED_BOT, steps)
            .await;
        eventually("the second question is to be spoken", async || {
            let asked = provider.asked(Work::Speak, "monthly income");
            so(asked.iter().any(|it| !it.well))
        })
        .await;
        let front = platform.front.as_ref().unwrap();
        front.lead_sockets_to(second);
        platform.lose("streams", second);
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        assert_eq!(outcome(platform, &sid).await["outcome"], "eligible");
        assert_eq!(interview(platform, &sid).await["kind"], "eligibility");
        // Neither what was understood nor what was spoken before the kill is paid again.
        assert_eq!(provider.transcribed("yes I am"), 1);
        assert_eq!(spoken("monthly income"), before + 1);
        platform.rests();
        each_stream_has_its_end_once(platform, &sid).await;
        recording_says_what_is_missing(platform, &sid).await;
    })
    .await;
}

/// Another process ends the stream that the killed one held, and tells it.
async fn each_stream_has_its_end_once(platform: &LocalPlatform, sid: &str) {
    let ends = async || {
        let timeline = platform.find(&format!("/calls/{sid}/timeline")).await?;
        let lines = timeline["items"].as_array()?.clone();
        let is_end = |it: &Value| it["detail"]["what"] == "the stream ended";
        let details = lines
            .into_iter()
            .filter(is_end)
            .map(|it| it["detail"].clone());
        Some(details.collect::<Vec<Value>>())
    };
    let told = eventually("both streams have ended", async || {
        ends().await.filter(|all| all.len() >= 2)
    })
    .await;
    let reasons: BTreeSet<&str> = told.iter().filter_map(|it| it["reason"].as_str()).collect();
    assert_eq!(reasons, BTreeSet::from(["goodbye", "lost"]), "{told:#?}");
    let streams = platform.get(&format!("/api/streams/calls/{sid}")).await;
    assert_eq!(streams["items"][0]["reason"], "lost", "{streams:#}");
    assert_eq!(ends().await.unwrap().len(), 2);
}

/// What the killed process had recorded comes back with it, and the second part says what is missing in between.
async fn recording_says_what_is_missing(platform: &LocalPlatform, sid: &str) {
    platform.bring_back("streams");
    let path = format!("/calls/{sid}");
    let call = eventually("both parts are stored", async || {
        let call = platform.find(&path).await?;
        let is_whole = |kind: &str| {
            let found = parts(&call, kind);
            found.len() == 2 && (missing(&found).is_object() || !is_time_missing(&found))
        };
        (is_whole("user") && is_whole("assistant")).then_some(call)
    })
    .await;
    for kind in ["user", "assistant"] {
        let found = parts(&call, kind);
        assert!(found[0]["duration_s"].as_f64() > Some(0.0), "{call:#}");
        let missing = missing(&found);
        if missing.is_object() {
            let (from, to) = (missing["from"].as_str(), missing["to"].as_str());
            assert!(from.is_some() && from < to, "{missing}");
            assert_eq!(to, found[1]["started_at"].as_str());
        }
    }
}

/// What the second part says of the time before it.
fn missing(parts: &[Value]) -> &Value {
    &parts[1]["metadata"]["missing_before"]
}

/// Whether the second part begins after the end of the first. On a machine that is so busy that the first sample was seen late, the
/// first part's sound may reach as far as the second part. Both are told to a millisecond.
fn is_time_missing(parts: &[Value]) -> bool {
    let start = |it: &Value| {
        let text = it["started_at"].as_str().unwrap();
        chrono::DateTime::parse_from_rfc3339(text).unwrap()
    };
    let between = start(&parts[1]) - start(&parts[0]);
    between.as_seconds_f64() > parts[0]["duration_s"].as_f64().unwrap() + 0.002
}

async fn replay(platform: &LocalPlatform, sid: &str, more: &[&str]) -> Output {
    let url = platform.url_of("streams");
    let args = [
        "replay",
        sid,
        "--url",
        &url,
        "--api-key",
        ADMIN,
        "--config",
        NO_SETTINGS,
    ];
    run(&[&args, more].concat(), &[], COMMAND_LIMIT).await
}

/// Files of inputs, whole or under way.
fn inputs_below(dir: &Path) -> usize {
    let entries = std::fs::read_dir(dir).unwrap().map(|it| it.unwrap());
    let found = entries.map(|entry| match entry.file_type().unwrap().is_dir() {
        true => inputs_below(&entry.path()),
        false => usize::from(entry.path().extension().is_some_and(|it| it == "inputs")),
    });
    found.sum()
}

pub async fn call_is_run_again_from_its_inputs_until_the_person_is_forgotten(mode: Mode) {
    hold(mode, async |platform: &LocalPlatform| {
        let steps = json!([
            { "wait_for": "salaried employee" }, { "speak": { "text": "yes I am" } },
            { "wait_for": "Our team will call you" },
        ]);
        let sid = platform.twilio.call(&caller(9), TAPED_BOT, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        eventually("the inputs are kept", async || {
            let streams = platform.find(&format!("/api/streams/calls/{sid}")).await?;
            so(streams["items"][0]["inputs"] == true)
        })
        .await;
        assert_eq!(inputs_below(&platform.dir.path().join("data")), 1);
        let file = platform
            .dir
            .path()
            .join("outputs.txt")
            .display()
            .to_string();
        let again = replay(platform, &sid, &["--outputs", &file]).await;
        let words = [
            "the caller: yes I am",
            "byte for byte the outputs of the call",
        ];
        ends(&again, 0, &words);
        let outputs = std::fs::read_to_string(&file).unwrap();
        assert!(outputs.starts_with("ask 1 begin\n"), "{outputs:.200}");
        assert!(outputs.ends_with("end goodbye\n") || outputs.ends_with("end stopped\n"));
        let script = replay(platform, &sid, &["--model", "another"]).await;
        ends(&script, 1, &["only an assistant"]);

        let url = platform.url_of("tenants");
        let args = ["forget", &caller(9), "--url", &url, "--api-key", ADMIN];
        ends(
            &run(&args, &[], COMMAND_LIMIT).await,
            0,
            &["\"status\": \"done\""],
        );
        let gone = replay(platform, &sid, &[]).await;
        assert_eq!(gone.code, Some(1), "{gone:?}");
        assert_eq!(inputs_below(&platform.dir.path().join("data")), 0);
    })
    .await;
}
