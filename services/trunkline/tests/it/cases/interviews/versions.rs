//! Flows and their versions: a running interview keeps its own.

use serde_json::{Value, json};

use super::fixtures::{SHORT, SHORT_QUESTIONS, world};
use super::{answers, coached, hold, interview_id, results};
use crate::cases::fixtures::caller;
use crate::local_platform::{LocalPlatform, Mode, Plan, eventually};

const NEW: [&str; 2] = ["What did you do?", "Why did you do it?"];

async fn version(platform: &LocalPlatform, wanted: u64) -> Value {
    eventually(&format!("version {wanted} of the flow"), async || {
        let flow = platform.find("/api/flows/short?tenant=coaching").await?;
        (flow["version"] == wanted).then_some(flow)
    })
    .await
}

async fn questions(platform: &LocalPlatform, sid: &str) -> (Vec<String>, Value) {
    let it = results(platform, &interview_id(platform, sid).await).await;
    let all = it["answers"].as_array().unwrap().iter();
    let questions = all.map(|it| it["question"].as_str().unwrap().to_owned());
    (questions.collect(), it["flow_version"].clone())
}

pub async fn running_interview_keeps_its_version(mode: Mode) {
    hold(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            version(platform, 1).await;
            // The same document again: nothing is new.
            let file = platform.dir.path().join("world.yaml").display().to_string();
            let applied = platform.apply(&file).await;
            assert_eq!(applied.code, Some(0), "{applied:?}");
            assert!(applied.out.contains("= flow short"), "{applied:?}");

            let said = ["I think before I speak.", "It takes me a while."];
            let mut steps = vec![
                json!({ "wait_for": "press or say 1" }),
                json!({ "press": "1" }),
                json!({ "wait_for": "beep" }),
                // Meanwhile the flow changes: two seconds at this speed, and the case waits for it below.
                json!({ "speak": { "text": said[0] } }),
                json!({ "pause": { "seconds": 50 } }),
                json!({ "press": "#" }),
            ];
            steps.extend(answers(&said[1..]));
            let running = platform.twilio.call(&caller(1), SHORT, json!(steps)).await;
            let id = interview_id(platform, &running).await;
            let text = std::fs::read_to_string(&file).unwrap();
            let text = text
                .replace(SHORT_QUESTIONS[0], NEW[0])
                .replace(SHORT_QUESTIONS[1], NEW[1]);
            let changed = platform.dir.path().join("changed.yaml");
            std::fs::write(&changed, text).unwrap();
            let applied = platform.apply(&changed.display().to_string()).await;
            assert!(applied.out.contains("~ flow short"), "{applied:?}");
            assert!(applied.out.contains("= flow nurses"), "{applied:?}");
            version(platform, 2).await;
            let next = platform
                .twilio
                .call(&caller(2), SHORT, coached(&said))
                .await;

            platform.twilio.over(&running).await;
            assert_eq!(
                questions(platform, &running).await,
                (SHORT_QUESTIONS.map(str::to_owned).to_vec(), json!(1))
            );
            platform.twilio.over(&next).await;
            assert_eq!(
                questions(platform, &next).await,
                (NEW.map(str::to_owned).to_vec(), json!(2))
            );
            let old = platform
                .get("/api/flows/short?tenant=coaching&version=1")
                .await;
            assert_eq!(
                old["definition"]["questions"][0]["ask"], SHORT_QUESTIONS[0],
                "{old:#}"
            );
            bad_flow_changes_nothing(platform, &id).await;
        },
    )
    .await;
}

async fn bad_flow_changes_nothing(platform: &LocalPlatform, id: &str) {
    let bad = platform.dir.path().join("bad.yaml");
    let text = "flows:\n- {name: short, tenant: coaching, kind: coach, questions: [\"Fine?\", \"\"]}\n- {name: other, kind: robot}\n";
    std::fs::write(&bad, text).unwrap();
    let refused = platform.apply(&bad.display().to_string()).await;
    assert_ne!(refused.code, Some(0), "{refused:?}");
    let told = format!("{}{}", refused.out, refused.err);
    assert!(
        told.contains("flows[0].questions[1].ask") && told.contains("flows[1].kind"),
        "{told}"
    );
    version(platform, 2).await;
    let (status, _) = platform
        .post(&format!("/api/interviews/{id}/flow/"), json!({}))
        .await;
    assert_eq!(status, 409, "what is over cannot be moved on");
}
