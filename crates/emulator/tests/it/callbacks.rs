use std::collections::HashSet;

use serde_json::json;
use twilio_api::{Call, NewCall};

use crate::app::Hit;
use crate::world::{NUMBER, OFFICE, World, eventually};

async fn place(world: &World) -> Call {
    let call = NewCall {
        to: OFFICE.to_owned(),
        from: NUMBER.to_owned(),
        twiml: Some("<Response><Say>Hello</Say></Response>".to_owned()),
        status_callback: world.at("/progress"),
        status_callback_event: ["initiated", "ringing", "answered", "completed"]
            .map(str::to_owned)
            .to_vec(),
        ..NewCall::default()
    };
    world.client.calls().create(&call).await.unwrap()
}

fn sequence(hits: &[Hit]) -> Vec<&str> {
    hits.iter().map(|hit| hit.get("SequenceNumber")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn progress_is_reported_in_order_with_durations_at_the_end() {
    let world = World::start().await;
    world.number().await;
    let call = place(&world).await;
    let hits = world.hits("/progress", 4).await;
    let statuses: Vec<&str> = hits.iter().map(|hit| hit.get("CallStatus")).collect();
    assert_eq!(
        statuses,
        ["initiated", "ringing", "in-progress", "completed"]
    );
    assert_eq!(sequence(&hits), ["0", "1", "2", "3"]);
    assert!(
        hits.iter()
            .all(|hit| hit.get("CallSid") == call.sid && hit.get("Direction") == "outbound-api")
    );
    assert!(
        hits.iter()
            .all(|hit| hit.get("CallbackSource") == "call-progress-events")
    );
    assert_eq!(
        (hits[2].get("CallDuration"), hits[3].get("Duration")),
        ("(absent)", "1")
    );
    assert!(hits[3].get("Timestamp").ends_with("+0000"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_can_come_twice_with_the_same_token() {
    let world = World::start().await;
    world.number().await;
    world.fault(json!({"kind": "callbacks", "duplicate": true}));
    place(&world).await;
    let hits = world.hits("/progress", 8).await;
    let tokens: HashSet<&str> = hits.iter().map(|hit| hit.token.as_str()).collect();
    assert_eq!((hits.len(), tokens.len()), (8, 4));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_can_come_out_of_order() {
    let world = World::start().await;
    world.number().await;
    world.fault(json!({"kind": "callbacks", "shuffle": true}));
    place(&world).await;
    let hits = world.hits("/progress", 4).await;
    assert_ne!(sequence(&hits), ["0", "1", "2", "3"]);
    let mut sorted = sequence(&hits);
    sorted.sort_unstable();
    assert_eq!(sorted, ["0", "1", "2", "3"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_can_come_late() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Say>Hi</Say>");
    world.fault(json!({"kind": "callbacks", "delay_s": 30}));
    let call = world.call(json!([])).await;
    world.hits("/status", 1).await;
    let logged = || {
        world
            .handle
            .log(0)
            .into_iter()
            .find(|entry| entry.kind == "call-status")
    };
    let entry = eventually("it is in the log", logged).await;
    assert!((entry.at - call.ended.unwrap()).num_seconds() >= 30);
    world.end().await;
}

/// Repeated parameters work, and one value with commas and spaces. One with spaces alone is not taken apart: nothing is told. What is
/// no event is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn status_callback_events_are_read_as_the_rest_api_reads_them() {
    let world = World::start().await;
    world.number().await;
    let url = world.at("/progress").unwrap();
    let create = async |events: &[(&'static str, &str)]| {
        let mut form = vec![
            ("To", OFFICE),
            ("From", NUMBER),
            ("Twiml", "<Response><Say>Hello</Say></Response>"),
            ("StatusCallback", &url),
        ];
        form.extend_from_slice(events);
        world.rest("POST", "/Calls.json", &form).await
    };
    let event = "StatusCallbackEvent";
    let (mut told, each) = (0, ["initiated", "ringing", "answered", "completed"]);
    for events in [
        each.map(|word| (event, word)).to_vec(),
        vec![(event, "initiated, ringing, answered, completed")],
    ] {
        let (status, call) = create(&events).await;
        assert_eq!(status, 201, "{call}");
        world.over(call["sid"].as_str().unwrap()).await;
        told += 4;
        assert_eq!(world.hits("/progress", told).await.len(), told);
    }
    let (status, call) = create(&[(event, "initiated ringing answered completed")]).await;
    assert_eq!(status, 201, "{call}");
    world.over(call["sid"].as_str().unwrap()).await;
    // Whatever is told of a later call is told after what would have been told of this.
    let (_, call) = create(&[(event, "completed")]).await;
    world.over(call["sid"].as_str().unwrap()).await;
    told += 1;
    assert_eq!(world.hits("/progress", told).await.len(), told);
    let notes = world
        .handle
        .log(0)
        .into_iter()
        .filter(|it| it.error_code == Some(21626));
    assert_eq!(notes.count(), 1, "the log says why");

    let recorded = "RecordingStatusCallbackEvent";
    for wrong in [
        (event, "in-progress"),
        (event, "initiated,ringing"),
        (recorded, "failed"),
        (recorded, "in-progress,completed"),
    ] {
        let (status, error) = create(&[wrong]).await;
        assert_eq!(
            (status, &error["code"]),
            (400, &json!(21626)),
            "{wrong:?}: {error}"
        );
    }
    let (status, _) = create(&[(recorded, "in-progress"), (recorded, "absent")]).await;
    assert_eq!(status, 201);
    world.end().await;
}
