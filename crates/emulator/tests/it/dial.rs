use serde_json::json;

use crate::world::{CALLER, NUMBER, OFFICE, World};

/// Longer than any machine needs to hang up.
const RINGS_ON: &str = r#"<Dial timeout="600" action="/dialled">+15550100002</Dial>"#;
const FORWARD: &str = r#"<Dial timeout="20" action="/dialled">+15550100002</Dial>"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answered_call_is_connected_and_reported_once() {
    let world = World::start().await;
    world.number().await.on("/voice", FORWARD);
    let call = world.call(json!([])).await;
    assert_eq!(call.outcome, Some("completed"));
    assert_eq!(call.legs.len(), 1);
    assert_eq!(
        (call.legs[0].to.as_str(), call.legs[0].status),
        (OFFICE, "completed")
    );

    let voice = &world.app.hits("/voice")[0];
    assert_eq!((voice.get("From"), voice.get("To")), (CALLER, NUMBER));
    assert_eq!(
        (voice.get("CallStatus"), voice.get("Direction")),
        ("ringing", "inbound")
    );
    assert_eq!(
        (voice.get("CallSid"), voice.get("ApiVersion")),
        (call.sid.as_str(), "2010-04-01")
    );
    assert_eq!(voice.get("ToCity"), "");

    let dialled = &world.hits("/dialled", 1).await[0];
    assert_eq!(dialled.get("CallSid"), call.sid);
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("completed", "true")
    );
    assert_eq!(
        (dialled.get("DialCallSid"), dialled.get("CallDuration")),
        (call.legs[0].sid.as_str(), "(absent)")
    );
    assert!(dialled.get("DialCallDuration").parse::<u32>().unwrap() >= 5);

    let status = &world.hits("/status", 1).await[0];
    assert_eq!(
        (status.get("CallStatus"), status.get("CallSid")),
        ("completed", call.sid.as_str())
    );
    assert!(status.get("CallDuration").parse::<u32>().unwrap() >= 7);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phone_that_nobody_picks_up_rings_five_seconds_longer() {
    let world = World::start().await;
    world.number().await.on("/voice", FORWARD);
    world.office("no-answer");
    let call = world.call(json!([])).await;
    let dialled = &world.app.hits("/dialled")[0];
    assert_eq!(
        (dialled.get("DialCallStatus"), dialled.get("DialBridged")),
        ("no-answer", "false")
    );
    assert_eq!(dialled.get("DialCallDuration"), "(absent)");
    assert!(call.duration_s >= 25, "{} s", call.duration_s);
    assert_eq!(call.legs[0].status, "no-answer");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn busy_and_failed_phones_say_so() {
    let world = World::start().await;
    world.number().await.on("/voice", FORWARD);
    for behaviour in ["busy", "failed"] {
        world.office(behaviour);
        world.call(json!([])).await;
        assert_eq!(
            world
                .app
                .hits("/dialled")
                .last()
                .unwrap()
                .get("DialCallStatus"),
            behaviour
        );
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_hangs_up_while_it_rings() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", RINGS_ON)
        .on("/dialled", "<Say>nobody hears this</Say>");
    world.office("no-answer");
    let call = world.call(json!([{"hang_up": {}}])).await;
    assert_eq!(call.outcome, Some("completed"));
    assert_eq!(call.legs[0].status, "canceled");
    let dialled = &world.hits("/dialled", 1).await[0];
    assert_eq!(
        (dialled.get("CallStatus"), dialled.get("DialCallStatus")),
        ("completed", "canceled")
    );
    world.hits("/status", 1).await;
    assert!(call.heard.is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_answer_on_bridge_a_caller_who_hangs_up_early_was_never_answered() {
    let world = World::start().await;
    let dial = RINGS_ON.replace("action", "answerOnBridge=\"true\" action");
    world.number().await.on("/voice", &dial);
    world.office("no-answer");
    let call = world.call(json!([{"hang_up": {}}])).await;
    assert_eq!(call.outcome, Some("no-answer"));
    assert_eq!(world.hits("/status", 1).await[0].get("CallDuration"), "0");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_phones_that_ring_at_once_the_first_to_answer_wins() {
    let world = World::start().await;
    let dial = r#"<Dial action="/dialled"><Number statusCallback="/leg" statusCallbackEvent="initiated ringing answered completed">+15550100002</Number>
        <Number statusCallback="/leg">+15550100003</Number></Dial>"#;
    world.number().await.on("/voice", dial);
    world.fault(
        json!({"kind": "callee", "number": "+15550100003", "behaviour": "answer", "after_s": 600}),
    );
    let call = world.call(json!([])).await;
    assert_eq!(
        call.legs.iter().map(|leg| leg.status).collect::<Vec<_>>(),
        ["completed", "canceled"]
    );
    assert_eq!(
        world.app.hits("/dialled")[0].get("DialCallSid"),
        call.legs[0].sid
    );
    let mut reports: Vec<(String, String)> = world
        .hits("/leg", 5)
        .await
        .iter()
        .map(|hit| (hit.get("To").to_owned(), hit.get("CallStatus").to_owned()))
        .collect();
    reports.sort();
    let of = |number: &str| -> Vec<String> {
        reports
            .iter()
            .filter(|(to, _)| to == number)
            .map(|(_, status)| status.clone())
            .collect()
    };
    assert_eq!(
        of(OFFICE),
        ["completed", "in-progress", "initiated", "ringing"]
    );
    assert_eq!(of("+15550100003"), ["canceled"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_after_the_other_when_told_so() {
    let world = World::start().await;
    let dial = r#"<Dial action="/dialled" sequential="true"><Number>+15550100002</Number><Number>+15550100003</Number></Dial>"#;
    world.number().await.on("/voice", dial);
    world.office("busy");
    let call = world.call(json!([])).await;
    assert_eq!(
        call.legs.iter().map(|leg| leg.status).collect::<Vec<_>>(),
        ["busy", "completed"]
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_action_the_next_verb_runs() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Dial>+15550100002</Dial><Say>Thank you for calling</Say>",
    );
    let call = world.call(json!([])).await;
    assert!(call.has_heard("thank you"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_phone_number_cannot_be_dialled() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Dial action=\"/dialled\">the office</Dial>");
    world.call(json!([])).await;
    assert_eq!(
        world.app.hits("/dialled")[0].get("DialCallStatus"),
        "failed"
    );
    assert_eq!(world.errors(), [13223]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundred_calls_at_once_each_come_to_their_end() {
    // Slow enough that a busy machine does not make the phones ring out.
    let world = World::seeded(7, 10.0).await;
    world.number().await.on("/voice", FORWARD);
    let sids: Vec<String> = (0..100).map(|_| world.place(json!([]))).collect();
    for sid in &sids {
        assert_eq!(world.over(sid).await.outcome, Some("completed"));
    }
    let dialled = world.hits("/dialled", 100).await;
    assert!(
        dialled
            .iter()
            .all(|hit| hit.get("DialCallStatus") == "completed")
    );
    assert_eq!(world.hits("/status", 100).await.len(), 100);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn phone_rings_for_ten_minutes_at_most() {
    let world = World::seeded(7, 1000.0).await;
    let dial = FORWARD.replace("20", "60000");
    world.number().await.on("/voice", &dial);
    world.office("no-answer");
    let call = world.call(json!([])).await;
    assert!(call.duration_s >= 605, "{} s", call.duration_s);
    assert_eq!(
        world.app.hits("/dialled")[0].get("DialCallStatus"),
        "no-answer"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_number_of_the_call_or_the_account_can_be_shown() {
    let world = World::start().await;
    world.number().await;
    let dial = |number: &str| {
        format!(r#"<Dial action="/dialled" callerId="{number}">+15550100002</Dial>"#)
    };
    for number in [CALLER, NUMBER] {
        world.on("/voice", &dial(number));
        assert_eq!(world.call(json!([])).await.legs[0].from, number);
    }
    assert!(world.errors().is_empty());
    world.on("/voice", &dial("+15550107777"));
    let call = world.call(json!([])).await;
    assert!(call.legs.is_empty());
    let dialled = world.app.hits("/dialled").pop().unwrap();
    assert_eq!(dialled.get("DialCallStatus"), "failed");
    assert_eq!(world.errors(), [13214]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_of_a_dial_is_not_carried_out_is_said() {
    let world = World::start().await;
    let dial = r#"<Dial ringTone="it" referUrl="/refer"><Number>+15550100002</Number></Dial>"#;
    world.number().await.on("/voice", dial);
    let call = world.call(json!([])).await;
    let said: Vec<&str> = call
        .timeline
        .iter()
        .filter(|moment| moment.kind == "unsupported")
        .map(|moment| moment.text.as_str())
        .collect();
    assert_eq!(
        said,
        [
            "<Dial>: ringTone has no effect here",
            "<Dial>: referUrl has no effect here"
        ]
    );
    assert_eq!(call.legs[0].status, "completed");
    world.end().await;
}
