use audio::{Encoding, Sound, speech};
use emulator::Entry;
use serde_json::json;
use twilio_api::NumberSettings;

use crate::app::Answer;
use crate::world::World;

fn wav(text: &str, seconds: f64) -> Vec<u8> {
    let sound = Sound::mono(speech(text, Some(seconds)));
    sound.to_wav(Encoding::MuLaw).unwrap()
}

fn plays(world: &World) -> Vec<Entry> {
    let mut log = world.handle.log(0);
    log.retain(|entry| entry.kind == "play");
    log
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_is_fetched_and_heard_for_as_long_as_it_lasts() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Play>audio/welcome.wav?v=1</Play><Play loop=\"2\">/audio/welcome.wav?v=1</Play><Say>Goodbye</Say>",
    );
    let file = Answer::sound("audio/wav", &wav("good morning", 20.0));
    world.app.on("/audio/welcome.wav", [file]);
    let call = world
        .call(json!([{"wait_for": "welcome.wav"}, {"wait_for": "good morning"}, {"wait_for": "WELCOME"}]))
        .await;
    assert_eq!(call.problem, None);
    assert!(call.duration_s >= 60);
    let kinds: Vec<&str> = call
        .heard
        .iter()
        .filter_map(|it| it["kind"].as_str())
        .collect();
    assert_eq!(kinds, ["play", "play", "play", "say"]);
    // The second time it was not sent again.
    let statuses: Vec<Option<u16>> = plays(&world).iter().map(|entry| entry.status).collect();
    assert_eq!(statuses, [Some(200), Some(304)]);
    assert_eq!(world.app.hits("/audio/welcome.wav")[0].method, "GET");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sound_that_cannot_be_had_ends_the_call_with_twilios_code() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Play>/sound</Play><Say>never</Say>");
    let file = wav("hello", 1.0);
    for (answer, code) in [
        (Answer::status(404), 11200),
        (Answer::sound("audio/mpeg", &file), 11200),
        (Answer::sound("application/json", &file), 12300),
        (Answer::of(None, "RIFF"), 12300),
    ] {
        world.app.on("/sound", [answer]);
        let call = world.call(json!([])).await;
        assert!(call.has_heard("application error") && !call.has_heard("never"));
        assert_eq!(world.errors().last(), Some(&code));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fallback_url_is_asked_when_a_sound_cannot_be_had() {
    let world = World::start().await;
    let settings = NumberSettings {
        voice_fallback_url: world.at("/fallback"),
        ..NumberSettings::default()
    };
    world.number_with(settings).await;
    world.on("/voice", "<Gather><Play>/sound.mp3</Play></Gather>");
    world.app.on("/sound.mp3", [Answer::status(500)]);
    world.on("/fallback", "<Say>One moment</Say><Play>/sound.mp3</Play>");
    let call = world.call(json!([])).await;
    assert!(call.has_heard("one moment") && call.has_heard("application error"));
    let fallback = &world.app.hits("/fallback")[0];
    assert_eq!(fallback.get("ErrorCode"), "11200");
    assert!(fallback.get("ErrorUrl").ends_with("/sound.mp3"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_can_be_played() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Play digits=\"1w2\"/>");
    let call = world.call(json!([{"wait_for": "1w2"}])).await;
    assert_eq!(
        (call.problem, call.heard[0]["kind"].as_str()),
        (None, Some("keys"))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answer_that_is_a_long_sound_is_played() {
    let world = World::start().await;
    world.number().await;
    let file = wav("good morning", 20.0);
    assert!(file.len() > 64 * 1024);
    world
        .app
        .on("/voice", [Answer::sound("audio/x-wav", &file)]);
    let call = world.call(json!([])).await;
    assert!(call.has_heard("good morning") && call.duration_s >= 20);
    assert!(world.errors().is_empty());
    world.end().await;
}
