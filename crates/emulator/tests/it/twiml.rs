use emulator::CallView;
use serde_json::json;
use twilio_api::NumberSettings;

use crate::app::Answer;
use crate::world::World;

const SORRY: &str = "application error has occurred";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirect_goes_on_at_a_relative_url() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Redirect method=\"GET\">menu/main?lang=en&amp;n=1</Redirect><Say>never</Say>",
    );
    world.on(
        "/menu/main",
        "<Say>Welcome to the menu</Say><Pause length=\"2\"/><Hangup/><Say>never</Say>",
    );
    let call = world.call(json!([])).await;
    assert!(call.has_heard("welcome to the MENU"));
    assert!(!call.has_heard("never"));
    let menu = &world.app.hits("/menu/main")[0];
    assert_eq!(
        (menu.method.as_str(), menu.get("lang"), menu.get("n")),
        ("GET", "en", "1")
    );
    assert_eq!(menu.get("CallStatus"), "ringing");
    assert_eq!(call.twiml.len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_call_was_never_answered() {
    let world = World::start().await;
    world.number().await;
    for (twiml, outcome) in [
        ("<Reject reason=\"busy\"/>", "busy"),
        ("<Reject/>", "no-answer"),
    ] {
        world.on("/voice", twiml);
        let call = world.call(json!([])).await;
        assert_eq!((call.outcome, call.duration_s), (Some(outcome), 0));
    }
    let reported: Vec<String> = world
        .hits("/status", 2)
        .await
        .iter()
        .map(|hit| hit.get("CallStatus").to_owned())
        .collect();
    assert_eq!(reported, ["busy", "no-answer"]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gather_takes_keys_and_words() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        r##"<Gather numDigits="2" action="/keys"><Say>Two digits please</Say></Gather>"##,
    );
    world.on(
        "/keys",
        r##"<Gather action="/pin" finishOnKey="#"><Say>Now your pin</Say></Gather>"##,
    );
    world.on("/pin", r#"<Gather input="speech" action="/words" language="en-GB"><Say>Say something</Say></Gather>"#);
    world.on("/words", "<Say>Thank you</Say>");
    let call = world
        .call(json!([
            {"wait_for": "two digits"}, {"press": "42"},
            {"wait_for": "pin"}, {"press": "123#"},
            {"wait_for": "something"}, {"speak": {"text": "I led a team", "seconds": 3}},
            {"wait_for": "thank you"},
        ]))
        .await;
    assert_eq!(call.problem, None);
    assert_eq!(
        (call.pressed.as_str(), call.said[0].as_str()),
        ("42123#", "I led a team")
    );
    assert_eq!(world.app.hits("/keys")[0].get("Digits"), "42");
    let pin = &world.app.hits("/pin")[0];
    assert_eq!(
        (
            pin.get("Digits"),
            pin.get("FinishedOnKey"),
            pin.get("CallStatus")
        ),
        ("123", "#", "in-progress")
    );
    let words = &world.app.hits("/words")[0];
    assert_eq!(
        (words.get("SpeechResult"), words.get("Language")),
        ("I led a team", "en-GB")
    );
    assert!(words.get("Confidence").parse::<f64>().unwrap() > 0.5);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gather_without_input_falls_through_or_asks_when_told() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather timeout=\"3\"><Say>Anybody</Say></Gather><Say>Nobody</Say>",
    );
    let call = world.call(json!([])).await;
    assert!(call.has_heard("nobody"));
    world.on(
        "/voice",
        "<Gather timeout=\"3\" actionOnEmptyResult=\"true\" action=\"/empty\"/>",
    );
    world.call(json!([])).await;
    assert_eq!(world.app.hits("/empty")[0].get("Digits"), "");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_that_waits_in_vain_says_so() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Gather timeout=\"60\"><Say>Hello</Say></Gather>");
    let call = world
        .call(json!([{"wait_for": "hello"}, {"hang_up": {}}, {"press": "1"}]))
        .await;
    assert_eq!(
        (call.outcome, call.as_expected),
        (Some("completed"), Some(false))
    );
    assert!(call.problem.unwrap().contains("over before"));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn application_that_fails_ends_the_call_with_twilios_code() {
    let world = World::start().await;
    world.number().await;
    let big = format!("<Response><Say>{}</Say></Response>", "a".repeat(65 * 1024));
    let failures = [
        (Answer::status(500), 11200),
        (Answer::status(404), 11200),
        (Answer::of(Some("text/xml"), "<Response><Say>"), 12100),
        (
            Answer::of(Some("text/xml"), "<Response><Dance/></Response>"),
            12200,
        ),
        (Answer::of(Some("application/json"), "{}"), 12300),
        (Answer::of(None, "<Response/>"), 12300),
        (Answer::of(Some("text/xml"), &big), 11750),
    ];
    for (answer, code) in failures {
        world.app.on("/voice", [answer]);
        let before = world.app.hits("/status").len();
        let call = world.call(json!([])).await;
        assert_eq!(call.outcome, Some("completed"));
        assert!(call.has_heard(SORRY));
        assert_eq!(call.twiml[0]["error_code"], json!(code));
        assert_eq!(world.errors().last(), Some(&code));
        world.hits("/status", before + 1).await;
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fallback_url_is_told_what_went_wrong() {
    let world = World::start().await;
    let settings = NumberSettings {
        voice_fallback_url: world.at("/fallback"),
        ..NumberSettings::default()
    };
    world
        .number_with(settings)
        .await
        .on("/fallback", "<Say>One moment please</Say>");
    world.app.on("/voice", [Answer::status(503)]);
    let call = world.call(json!([])).await;
    assert!(call.has_heard("one moment"));
    let fallback = &world.app.hits("/fallback")[0];
    assert_eq!(fallback.get("ErrorCode"), "11200");
    assert_eq!(
        Some(fallback.get("ErrorUrl").to_owned()),
        world.at("/voice")
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain_text_is_spoken_and_other_verbs_are_skipped_aloud() {
    let world = World::start().await;
    world.number().await;
    world
        .app
        .on("/voice", [Answer::of(Some("text/plain"), "Good morning")]);
    assert!(world.call(json!([])).await.has_heard("good morning"));
    world.on("/voice", "<Pay/><Say>After it</Say>");
    let call = world.call(json!([])).await;
    assert!(call.has_heard("after it"));
    assert!(
        call.timeline
            .iter()
            .any(|moment| moment.kind == "unsupported")
    );
    world.end().await;
}

/// What was said of verbs and attributes that are not carried out.
fn unsupported(call: &CallView) -> Vec<&str> {
    let moments = call.timeline.iter();
    moments
        .filter(|moment| moment.kind == "unsupported")
        .map(|moment| moment.text.as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verbs_that_twilio_has_and_the_emulator_has_not_are_skipped_aloud() {
    let world = World::start().await;
    let twiml = r#"<Sms>hi</Sms><Connect><VirtualAgent connectorName="p"/></Connect>
        <Dial><Conference>Room</Conference></Dial><Enqueue>support</Enqueue><Say>After them</Say>"#;
    world.number().await.on("/voice", twiml);
    let call = world.call(json!([])).await;
    assert!(call.has_heard("after them"));
    let expected = ["Sms", "Connect", "Conference", "Enqueue"]
        .map(|name| format!("<{name}>: not run by this emulator: skipped"));
    assert_eq!(unsupported(&call), expected);
    assert!(world.errors().is_empty());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attributes_that_are_not_understood_are_warned_about_and_the_call_goes_on() {
    let world = World::start().await;
    let record = r#"<Record recordingChannels="dual" recordingStatusCallbackEvent="completed,failed" timeout="1" action="/done"/>"#;
    world.number().await.on("/voice", record);
    world.on("/done", "<Say>Thank you</Say>");
    let call = world.call(json!([])).await;
    assert!(call.has_heard("thank you"));
    let warnings: Vec<String> = world
        .handle
        .log(0)
        .into_iter()
        .filter(|entry| entry.error_code == Some(12200))
        .filter(|entry| entry.sid.as_deref() == Some(call.sid.as_str()))
        .filter_map(|entry| entry.error)
        .collect();
    assert_eq!(
        warnings,
        [
            "<Record> has no attribute recordingChannels: it has no effect",
            "<Record> cannot have this value for recordingStatusCallbackEvent: it has no effect",
        ]
    );
    assert_eq!(world.errors().len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_that_goes_in_circles_ends() {
    let world = World::seeded(7, 1000.0).await;
    world.number().await.on("/voice", "<Redirect/>");
    let call = world.call(json!([])).await;
    assert_eq!(call.outcome, Some("completed"));
    assert_eq!(world.errors(), [11215]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fallback_url_that_answered_is_the_current_one() {
    let world = World::start().await;
    let settings = NumberSettings {
        voice_fallback_url: world.at("/other/fallback"),
        ..NumberSettings::default()
    };
    world.number_with(settings).await;
    world.app.on("/voice", [Answer::status(503)]);
    world.app.on(
        "/other/fallback",
        [
            Answer::twiml("<Gather numDigits=\"1\"><Say>Press one</Say></Gather>"),
            Answer::twiml("<Redirect>next</Redirect>"),
        ],
    );
    world.on("/other/next", "<Say>Thank you</Say>");
    let call = world
        .call(json!([{"wait_for": "press one"}, {"press": "1"}, {"wait_for": "thank you"}]))
        .await;
    assert_eq!(call.problem, None);
    assert_eq!(world.app.hits("/voice").len(), 1);
    assert_eq!(world.app.hits("/other/fallback")[1].get("Digits"), "1");
    world.end().await;
}
