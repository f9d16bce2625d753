//! The programs of docs/api-examples.md and the files of docs/tutorial-flow.md, run as they stand there.

use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;

use super::fixtures::{SMITH, world};
use crate::local_platform::{ADMIN, LocalPlatform, Mode, Plan, behaves, eventually, play, so};

const EXAMPLES: &str = include_str!("../../../../../docs/api-examples.md");
const TUTORIAL: &str = include_str!("../../../../../docs/tutorial-flow.md");

/// What stands in a page's fences of a language.
fn fences(page: &'static str, language: &str) -> Vec<&'static str> {
    let begin = format!("```{language}\n");
    page.split(&begin)
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a fence ends").0)
        .collect()
}

/// The program of the examples in a language.
fn program(language: &str) -> &'static str {
    fences(EXAMPLES, language)[0]
}

async fn runs(platform: &LocalPlatform, program: &str, args: &[&str]) -> String {
    let mut command = Command::new(program);
    command
        .args(args)
        .env("TRUNKLINE_URL", platform.url_of("tenants"))
        .env("TRUNKLINE_API_KEY", ADMIN)
        .env("NUMBER", SMITH)
        .kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(120), command.output());
    let output = output.await.expect("the example ends").unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{program}: {out}\n{err}");
    out
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn examples_of_the_api_run_as_they_stand() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            let told = runs(platform, "bash", &["-euo", "pipefail", "-c", program("sh")]).await;
            assert!(told.contains("\"outcome\":\"missed\""), "{told}");
            let told = runs(platform, "python3", &["-c", program("python")]).await;
            assert!(told.contains("human"), "{told}");
            // The text of the missed call, and the answer, once.
            platform.texted("+15550190901", 2).await;
            platform
                .twilio
                .callee("+15550190902", behaves("busy"))
                .await;
            let told = runs(platform, "node", &["-e", program("js")]).await;
            assert!(told.trim_end().ends_with(" failed"), "{told}");
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tutorial_of_a_flow_runs_as_it_stands() {
    let files = fences(TUTORIAL, "yaml");
    let [business, caller] = files[..] else {
        panic!("two files, not {}", files.len());
    };
    let plan = Plan::new(Mode::Embedded, business)
        .speed("5")
        .fronted()
        .env([("TRUNKLINE_SIMULATED_SPEECH", "on".to_owned())]);
    play(plan, async |platform: &LocalPlatform| {
        eventually("the flow is defined", async || {
            let list = platform.find("/api/flows/").await?;
            so(!list["items"].as_array()?.is_empty())
        })
        .await;
        let script: Value = serde_yaml_ng::from_str(caller).unwrap();
        let [from, number] = ["from", "number"].map(|end| script[end].as_str().unwrap());
        let steps = script["steps"].clone();
        let sid = platform.twilio.call(from, number, steps).await;
        let view = platform.twilio.over(&sid).await;
        assert!(view["problem"].is_null(), "{view:#}");
        eventually("the call knows its interview's end", async || {
            let call = platform.find(&format!("/calls/{sid}")).await?;
            so(call["interview"]["outcome"] == "eligible")
        })
        .await;
    })
    .await;
}
