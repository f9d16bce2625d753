//! What becomes of a dialled phone once it is picked up: screened, connected, sent elsewhere, hung up on.

use serde_json::json;
use twilio_api::NewMessage;

use crate::world::{CALLER, NUMBER, OFFICE, World, eventually};

const SCREENED: &str =
    r#"<Dial action="/dialled"><Number url="/whisper">+15550100002</Number></Dial>"#;
const WHISPER: &str = r#"<Gather numDigits="1" action="/accept" timeout="3"><Say>Press 1 to accept</Say></Gather><Hangup/>"#;

/// A world where who is dialled must press 1 to be connected.
async fn screening() -> World {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", SCREENED)
        .on("/whisper", WHISPER);
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callee_who_presses_one_is_connected() {
    let world = screening().await;
    world.fault(json!({"kind": "callee", "number": OFFICE, "behaviour": "answer", "press": "1"}));
    let call = world.call(json!([])).await;
    let dialled = &world.app.hits("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("completed", "true")
    );
    let whisper = &world.app.hits("/whisper")[0];
    assert_eq!(
        (whisper.get("ParentCallSid"), whisper.get("Direction")),
        (call.sid.as_str(), "outbound-dial")
    );
    let accept = &world.app.hits("/accept")[0];
    assert_eq!(
        (accept.get("Digits"), accept.get("CallSid")),
        ("1", call.legs[0].sid.as_str())
    );
    assert!(call.legs[0].has_heard("press 1"));
    assert!(!call.has_heard("press 1"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn voicemail_that_presses_nothing_is_not_connected() {
    let world = screening().await;
    world.call(json!([])).await;
    let dialled = &world.app.hits("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("completed", "false")
    );
    assert!(world.app.hits("/accept").is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leg_that_is_sent_elsewhere_leaves_the_caller() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Dial action=\"/dialled\">+15550100002</Dial>")
        .on("/dialled", "<Say>Goodbye</Say>")
        .on(
            "/elsewhere",
            "<Say>You are elsewhere</Say><Pause length=\"6000\"/>",
        );
    world.office_talks_on();
    let sid = world.place(json!([]));
    let leg = world.connected(&sid).await;
    world.send_to(&leg, "/elsewhere").await.unwrap();
    let call = world.over(&sid).await;
    assert_eq!(
        (call.outcome, call.has_heard("goodbye")),
        (Some("completed"), true)
    );
    let dialled = &world.app.hits("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("completed", "true")
    );
    assert_eq!(
        (dialled.get("DialCallSid"), dialled.get("CallStatus")),
        (leg.as_str(), "in-progress")
    );
    // The caller is gone, the leg is not.
    eventually("the leg hears its document", || {
        let view = world.handle.view(&leg)?;
        (view.has_heard("elsewhere") && view.status == "in-progress").then_some(())
    })
    .await;
    assert_eq!(world.app.hits("/elsewhere")[0].get("CallSid"), leg);
    assert_eq!(world.hang_up(&leg).await.outcome, Some("completed"));
    assert_eq!(world.hits("/dialled", 1).await.len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_star_ends_the_conversation_and_not_the_call() {
    let world = World::start().await;
    let dial = r#"<Dial action="/dialled" hangupOnStar="true">+15550100002</Dial>"#;
    world
        .number()
        .await
        .on("/voice", dial)
        .on("/dialled", "<Say>Please rate us</Say>");
    world.office_talks_on();
    let steps =
        json!([{"wait_for": "now"}, {"press": "1"}, {"press": "*"}, {"wait_for": "rate us"}]);
    let sid = world.place(steps);
    world.connected(&sid).await;
    // A text message tells the caller that they are connected, however long that took.
    let now = NewMessage {
        to: CALLER.to_owned(),
        from: Some(NUMBER.to_owned()),
        body: Some("now".to_owned()),
        ..NewMessage::default()
    };
    world.client.messages().create(&now).await.unwrap();
    let call = world.over(&sid).await;
    assert_eq!(call.problem, None);
    let dialled = &world.app.hits("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("completed", "true")
    );
    assert!(call.legs[0].duration_s < 6000);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_sent_to_who_picks_up_and_machines_are_told_from_people() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        r#"<Dial><Number sendDigits="ww12">+15550100002</Number></Dial>"#,
    );
    let call = world.call(json!([])).await;
    assert!(call.legs[0].has_heard("ww12"));
    let machine = json!({"kind": "callee", "number": OFFICE, "behaviour": "machine", "talk_s": 30});
    world.fault(machine);
    world.on(
        "/voice",
        r#"<Dial><Number machineDetection="Enable" amdStatusCallback="/amd">+15550100002</Number></Dial>"#,
    );
    let call = world.call(json!([])).await;
    let told = &world.hits("/amd", 1).await[0];
    assert_eq!(
        (told.get("AnsweredBy"), told.get("CallSid")),
        ("machine_start", call.legs[0].sid.as_str())
    );
    world.end().await;
}
