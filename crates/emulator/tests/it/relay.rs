//! `<Connect><ConversationRelay>`: an application on the other end of a real WebSocket that never hears a sound.

use std::sync::{Arc, Mutex};

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::world::World;

type Told = Arc<Mutex<Vec<Value>>>;

/// An application that answers each message with others; `None` closes the socket.
async fn application(act: fn(&Value) -> Option<Vec<Value>>) -> (String, Told) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/words", listener.local_addr().unwrap());
    let told = Told::default();
    let log = told.clone();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = accept_async(socket).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(text) = message else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).unwrap();
            log.lock().unwrap().push(message.clone());
            let Some(answers) = act(&message) else {
                let _ = socket.close(None).await;
                continue;
            };
            for answer in answers {
                let _ = socket.send(Message::text(answer.to_string())).await;
            }
        }
    });
    (url, told)
}

fn of(told: &Told, kind: &str) -> Vec<Value> {
    let told = told.lock().unwrap();
    told.iter()
        .filter(|it| it["type"] == kind)
        .cloned()
        .collect()
}

fn say(token: &str, last: bool) -> Value {
    json!({"type": "text", "token": token, "last": last})
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_come_and_go_and_the_action_hears_what_is_handed_over() {
    let world = World::seeded(7, 10.0).await;
    let (url, told) = application(|message| match message["type"].as_str()? {
        "setup" => Some(vec![say("Say yes ", false), say("please.", true)]),
        "prompt" => Some(vec![say("Now press a key.", true)]),
        "dtmf" => Some(vec![
            json!({"type": "nonsense"}),
            json!({"type": "end", "handoffData": "{\"why\":\"done\"}"}),
        ]),
        _ => Some(vec![]),
    })
    .await;
    world.number().await.on(
        "/voice",
        &format!(
            "<Connect action=\"/after\"><ConversationRelay url=\"{url}\" welcomeGreeting=\"Hi.\" dtmfDetection=\"true\">\
             <Parameter name=\"who\" value=\"smith\"/></ConversationRelay></Connect>"
        ),
    );
    world.on("/after", "<Say>After the words</Say>");
    let call = world
        .call(json!([
            { "wait_for": "Hi." }, { "wait_for": "yes please" }, { "speak": { "text": "yes of course" } },
            { "wait_for": "press a key" }, { "press": "5" }, { "wait_for": "After the words" },
        ]))
        .await;
    assert_eq!(call.problem, None);
    let setup = &of(&told, "setup")[0];
    assert_eq!(setup["customParameters"], json!({"who": "smith"}));
    assert!(setup["sessionId"].as_str().unwrap().starts_with("VX"));
    let prompt = &of(&told, "prompt")[0];
    assert_eq!(
        (&prompt["voicePrompt"], &prompt["last"]),
        (&json!("yes of course"), &json!(true))
    );
    assert_eq!(of(&told, "dtmf")[0]["digit"], "5");
    assert_eq!(of(&told, "error").len(), 1);
    let after = world.hits("/after", 1).await;
    assert_eq!(after[0].get("HandoffData"), "{\"why\":\"done\"}");
    assert_eq!(after[0].get("SessionStatus"), "ended");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn caller_who_interrupts_is_told_of_with_what_was_said_until_then() {
    let world = World::seeded(7, 10.0).await;
    let (url, told) = application(|message| match message["type"].as_str()? {
        "setup" => Some(vec![say(
            "This is a very long sentence that nobody wants to hear to its end",
            true,
        )]),
        "prompt" => None,
        _ => Some(vec![]),
    })
    .await;
    let twiml = format!("<Connect><ConversationRelay url=\"{url}\"/></Connect><Say>After</Say>");
    world.number().await.on("/voice", &twiml);
    let call = world
        .call(json!([
            { "interrupt": { "after_s": 2.0, "text": "stop please" } }, { "wait_for": "After" },
        ]))
        .await;
    assert_eq!(call.problem, None);
    let until = of(&told, "interrupt")[0]["utteranceUntilInterrupt"].clone();
    let until = until.as_str().unwrap();
    assert!(
        until.starts_with("This is") && !until.contains("to its end"),
        "{until}"
    );
    assert_eq!(of(&told, "prompt")[0]["voicePrompt"], "stop please");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversation_drops_after_the_words_of_the_fault() {
    let world = World::seeded(7, 20.0).await;
    let (url, told) = application(|_| Some(vec![])).await;
    let twiml = format!(
        "<Connect><ConversationRelay url=\"{url}\" welcomeGreeting=\"Hi there.\"/></Connect><Say>After</Say>"
    );
    world.number().await.on("/voice", &twiml);
    world.fault(json!({"kind": "stream", "drop_after_heard": "hi there"}));
    let call = world
        .call(json!([{ "wait_for": "Hi there" }, { "wait_for": "After" }]))
        .await;
    assert_eq!(call.problem, None);
    assert!(of(&told, "setup").len() == 1 && world.errors().contains(&31921));
    world.end().await;
}
