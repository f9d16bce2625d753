//! `<Connect><Stream>`: a bot on the other end of a real WebSocket.

use std::sync::{Arc, Mutex};

use audio::mulaw;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use webhook::signature::{Token, sign_url};

use crate::world::World;

/// What a bot does with a message: what it sends back. `None` closes the socket.
type Act = fn(&mut Bot, &Value) -> Option<Vec<Value>>;

/// What the bot knows.
#[derive(Default)]
struct Bot {
    sid: String,
    heard: Vec<i16>,
    said: u32,
}

impl Bot {
    fn media(&self, text: &str) -> Value {
        let sound = mulaw::encode_all(&audio::speech(text, None));
        json!({"event": "media", "streamSid": self.sid, "media": {"payload": STANDARD.encode(sound)}})
    }

    fn mark(&self, name: &str) -> Value {
        json!({"event": "mark", "streamSid": self.sid, "mark": {"name": name}})
    }
}

/// A bot that listens here, for one stream after the other. Answers its URL, and all that it was told.
#[expect(
    clippy::result_large_err,
    reason = "the handshake's callback has the library's error"
)]
async fn bot(act: Act) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/bot", listener.local_addr().unwrap());
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = told.clone();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let log_of_head = log.clone();
            let mut socket = accept_hdr_async(socket, |request: &Request, response: Response| {
                let signature = request.headers().get("X-Twilio-Signature");
                let signature = signature
                    .and_then(|it| it.to_str().ok())
                    .unwrap_or_default();
                log_of_head
                    .lock()
                    .unwrap()
                    .push(json!({"event": "handshake", "signature": signature}));
                Ok(response)
            })
            .await
            .unwrap();
            let mut bot = Bot::default();
            while let Some(Ok(message)) = socket.next().await {
                let Message::Text(text) = message else {
                    continue;
                };
                let message: Value = serde_json::from_str(&text).unwrap();
                log.lock().unwrap().push(message.clone());
                match message["event"].as_str().unwrap() {
                    "start" => bot.sid = message["streamSid"].as_str().unwrap().to_owned(),
                    "media" => {
                        let payload = message["media"]["payload"].as_str().unwrap();
                        let sound = STANDARD.decode(payload).unwrap();
                        bot.heard.extend(mulaw::decode_all(&sound));
                    }
                    _ => {}
                }
                let Some(answers) = act(&mut bot, &message) else {
                    let _ = socket.close(None).await;
                    continue;
                };
                for answer in answers {
                    let _ = socket.send(Message::text(answer.to_string())).await;
                }
            }
        }
    });
    (url, told)
}

fn events(told: &Arc<Mutex<Vec<Value>>>, event: &str) -> Vec<Value> {
    let told = told.lock().unwrap();
    told.iter()
        .filter(|it| it["event"] == event)
        .cloned()
        .collect()
}

fn connected(url: &str) -> String {
    format!(
        "<Connect><Stream url=\"{url}\" name=\"line\" statusCallback=\"/stream\"><Parameter name=\"who\" value=\"smith\"/></Stream></Connect><Say>After the stream</Say>"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_carries_both_voices_keys_and_marks_and_the_document_goes_on() {
    let world = World::seeded(7, 10.0).await;
    let (url, told) = bot(|bot, message| match message["event"].as_str()? {
        "start" => Some(vec![bot.media("Say yes please"), bot.mark("asked")]),
        "media" if audio::heard(&bot.heard).as_deref() == Some("yes of course") => {
            bot.heard.clear();
            Some(vec![bot.media("Now press a key"), bot.mark("key")])
        }
        "dtmf" => None,
        _ => Some(vec![]),
    })
    .await;
    world.number().await.on("/voice", &connected(&url));
    world.on("/stream", "");
    let call = world
        .call(json!([
            {"wait_for": "say yes"}, {"speak": {"text": "yes of course"}},
            {"wait_for": "press a key"}, {"press": "5"}, {"wait_for": "after the stream"},
        ]))
        .await;
    assert_eq!(call.problem, None);
    let start = &events(&told, "start")[0];
    assert_eq!(start["start"]["customParameters"], json!({"who": "smith"}));
    assert_eq!(start["start"]["callSid"], json!(call.sid));
    let token = Token::new(&world.running.credentials().auth_token).unwrap();
    assert_eq!(
        events(&told, "handshake")[0]["signature"],
        sign_url(&token, &url)
    );
    let marks: Vec<_> = events(&told, "mark")
        .iter()
        .map(|it| it["mark"]["name"].clone())
        .collect();
    assert_eq!(marks, ["asked", "key"]);
    assert_eq!(events(&told, "dtmf")[0]["dtmf"]["digit"], "5");
    let media = events(&told, "media");
    let last = media.last().unwrap();
    assert_eq!(last["media"]["chunk"], media.len().to_string());
    let told_of: Vec<_> = world
        .hits("/stream", 2)
        .await
        .iter()
        .map(|hit| hit.get("StreamEvent").to_owned())
        .collect();
    assert_eq!(told_of, ["stream-started", "stream-stopped"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interruption_is_heard_while_the_bot_speaks_and_a_clear_returns_its_marks() {
    let world = World::seeded(7, 10.0).await;
    let (url, told) = bot(|bot, message| match message["event"].as_str()? {
        "start" => Some(vec![
            bot.media("This is a very long explanation that nobody wants to hear to its end"),
            bot.mark("long"),
        ]),
        "media" if bot.said == 0 && audio::heard(&bot.heard).is_some() => {
            bot.said = 1;
            Some(vec![json!({"event": "clear", "streamSid": bot.sid})])
        }
        "mark" => None,
        _ => Some(vec![]),
    })
    .await;
    world.number().await.on("/voice", &connected(&url));
    let call = world
        .call(json!([{"interrupt": {"after_s": 0.5, "text": "stop"}}, {"wait_for": "after the stream"}]))
        .await;
    assert_eq!(call.problem, None);
    assert!(call.has_heard("This is") && !call.has_heard("to its end"));
    assert_eq!(events(&told, "mark").len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_that_cannot_be_opened_or_drops_goes_on_with_twilios_code() {
    let world = World::seeded(7, 50.0).await;
    world.number().await;
    for (url, code) in [
        ("ws://127.0.0.1:1/", 31902),
        ("https://127.0.0.1:1/", 31922),
        ("ws://example.com/", 31922),
        ("nonsense", 31923),
    ] {
        world.on("/voice", &connected(url));
        let call = world.call(json!([{"wait_for": "after the stream"}])).await;
        assert_eq!(
            (call.problem, world.errors().contains(&code)),
            (None, true),
            "{url}"
        );
    }
    world.fault(
        json!({"kind": "stream", "drop_after_s": 2, "loss": 0.1, "jitter_ms": 60, "stall_s": 0.5}),
    );
    let (url, told) = bot(|_, _| Some(vec![])).await;
    world.on("/voice", &connected(&url));
    let call = world.call(json!([{"wait_for": "after the stream"}])).await;
    assert_eq!(call.problem, None);
    let frames = events(&told, "media").len();
    assert!((70..100).contains(&frames), "{frames}");
    assert!(events(&told, "stop").is_empty() && world.errors().contains(&31921));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stream_drops_after_the_words_of_the_fault_once_in_a_call() {
    let world = World::seeded(7, 20.0).await;
    let (url, told) = bot(|bot, message| match message["event"].as_str()? {
        "start" => Some(vec![bot.media("Say yes please"), bot.mark("asked")]),
        "mark" => None,
        _ => Some(vec![]),
    })
    .await;
    let twice = connected(&url).repeat(2);
    world.number().await.on("/voice", &twice);
    world.fault(json!({"kind": "stream", "drop_after_heard": "yes please"}));
    for call in 1..=2 {
        let heard = json!([
            {"wait_for": "say yes"}, {"wait_for": "after the stream"}, {"wait_for": "say yes"},
            {"wait_for": "after the stream"},
        ]);
        assert_eq!(world.call(heard).await.problem, None);
        let drops = world.errors().iter().filter(|it| **it == 31921).count();
        let counts = ["start", "mark"].map(|it| events(&told, it).len());
        assert_eq!((counts, drops), ([2 * call, call], call));
    }
    world.end().await;
}
