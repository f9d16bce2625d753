use emulator::{Direction, Error, Script};
use futures::StreamExt;
use serde_json::{Value, json};

use crate::world::{CALLER, NUMBER, OFFICE, World, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_comes_in_and_the_call_can_be_looked_at() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather numDigits=\"1\" action=\"/menu\"><Say>Press one</Say></Gather>",
    );
    world.on("/menu", "<Say>Goodbye</Say>");
    let script = json!({"number": NUMBER, "from": CALLER,
        "steps": [{"wait_for": "press"}, {"press": "1"}],
        "expect": {"outcome": "completed", "within_s": 6000}});
    let (status, created) = world.ask("POST", "/emulator/calls", Some(script)).await;
    assert_eq!(status, 201);
    let sid = created["sid"].as_str().unwrap().to_owned();
    world.over(&sid).await;
    let (_, call) = world
        .ask("GET", &format!("/emulator/calls/{sid}"), None)
        .await;
    assert_eq!(
        (&call["outcome"], &call["as_expected"], &call["pressed"]),
        (&json!("completed"), &json!(true), &json!("1"))
    );
    assert_eq!(call["heard"].as_array().unwrap().len(), 2);
    assert_eq!(
        call["twiml"][1]["url"],
        json!(format!("{}/menu", world.app.url))
    );
    assert_eq!(world.ask("GET", "/emulator/calls/CA0", None).await.0, 404);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn number_that_is_not_owned_is_named_with_those_that_are() {
    let world = World::start().await;
    world.number().await;
    let (status, body) = world
        .ask("POST", "/emulator/calls", Some(json!({"number": OFFICE})))
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (404, &json!("unknown_number"))
    );
    let message = body["error"]["message"].as_str().unwrap();
    assert!(message.contains(OFFICE) && message.contains(NUMBER));
    let (status, _) = world
        .ask(
            "POST",
            "/emulator/messages",
            Some(json!({"from": CALLER, "to": OFFICE})),
        )
        .await;
    assert_eq!(status, 404);
    let script = Script::parse("number: '+15550100009'").unwrap();
    assert!(matches!(
        world.handle.call(script),
        Err(Error::UnknownNumber { .. })
    ));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controls_need_the_credentials_and_health_does_not() {
    let world = World::start().await;
    let url = |path: &str| format!("{}{path}", world.running.base_url());
    assert_eq!(
        reqwest::get(url("/emulator/log")).await.unwrap().status(),
        401
    );
    assert_eq!(
        reqwest::get(url("/emulator/health"))
            .await
            .unwrap()
            .status(),
        200
    );
    let (status, body) = world
        .ask("POST", "/emulator/faults", Some(json!({"kind": "weather"})))
        .await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (422, &json!("bad_request"))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_shows_both_ways_and_reset_forgets_all_but_numbers() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Say>Hello</Say>");
    world.office("busy");
    world.call(json!([])).await;
    world.hits("/status", 1).await;
    eventually("the status callback is in the log", || {
        world
            .handle
            .log(0)
            .iter()
            .any(|entry| entry.kind == "call-status")
            .then_some(())
    })
    .await;
    let (_, log) = world.ask("GET", "/emulator/log", None).await;
    let directions: Vec<&Value> = log["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["direction"])
        .collect();
    assert_eq!(directions, ["in", "out", "out"]);
    assert_eq!(log["items"][1]["status"], json!(200));

    assert_eq!(world.ask("POST", "/emulator/reset", None).await.0, 204);
    assert!(world.handle.log(0).is_empty());
    assert_eq!(world.handle.numbers(), [NUMBER]);
    let (_, calls) = world.ask("GET", "/emulator/calls", None).await;
    assert_eq!(calls["items"], json!([]));
    world.on("/voice", "<Dial action=\"/dialled\">+15550100002</Dial>");
    world.call(json!([])).await;
    assert_eq!(
        world.app.hits("/dialled")[0].get("DialCallStatus"),
        "completed"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_ends_the_calls_that_go_on() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Say>Hold</Say><Pause length=\"6000\"/>");
    let sid = world.place(json!([]));
    world.heard(&sid, "hold").await;
    world.handle.reset();
    assert!(world.handle.view(&sid).is_none());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_can_be_watched_live() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Dial>+15550100002</Dial><Say>Goodbye</Say>");
    let sid = world.place(json!([]));
    let credentials = world.running.credentials();
    let response = reqwest::Client::new()
        .get(format!(
            "{}/emulator/events?sid={sid}",
            world.running.base_url()
        ))
        .basic_auth(credentials.account_sid, Some(credentials.auth_token))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    let mut stream = response.bytes_stream();
    while !text.contains("\"text\":\"completed\",\"sid\"") && !text.contains("Goodbye") {
        text.push_str(&String::from_utf8_lossy(
            &stream.next().await.unwrap().unwrap(),
        ));
    }
    assert!(text.contains("event: status") && text.contains("event: bridged"));
    world.end().await;
}

/// What happened, without what depends on the machine: ports, times and signatures.
fn shape(world: &World) -> Vec<String> {
    let log = world.handle.log(0);
    let entries = log.iter().filter(|entry| entry.direction == Direction::Out);
    let mut shape: Vec<String> = entries
        .map(|entry| {
            let path = entry.url.strip_prefix(&world.app.url).unwrap_or(&entry.url);
            let sids: Vec<&String> = entry
                .params
                .iter()
                .filter(|(name, _)| name.ends_with("Sid"))
                .map(|(_, sid)| sid)
                .collect();
            format!("{} {path} {sids:?} {:?}", entry.kind, entry.status)
        })
        .collect();
    shape.sort();
    shape
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn same_seed_gives_the_same_run() {
    let mut runs = Vec::new();
    for seed in [42, 42, 43] {
        let world = World::seeded(seed, 50.0).await;
        world
            .number()
            .await
            .on("/voice", "<Dial action=\"/dialled\">+15550100002</Dial>");
        world.call(json!([])).await;
        world.handle.message(CALLER, NUMBER, "hello", &[]).unwrap();
        world.hits("/sms", 1).await;
        world.hits("/status", 1).await;
        eventually("everything is in the log", || {
            Some(shape(&world)).filter(|shape| shape.len() == 4)
        })
        .await;
        runs.push(shape(&world));
        world.end().await;
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_end_with_a_cursor_of_null() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Say>Hello</Say>");
    let first = world.call(json!([])).await.sid;
    let second = world.call(json!([])).await.sid;
    let page = async |path: &str| world.ask("GET", path, None).await.1;
    let calls = page("/emulator/calls?limit=1").await;
    assert_eq!(calls["items"][0]["sid"], json!(second));
    assert_eq!(calls["next_cursor"], json!(second));
    let calls = page(&format!("/emulator/calls?limit=1&cursor={second}")).await;
    assert_eq!(calls["items"][0]["sid"], json!(first));
    assert_eq!(calls["next_cursor"], json!(null));

    let log = page("/emulator/log?limit=1").await;
    let id = &log["items"][0]["id"];
    assert_eq!(&log["next_cursor"], id);
    for name in ["cursor", "after"] {
        let log = page(&format!("/emulator/log?{name}={id}")).await;
        assert!(log["items"][0]["id"].as_u64() > id.as_u64());
        assert_eq!(log["next_cursor"], json!(null));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_a_carrier_forwarded_says_from_which_phone() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Hangup/>");
    let script = json!({"number": NUMBER, "from": CALLER, "forwarded_from": OFFICE});
    let (status, created) = world.ask("POST", "/emulator/calls", Some(script)).await;
    assert_eq!(status, 201, "{created}");
    let sid = created["sid"].as_str().unwrap();
    world.over(sid).await;
    let asked = world.app.hits("/voice");
    assert_eq!(asked[0].get("ForwardedFrom"), OFFICE);
    world.end().await;
}
