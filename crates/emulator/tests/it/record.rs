use audio::{Encoding, Sound, speech};
use serde_json::{Value, json};
use twilio_api::NewCall;

use crate::world::{NUMBER, OFFICE, World};

const ANSWER: &str = "I led a team of five through a migration";

/// Says "Question", records with these attributes, and thanks.
async fn asks(world: &World, attributes: &str) {
    let record = format!(
        "<Say>Question</Say><Record action=\"/done?n=1&amp;of=2\" recordingStatusCallback=\"/rec\" {attributes}/>"
    );
    world.number().await.on("/voice", &record);
    world.on("/done", "<Say>Thank you</Say>");
}

fn answers() -> Value {
    json!([{"wait_for": "question"}, {"speak": {"text": ANSWER, "seconds": 12}}, {"wait_for": "thank you"}])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answer_is_recorded_until_silence() {
    let world = World::start().await;
    asks(
        &world,
        "timeout=\"3\" recordingStatusCallbackEvent=\"in-progress completed\"",
    )
    .await;
    let call = world.call(answers()).await;
    assert_eq!(call.problem, None);
    assert!(call.has_heard("beep"));
    let done = &world.app.hits("/done")[0];
    let sid = done.get("RecordingSid");
    assert_eq!(
        (done.get("RecordingDuration"), done.get("Digits")),
        ("15", "")
    );
    assert_eq!(
        (done.get("n"), done.query.as_str()),
        ("(absent)", "n=1&of=2")
    );
    assert!(
        sid.starts_with("RE")
            && done
                .get("RecordingUrl")
                .ends_with(&format!("/Recordings/{sid}"))
    );
    let told = world.hits("/rec", 2).await;
    let statuses: Vec<&str> = told.iter().map(|hit| hit.get("RecordingStatus")).collect();
    assert_eq!(statuses, ["in-progress", "completed"]);
    let last = &told[1];
    assert_eq!(
        (last.get("RecordingDuration"), last.get("RecordingSource")),
        ("12", "RecordVerb")
    );
    assert_eq!(
        (last.get("RecordingChannels"), last.get("From")),
        ("1", "(absent)")
    );
    assert_eq!(
        (last.get("CallSid"), last.get("RecordingTrack")),
        (call.sid.as_str(), "(absent)")
    );
    let sound = world.recorded(sid).await;
    // What is trimmed is the breath after the last word.
    assert_eq!(
        (sound.seconds().ceil(), sound.heard().as_deref()),
        (12.0, Some(ANSWER))
    );
    let view = world.handle.view(&call.sid).unwrap();
    assert_eq!(
        (&view.recorded[0]["words"], &view.recorded[0]["duration_s"]),
        (&json!(ANSWER), &json!(12))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_or_the_limit_ends_it() {
    let world = World::start().await;
    asks(&world, "finishOnKey=\"#\" playBeep=\"false\" timeout=\"0\"").await;
    let call = world
        .call(json!([{"wait_for": "question"}, {"speak": {"text": ANSWER, "seconds": 12}}, {"press": "5#"}]))
        .await;
    assert!(!call.has_heard("beep"));
    let done = &world.app.hits("/done")[0];
    assert_eq!(
        (done.get("Digits"), done.get("RecordingDuration")),
        ("#", "12")
    );
    world.on(
        "/voice",
        "<Say>Question</Say><Record action=\"/done\" maxLength=\"4\"/>",
    );
    world.call(answers()).await;
    let done = &world.app.hits("/done")[1];
    assert_eq!(
        (done.get("Digits"), done.get("RecordingDuration")),
        ("", "4")
    );
    let sound = world.recorded(done.get("RecordingSid")).await;
    assert!(sound.seconds() <= 4.0 && ANSWER.starts_with(&sound.heard().unwrap()));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pauses_are_as_long_as_the_script_has_them() {
    let world = World::start().await;
    // Longer than the pauses even where this machine is slow.
    asks(&world, "timeout=\"60\" trim=\"do-not-trim\"").await;
    world
        .call(json!([{"wait_for": "beep"}, {"pause": {"seconds": 2}}, {"speak": {"text": "yes", "seconds": 3}},
            {"pause": {"seconds": 1}}, {"speak": {"text": "indeed", "seconds": 1}}]))
        .await;
    let sound = world
        .recorded(world.app.hits("/done")[0].get("RecordingSid"))
        .await;
    assert_eq!(
        (sound.seconds(), sound.heard().as_deref()),
        (67.0, Some("yes indeed"))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_hangs_up_at_once_has_recorded_nothing() {
    let world = World::start().await;
    asks(
        &world,
        "timeout=\"60\" recordingStatusCallbackEvent=\"completed absent\"",
    )
    .await;
    let call = world
        .call(json!([{"wait_for": "beep"}, {"hang_up": {}}]))
        .await;
    let done = &world.hits("/done", 1).await[0];
    assert_eq!(
        (done.get("Digits"), done.get("CallStatus")),
        ("hangup", "completed")
    );
    assert_eq!(done.get("RecordingDuration"), "0");
    let told = world.hits("/rec", 1).await;
    assert_eq!(told[0].get("RecordingStatus"), "absent");
    assert!(!world.handle.view(&call.sid).unwrap().has_heard("thank you"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_action_it_goes_in_circles_and_says_so() {
    let world = World::seeded(7, 1000.0).await;
    world.number().await.on("/voice", "<Record timeout=\"1\"/>");
    let call = world.call(json!([])).await;
    assert_eq!(call.outcome, Some("completed"));
    let hits = world.app.hits("/voice");
    assert_eq!((hits.len(), hits[1].get("RecordingDuration")), (25, "1"));
    let remarks: Vec<String> = world
        .handle
        .log(0)
        .iter()
        .filter(|entry| entry.kind == "record")
        .filter_map(|entry| entry.error.clone())
        .collect();
    assert!(remarks[0].contains("no action") && remarks[1].contains("25 times"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_can_be_spoken_and_a_missing_one_is_a_problem() {
    let world = World::start().await;
    asks(&world, "timeout=\"2\"").await;
    let file = std::env::temp_dir().join(format!("emulator-{}.wav", std::process::id()));
    let wide = Sound {
        rate: 16_000,
        channels: 1,
        samples: vec![9_000; 48_000],
    };
    std::fs::write(&file, wide.to_wav(Encoding::Pcm16).unwrap()).unwrap();
    let call = world
        .call(json!([{"wait_for": "question"}, {"speak": {"wav": file, "text": "three seconds of hum"}}]))
        .await;
    assert_eq!(
        (call.problem, call.said[0].as_str()),
        (None, "three seconds of hum")
    );
    let sound = world
        .recorded(world.app.hits("/done")[0].get("RecordingSid"))
        .await;
    assert_eq!((sound.seconds(), sound.heard()), (3.0, None));
    std::fs::remove_file(&file).unwrap();
    let call = world
        .call(json!([{"wait_for": "question"}, {"speak": {"wav": file}}]))
        .await;
    assert!(call.problem.unwrap().contains("cannot be spoken"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_recordings_are_told_can_come_out_of_order_and_twice() {
    let world = World::start().await;
    world.fault(json!({"kind": "callbacks", "shuffle": true, "duplicate": true, "delay_s": 2}));
    asks(
        &world,
        "timeout=\"2\" recordingStatusCallbackEvent=\"in-progress completed\"",
    )
    .await;
    world.call(answers()).await;
    let told = world.hits("/rec", 4).await;
    let statuses: Vec<&str> = told.iter().map(|hit| hit.get("RecordingStatus")).collect();
    assert_eq!(
        statuses,
        ["completed", "completed", "in-progress", "in-progress"]
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_seed_records_the_same() {
    let mut files = Vec::new();
    for _ in 0..2 {
        let world = World::seeded(11, 50.0).await;
        asks(&world, "timeout=\"2\" trim=\"do-not-trim\"").await;
        world.call(answers()).await;
        let sid = world.app.hits("/done")[0].get("RecordingSid").to_owned();
        files.push((world.recorded(&sid).await, sid));
        world.end().await;
    }
    assert!(files[0] == files[1]);
    assert!(files[0].0.samples.starts_with(&speech(ANSWER, Some(12.0))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_called_can_be_recorded_too() {
    let world = World::start().await;
    asks(&world, "timeout=\"9\"").await;
    world.fault(json!({"kind": "callee", "number": OFFICE, "steps": [
        {"wait_for": "question"}, {"speak": {"text": ANSWER, "seconds": 5}}, {"press": "7"}, {"wait_for": "thank you"}]}));
    let call = NewCall {
        to: OFFICE.to_owned(),
        from: NUMBER.to_owned(),
        url: world.at("/voice"),
        record: Some(true),
        recording_channels: Some("dual".to_owned()),
        status_callback: world.at("/progress"),
        ..NewCall::default()
    };
    let sid = world.client.calls().create(&call).await.unwrap().sid;
    let view = world.over(&sid).await;
    assert_eq!((view.problem, view.pressed.as_str()), (None, "7"));
    let done = &world.app.hits("/done")[0];
    assert_eq!(
        (done.get("Digits"), done.get("RecordingDuration")),
        ("7", "5")
    );
    assert_eq!(
        world
            .recorded(done.get("RecordingSid"))
            .await
            .heard()
            .as_deref(),
        Some(ANSWER)
    );
    // And the whole call, each side on a channel of its own.
    assert_eq!(view.recorded[0]["source"], json!("OutboundAPI"));
    let whole = world
        .recorded(view.recorded[0]["sid"].as_str().unwrap())
        .await;
    assert_eq!(audio::heard(&whole.channel(0)).as_deref(), Some(ANSWER));
    assert_eq!(
        audio::heard(&whole.channel(1)).as_deref(),
        Some("Question Thank you")
    );
    // Which the last status callback has told already.
    let told = &world.hits("/progress", 1).await[0];
    let sid = told.get("RecordingSid");
    assert_eq!(view.recorded[0]["sid"], json!(sid));
    assert!(
        told.get("RecordingUrl")
            .ends_with(&format!("/Recordings/{sid}"))
    );
    let seconds: i64 = told.get("RecordingDuration").parse().unwrap();
    assert!((5..=view.duration_s + 1).contains(&seconds), "{seconds} s");
    world.end().await;
}
