use audio::{Encoding, Sound, speech};
use serde_json::json;

use crate::app::Answer;
use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_stops_the_prompt_that_plays() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather numDigits=\"1\" action=\"/key\"><Say>Hello</Say><Play>/long.wav</Play><Say>never</Say></Gather>",
    );
    let long = Sound::mono(speech("", Some(1200.0)))
        .to_wav(Encoding::MuLaw)
        .unwrap();
    world
        .app
        .on("/long.wav", [Answer::sound("audio/wav", &long)]);
    let call = world
        .call(json!([{"wait_for": "hello"}, {"pause": {"seconds": 3}}, {"press": "4"}]))
        .await;
    assert_eq!(call.problem, None);
    assert!(!call.has_heard("long.wav") && !call.has_heard("never"));
    assert_eq!(world.app.hits("/key")[0].get("Digits"), "4");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_stop_the_prompt_unless_they_may_not() {
    let world = World::start().await;
    world.number().await;
    for (barge_in, to_the_end) in [("", false), ("bargeIn=\"false\"", true)] {
        let gather = format!(
            "<Gather input=\"speech\" hints=\"plumbing\" {barge_in} action=\"/words\"><Say>Hello</Say><Pause length=\"60\"/><Say>The end</Say></Gather>"
        );
        world.on("/voice", &gather);
        let call = world
            .call(json!([{"wait_for": "hello"}, {"speak": {"text": "a burst pipe", "seconds": 2}}]))
            .await;
        assert_eq!(call.has_heard("the end"), to_the_end);
    }
    let words = world.app.hits("/words");
    assert!(
        words
            .iter()
            .all(|hit| hit.get("SpeechResult") == "a burst pipe")
    );
    assert_eq!((words.len(), words[0].get("Digits")), (2, "(absent)"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_or_words_whatever_comes() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather input=\"dtmf speech\" timeout=\"40\" finishOnKey=\"\" action=\"/got\"><Say>Keys or words</Say></Gather>",
    );
    world
        .call(json!([{"wait_for": "keys"}, {"press": "12#3"}]))
        .await;
    world
        .call(json!([{"wait_for": "keys"}, {"speak": {"text": "sales please"}}]))
        .await;
    let got = world.app.hits("/got");
    assert_eq!(
        (got[0].get("Digits"), got[0].get("FinishedOnKey")),
        ("12#3", "")
    );
    assert_eq!(got[1].get("SpeechResult"), "sales please");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_listened_for_is_nothing() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather input=\"speech\" timeout=\"3\" action=\"/got\"><Say>Speak</Say></Gather><Say>Nothing came</Say>",
    );
    // A key, and a murmur in which there are no words.
    let call = world
        .call(json!([{"wait_for": "speak"}, {"press": "1"}, {"speak": {"seconds": 1}}]))
        .await;
    assert!(call.has_heard("nothing came"));
    assert!(world.app.hits("/got").is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn speech_timeout_is_the_silence_after_an_answer_and_timeout_without_it() {
    let world = World::start().await;
    world.number().await.on("/words", "<Say>Thank you</Say>");
    for (attributes, silence_s) in [
        ("", 5),
        ("speechTimeout=\"1\"", 1),
        ("speechTimeout=\"2\"", 2),
    ] {
        let gather = format!(
            "<Gather input=\"dtmf speech\" timeout=\"5\" {attributes} action=\"/words\"><Say>Yes or no</Say></Gather>"
        );
        world.on("/voice", &gather);
        let call = world
            .call(json!([{"wait_for": "yes or no"}, {"speak": {"text": "yes", "seconds": 1}}, {"wait_for": "thank"}]))
            .await;
        let wait = &call.waits[0];
        assert_eq!(wait["own_timeout_ms"], silence_s * 1000, "{wait}");
        // One second of speech, and then silence.
        let at = |time: &serde_json::Value| {
            let time = time.as_str().unwrap();
            chrono::DateTime::parse_from_rfc3339(time).unwrap()
        };
        let took = at(&wait["ended_at"]) - at(&call.heard[0]["at"]);
        assert!(took.num_milliseconds() >= 1000 + silence_s * 1000, "{took}");
    }
    world.end().await;
}
