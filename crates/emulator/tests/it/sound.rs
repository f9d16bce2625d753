//! A person at a page who speaks into a microphone and hears the line: both ways over one socket.

use std::time::Duration;

use audio::{Encoding, Sound, heard, mulaw, speech};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use emulator::Script;
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::Answer;
use crate::world::{CALLER, NUMBER, World};

const WORDS: &str = "I check the stock first";
const PROMPT: &str = "How do you begin";
const PATIENCE: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A world in real time, whose caller is at a page.
async fn call(inside: &str) -> (World, String) {
    let world = World::seeded(7, 1.0).await;
    let prompt = Sound::mono(speech(PROMPT, Some(2.0)));
    let prompt = prompt.to_wav(Encoding::MuLaw).unwrap();
    world
        .app
        .on("/prompt.wav", [Answer::sound("audio/wav", &prompt)]);
    world.number().await.on("/voice", inside);
    world.on("/done", "<Hangup/>");
    let script = json!({ "number": NUMBER, "from": CALLER, "live": true, "steps": [] });
    let script = Script::parse(&script.to_string()).unwrap();
    let sid = world.handle.call(script).unwrap();
    (world, sid)
}

async fn open(world: &World, sid: &str, token: &str) -> Result<Socket, Error> {
    let url = world.running.base_url().replacen("http", "ws", 1);
    let url = format!("{url}/emulator/calls/{sid}/sound");
    let mut request = url.into_client_request().unwrap();
    let account = world.running.credentials().account_sid;
    let who = STANDARD.encode(format!("{account}:{token}"));
    let who = format!("Basic {who}").parse().unwrap();
    request.headers_mut().insert("Authorization", who);
    connect_async(request).await.map(|(socket, _)| socket)
}

/// Speaks, and is silent for a second and a half.
async fn speak(socket: &mut Socket) {
    let mut sound = mulaw::encode_all(&speech(WORDS, Some(2.5)));
    sound.resize(sound.len() + 12_000, mulaw::SILENCE);
    for chunk in sound.chunks(640) {
        socket.send(Message::binary(chunk.to_vec())).await.unwrap();
    }
}

/// Listens until these words have been heard.
async fn hears(socket: &mut Socket, words: &str) {
    let mut sound = Vec::new();
    let listening = async {
        while heard(&sound).as_deref() != Some(words) {
            if let Message::Binary(bytes) = socket.next().await.unwrap().unwrap() {
                sound.extend(mulaw::decode_all(&bytes));
            }
        }
    };
    tokio::time::timeout(PATIENCE, listening).await.unwrap();
}

fn status(refused: Result<Socket, Error>) -> u16 {
    match refused {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn microphone_is_recorded_and_the_prompt_is_heard() {
    let (world, sid) =
        call("<Play>/prompt.wav</Play><Record action=\"/done\" timeout=\"2\"/>").await;
    let token = world.running.credentials().auth_token;
    let mut socket = open(&world, &sid, &token).await.unwrap();
    hears(&mut socket, PROMPT).await;
    world.heard(&sid, "beep").await;
    speak(&mut socket).await;
    let done = world.hits("/done", 1).await.remove(0);
    let sound = world.recorded(done.get("RecordingSid")).await;
    assert_eq!(sound.heard().as_deref(), Some(WORDS));
    let over = world.over(&sid).await;
    assert_eq!(over.said, [WORDS]);
    // The socket goes with the call.
    let closed = async { while socket.next().await.is_some_and(|it| it.is_ok()) {} };
    tokio::time::timeout(PATIENCE, closed).await.unwrap();
    assert_eq!(status(open(&world, &sid, &token).await), 409);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn microphone_interrupts_a_gather_and_its_words_are_the_result() {
    let gather = "<Gather input=\"speech\" action=\"/done\" speechTimeout=\"1\"><Play>/prompt.wav</Play>\
                  <Pause length=\"600\"/></Gather>";
    let (world, sid) = call(gather).await;
    let token = world.running.credentials().auth_token;
    let mut socket = open(&world, &sid, &token).await.unwrap();
    world.heard(&sid, "prompt.wav").await;
    speak(&mut socket).await;
    let done = world.hits("/done", 1).await.remove(0);
    assert_eq!(done.get("SpeechResult"), WORDS);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_of_a_call_is_for_its_live_caller_only() {
    let (world, sid) = call("<Pause length=\"600\"/>").await;
    let token = world.running.credentials().auth_token;
    assert_eq!(status(open(&world, &sid, "wrong").await), 401);
    assert_eq!(status(open(&world, "CA0", &token).await), 404);
    let scripted = world.place(json!([{ "pause": { "seconds": 600 } }]));
    assert_eq!(status(open(&world, &scripted, &token).await), 409);
    world.end().await;
}
