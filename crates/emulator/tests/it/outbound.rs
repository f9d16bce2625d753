use serde_json::json;
use twilio_api::{Call, CallFilter, CallStatus, NewCall};

use crate::app::Answer;
use crate::world::{NUMBER, OFFICE, World};

fn to_office(world: &World) -> NewCall {
    NewCall {
        to: OFFICE.to_owned(),
        from: NUMBER.to_owned(),
        url: world.at("/interview"),
        status_callback: world.at("/progress"),
        ..NewCall::default()
    }
}

async fn place(world: &World, call: &NewCall) -> Call {
    world.client.calls().create(call).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_placed_by_the_api_runs_its_twiml_with_the_person_who_answers() {
    let world = World::start().await;
    world.number().await.on(
        "/interview",
        "<Gather numDigits=\"1\" action=\"/answer\"><Say>Are you ready</Say></Gather>",
    );
    world.on("/answer", "<Say>Good</Say>");
    world.fault(
        json!({"kind": "callee", "number": OFFICE, "behaviour": "answer",
        "steps": [{"wait_for": "ready"}, {"press": "1"}, {"wait_for": "good"}]}),
    );
    let created = place(&world, &to_office(&world)).await;
    assert_eq!(
        (created.status.clone(), created.direction.as_str()),
        (CallStatus::Queued, "outbound-api")
    );
    let view = world.over(&created.sid).await;
    assert_eq!((view.outcome, view.problem), (Some("completed"), None));
    let first = &world.app.hits("/interview")[0];
    assert_eq!(
        (first.get("CallStatus"), first.get("Direction")),
        ("in-progress", "outbound-api")
    );
    assert_eq!(world.app.hits("/answer")[0].get("Digits"), "1");
    let ended = &world.hits("/progress", 1).await[0];
    assert_eq!(
        (ended.get("CallStatus"), ended.get("RecordingSid")),
        ("completed", "(absent)")
    );
    let (_, shown) = world
        .rest("GET", &format!("/Calls/{}.json", created.sid), &[])
        .await;
    assert_eq!(shown["price"], json!("-0.01300"));
    let fetched = world.client.calls().fetch(&created.sid).await.unwrap();
    assert_eq!(fetched.status, CallStatus::Completed);
    assert!(
        fetched.duration_s.unwrap() > 0
            && fetched.start_time.is_some()
            && fetched.end_time.is_some()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_nobody_takes_ends_as_it_should() {
    let world = World::start().await;
    world.number().await;
    for behaviour in ["busy", "failed", "no-answer"] {
        world.office(behaviour);
        let call = place(
            &world,
            &NewCall {
                timeout_s: Some(10),
                ..to_office(&world)
            },
        )
        .await;
        assert_eq!(world.over(&call.sid).await.outcome, Some(behaviour));
        let (_, fetched) = world
            .rest("GET", &format!("/Calls/{}.json", call.sid), &[])
            .await;
        assert_eq!(fetched["price"], json!(null));
    }
    assert!(world.app.hits("/interview").is_empty());
    let statuses: Vec<String> = world
        .hits("/progress", 3)
        .await
        .iter()
        .map(|hit| hit.get("CallStatus").to_owned())
        .collect();
    assert_eq!(statuses, ["busy", "failed", "no-answer"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_call_can_be_sent_elsewhere_and_hung_up() {
    let world = World::start().await;
    world.number().await.on(
        "/interview",
        "<Say>Please hold</Say><Pause length=\"600\"/>",
    );
    world.on(
        "/elsewhere",
        "<Say>Thanks for holding</Say><Pause length=\"600\"/>",
    );
    let call = place(&world, &to_office(&world)).await;
    world.heard(&call.sid, "please hold").await;
    let path = format!("/Calls/{}.json", call.sid);
    let (status, refused) = world.rest("POST", &path, &[("Status", "over")]).await;
    assert_eq!((status, &refused["code"]), (400, &json!(20001)));
    world.send_to(&call.sid, "/elsewhere").await.unwrap();
    world.heard(&call.sid, "thanks for holding").await;
    assert_eq!(world.hang_up(&call.sid).await.outcome, Some("completed"));
    let again = world.set_status(&call.sid, CallStatus::Completed).await;
    assert_eq!(again.unwrap_err().code(), Some(21220));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_still_rings_can_be_taken_back() {
    let world = World::start().await;
    world.number().await;
    world.office("no-answer");
    let wish = NewCall {
        timeout_s: Some(600),
        ..to_office(&world)
    };
    let call = place(&world, &wish).await;
    world
        .set_status(&call.sid, CallStatus::Canceled)
        .await
        .unwrap();
    assert_eq!(world.over(&call.sid).await.outcome, Some("canceled"));
    assert_eq!(
        world.hits("/progress", 1).await[0].get("CallStatus"),
        "canceled"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_called_is_refused_with_twilios_code() {
    let world = World::start().await;
    world.number().await;
    let good = to_office(&world);
    for (call, code) in [
        (
            NewCall {
                to: "nobody".to_owned(),
                ..good.clone()
            },
            21211,
        ),
        (
            NewCall {
                from: OFFICE.to_owned(),
                to: NUMBER.to_owned(),
                ..good.clone()
            },
            21210,
        ),
        (
            NewCall {
                url: None,
                ..good.clone()
            },
            21205,
        ),
        (
            NewCall {
                url: Some("not a url".to_owned()),
                ..good.clone()
            },
            21205,
        ),
        (
            NewCall {
                url: None,
                twiml: Some("x".repeat(4001)),
                ..good.clone()
            },
            32018,
        ),
    ] {
        let refused = world.client.calls().create(&call).await.unwrap_err();
        assert_eq!(
            (refused.code(), refused.surely_not_done()),
            (Some(code), true)
        );
    }
    assert!(
        world
            .client
            .calls()
            .list(&CallFilter::default())
            .all(10)
            .await
            .unwrap()
            .is_empty()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_nobody_has_taken_yet_cannot_be_sent_elsewhere() {
    let world = World::start().await;
    world.number().await;
    for (behaviour, event, status) in [
        ("failed", "initiated", CallStatus::Queued),
        ("no-answer", "ringing", CallStatus::Ringing),
    ] {
        world.fault(
            json!({"kind": "callee", "number": OFFICE, "behaviour": behaviour, "after_s": 6000}),
        );
        let told = format!("/{event}");
        let wish = NewCall {
            timeout_s: Some(600),
            status_callback: world.at(&told),
            status_callback_event: vec![event.to_owned()],
            ..to_office(&world)
        };
        let call = place(&world, &wish).await;
        assert_eq!(world.hits(&told, 1).await[0].get("CallStatus"), event);
        let calls = world.client.calls();
        assert_eq!(calls.fetch(&call.sid).await.unwrap().status, status);
        let filter = CallFilter {
            status: Some(status),
            ..CallFilter::default()
        };
        assert_eq!(calls.list(&filter).all(10).await.unwrap().len(), 1);
        let refused = world.send_to(&call.sid, "/elsewhere").await.unwrap_err();
        assert_eq!(refused.code(), Some(21220));
        let taken_back = world.set_status(&call.sid, CallStatus::Canceled).await;
        taken_back.unwrap();
        assert_eq!(world.over(&call.sid).await.outcome, Some("canceled"));
    }
    assert!(world.app.hits("/elsewhere").is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_calls_fallback_and_time_limit_can_be_changed() {
    let world = World::start().await;
    world.number().await.on(
        "/interview",
        "<Say>Please hold</Say><Pause length=\"6000\"/>",
    );
    world.on("/rescue", "<Say>We are back</Say><Pause length=\"6000\"/>");
    world.app.on("/broken", [Answer::status(500)]);
    let call = place(&world, &to_office(&world)).await;
    let path = format!("/Calls/{}.json", call.sid);
    world.heard(&call.sid, "please hold").await;
    let (broken, rescue) = (world.at("/broken").unwrap(), world.at("/rescue").unwrap());
    let both = [("Url", broken.as_str()), ("Twiml", "<Response/>")];
    let (status, refused) = world.rest("POST", &path, &both).await;
    assert_eq!((status, &refused["code"]), (400, &json!(20001)));
    let change = [
        ("Url", broken.as_str()),
        ("FallbackUrl", rescue.as_str()),
        ("FallbackMethod", "GET"),
    ];
    assert_eq!(world.rest("POST", &path, &change).await.0, 200);
    world.heard(&call.sid, "we are back").await;
    let rescued = &world.app.hits("/rescue")[0];
    assert_eq!(
        (rescued.method.as_str(), rescued.get("ErrorCode")),
        ("GET", "11200")
    );
    // The pause is longer than anybody here waits.
    assert_eq!(
        world.rest("POST", &path, &[("TimeLimit", "1")]).await.0,
        200
    );
    assert_eq!(world.over(&call.sid).await.outcome, Some("completed"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_and_keys_out_of_their_range_are_refused_by_name() {
    let world = World::start().await;
    world.number().await;
    let longest = "1".repeat(32);
    let longer = "1".repeat(33);
    let create = async |name: &str, value: &str| {
        let form = [
            ("To", OFFICE),
            ("From", NUMBER),
            ("Twiml", "<Response/>"),
            (name, value),
        ];
        world.rest("POST", "/Calls.json", &form).await
    };
    for (name, value) in [
        ("SendDigits", longer.as_str()),
        ("SendDigits", "1a"),
        ("Timeout", "601"),
        ("MachineDetectionSpeechThreshold", "999"),
        ("MachineDetectionSpeechEndThreshold", "5001"),
        ("MachineDetectionSilenceTimeout", "1999"),
    ] {
        let (status, refused) = create(name, value).await;
        assert_eq!((status, &refused["code"]), (400, &json!(20001)));
        assert!(refused["message"].as_str().unwrap().starts_with(name));
    }
    for (name, value) in [
        ("SendDigits", longest.as_str()),
        ("SendDigits", "wW12#*"),
        ("MachineDetectionSpeechThreshold", "1000"),
        ("MachineDetectionSpeechEndThreshold", "5000"),
        ("MachineDetectionSilenceTimeout", "10000"),
    ] {
        assert_eq!(create(name, value).await.0, 201, "{name}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn application_is_not_passed_over() {
    let world = World::start().await;
    world.number().await;
    let url = world.at("/interview").unwrap();
    let application = ("ApplicationSid", "AP00000000000000000000000000000001");
    let bare = [("To", OFFICE), ("From", NUMBER), application];
    let with_url = [bare[0], bare[1], bare[2], ("Url", url.as_str())];
    for form in [&bare[..], &with_url[..]] {
        let (status, refused) = world.rest("POST", "/Calls.json", form).await;
        assert_eq!((status, &refused["code"]), (400, &json!(21218)));
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("no applications"), "{message}");
    }
    let (_, page) = world.rest("GET", "/Calls.json", &[]).await;
    assert_eq!(page["calls"], json!([]));
    let text = [bare[0], bare[1], bare[2], ("Body", "hi")];
    let (status, refused) = world.rest("POST", "/Messages.json", &text).await;
    assert_eq!((status, &refused["code"]), (400, &json!(20001)));
    world.end().await;
}
