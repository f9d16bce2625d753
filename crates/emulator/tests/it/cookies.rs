//! What an application sets in an answer comes back: within a call, and between two numbers that text each other.

use serde_json::json;

use crate::app::Answer;
use crate::world::{CALLER, NUMBER, World, eventually};

/// The cookies of each request at a path, in the order of their arrival.
fn cookies(world: &World, path: &str) -> Vec<String> {
    let hits = world.app.hits(path);
    hits.into_iter().map(|hit| hit.cookie).collect()
}

/// A text message, once the application has got it: the nth.
async fn text(world: &World, from: &str, nth: usize) {
    world.handle.message(from, NUMBER, "hi", &[]).unwrap();
    world.hits("/sms", nth).await;
    // Its answer is read before it is logged.
    eventually("it is answered", || {
        let log = world.handle.log(0);
        let answered = log.iter().filter(|entry| entry.kind == "message-inbound");
        (answered.count() == nth).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_keeps_its_cookies_and_the_next_one_has_none() {
    let world = World::start().await;
    world.number().await;
    let first = Answer::twiml("<Redirect>/menu/main</Redirect>").setting([
        "session=abc=1; Path=/; HttpOnly",
        "menu=1; path=/menu",
        "elsewhere=1; Path=/other",
        "safe=1; Path=/; Secure",
        "over=1; Path=/; Max-Age=0",
    ]);
    world.app.on("/voice", [first]);
    let second =
        Answer::twiml("<Redirect>/bye</Redirect>").setting(["session=def; Path=/", "own=1"]);
    world.app.on("/menu/main", [second]);
    for _ in 0..2 {
        world.call(json!([])).await;
    }
    assert_eq!(cookies(&world, "/voice"), ["", ""]);
    assert_eq!(
        cookies(&world, "/menu/main"),
        ["session=abc=1; menu=1", "session=abc=1; menu=1"]
    );
    // A cookie without a path is for its request's folder.
    assert_eq!(cookies(&world, "/bye"), ["session=def", "session=def"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_numbers_that_text_each_other_keep_theirs() {
    let world = World::start().await;
    world.number().await;
    let counted = |cookie| Answer::twiml("").setting([cookie]);
    world.app.on(
        "/sms",
        [counted("count=1"), counted("count=2"), Answer::twiml("")],
    );
    text(&world, CALLER, 1).await;
    text(&world, CALLER, 2).await;
    text(&world, "+15550108888", 3).await;
    text(&world, CALLER, 4).await;
    assert_eq!(cookies(&world, "/sms"), ["", "count=1", "", "count=2"]);
    world.handle.reset();
    world.handle.message(CALLER, NUMBER, "hi", &[]).unwrap();
    assert_eq!(world.hits("/sms", 5).await[4].cookie, "");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conversation_is_forgotten_after_four_hours_of_silence() {
    // Four hours are a second and a half.
    let world = World::seeded(7, 10_000.0).await;
    world.number().await;
    world
        .app
        .on("/sms", [Answer::twiml("").setting(["count=1"])]);
    text(&world, CALLER, 1).await;
    let quiet = world.now().await;
    while (world.now().await - quiet).num_minutes() <= 240 {}
    text(&world, CALLER, 2).await;
    assert_eq!(cookies(&world, "/sms"), ["", ""]);
    world.end().await;
}
