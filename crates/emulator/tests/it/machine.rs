use serde_json::{Value, json};
use twilio_api::NewCall;

use crate::world::{NUMBER, OFFICE, World};

async fn call(world: &World, callee: Value, wish: NewCall) -> (String, String) {
    world.on("/interview", "<Say>Hello</Say><Pause length=\"20\"/>");
    world.fault(callee);
    let wish = NewCall {
        to: OFFICE.to_owned(),
        from: NUMBER.to_owned(),
        url: world.at("/interview"),
        ..wish
    };
    let sid = world.client.calls().create(&wish).await.unwrap().sid;
    world.over(&sid).await;
    let (_, fetched) = world.rest("GET", &format!("/Calls/{sid}.json"), &[]).await;
    let asked = world.app.hits("/interview").pop().unwrap();
    let known = fetched["answered_by"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    (asked.get("AnsweredBy").to_owned(), known)
}

fn detecting(how: &str) -> NewCall {
    NewCall {
        machine_detection: Some(how.to_owned()),
        ..NewCall::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twiml_is_asked_for_once_it_is_known_who_answered() {
    let world = World::start().await;
    world.number().await;
    let machine = |beep: bool| json!({"kind": "callee", "number": OFFICE, "behaviour": "machine", "greeting_s": 4, "beep": beep});
    let human = json!({"kind": "callee", "number": OFFICE, "behaviour": "answer"});
    for (callee, how, who) in [
        (human.clone(), "Enable", "human"),
        (human, "DetectMessageEnd", "human"),
        (machine(true), "Enable", "machine_start"),
        (machine(true), "DetectMessageEnd", "machine_end_beep"),
        (machine(false), "DetectMessageEnd", "machine_end_silence"),
    ] {
        let (asked, known) = call(&world, callee, detecting(how)).await;
        assert_eq!((asked.as_str(), known.as_str()), (who, who));
    }
    let undetected = call(&world, machine(true), NewCall::default()).await;
    assert_eq!(undetected, ("(absent)".to_owned(), String::new()));
    let with_keys = NewCall {
        send_digits: Some("1".to_owned()),
        ..detecting("Enable")
    };
    assert_eq!(call(&world, machine(true), with_keys).await.0, "(absent)");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answered_can_be_told_meanwhile() {
    let world = World::start().await;
    world.number().await;
    let callee =
        json!({"kind": "callee", "number": OFFICE, "behaviour": "machine", "greeting_s": 4});
    let wish = NewCall {
        async_amd: Some(true),
        async_amd_status_callback: world.at("/amd"),
        ..detecting("DetectMessageEnd")
    };
    let (asked, known) = call(&world, callee, wish).await;
    assert_eq!(
        (asked.as_str(), known.as_str()),
        ("(absent)", "machine_end_beep")
    );
    let told = &world.hits("/amd", 1).await[0];
    assert_eq!(told.get("AnsweredBy"), "machine_end_beep");
    assert_eq!(
        (told.get("MachineDetectionDuration"), told.get("From")),
        ("5000", "(absent)")
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_sent_before_the_twiml_runs() {
    let world = World::start().await;
    world.number().await.on("/interview", "<Say>Hello</Say>");
    let wish = NewCall {
        to: OFFICE.to_owned(),
        from: NUMBER.to_owned(),
        url: world.at("/interview"),
        send_digits: Some("ww12#".to_owned()),
        ..NewCall::default()
    };
    let sid = world.client.calls().create(&wish).await.unwrap().sid;
    let view = world.over(&sid).await;
    let heard: Vec<&str> = view
        .heard
        .iter()
        .filter_map(|heard| heard["text"].as_str())
        .collect();
    assert_eq!(heard, ["ww12#", "Hello"]);
    world.end().await;
}
