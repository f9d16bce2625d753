//! A coached interview as a coach's application would run it: a menu, questions as sound files, recorded answers.

use std::time::Duration;

use audio::{Encoding, Sound, speech};
use serde_json::{Value, json};
use twilio_api::NewCall;

use crate::app::Answer;
use crate::world::{NUMBER, OFFICE, World, eventually};

const MENU: &str = "For a mock interview press or say one";
const QUESTIONS: [&str; 2] = ["Tell me about yourself", "What was your hardest job"];
const FEEDBACK: &str = "You spoke clearly";

/// The files are named by their content, so only their words tell what is said.
fn sound(text: &str) -> Answer {
    let wav = Sound::mono(speech(text, None)).to_wav(Encoding::MuLaw);
    Answer::sound("audio/wav", &wav.unwrap())
}

fn ask(n: usize) -> Answer {
    Answer::twiml(&format!(
        "<Play>/audio/q{n}.wav</Play><Record action=\"/answer\" maxLength=\"60\" timeout=\"3\" finishOnKey=\"#\" recordingStatusCallback=\"/told\"/>"
    ))
}

/// The second question takes a while.
async fn coach(world: &World) {
    world.number().await.on(
        "/voice",
        "<Gather input=\"dtmf speech\" numDigits=\"1\" hints=\"mock interview\" action=\"/menu\"><Play>/audio/menu.wav</Play></Gather>",
    );
    let app = &world.app;
    app.on("/audio/menu.wav", [sound(MENU)]);
    app.on("/audio/q1.wav", [sound(QUESTIONS[0])]);
    app.on("/audio/q2.wav", [sound(QUESTIONS[1])]);
    app.on("/audio/end.wav", [sound(FEEDBACK)]);
    app.on("/menu", [ask(1)]);
    again(world);
}

/// For the next call.
fn again(world: &World) {
    world.app.on(
        "/answer",
        [
            ask(2).after(Duration::from_millis(60)),
            Answer::twiml("<Play>/audio/end.wav</Play>"),
        ],
    );
}

/// Answers with a key and then with silence.
fn answers(choose: Value) -> Value {
    json!([
        {"wait_for": MENU}, choose,
        {"wait_for": QUESTIONS[0]}, {"speak": {"text": "I am a plumber", "seconds": 12}}, {"press": "#"},
        {"wait_for": QUESTIONS[1]}, {"speak": {"text": "A flooded school", "seconds": 9}},
        {"wait_for": FEEDBACK},
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interview_from_sound_files_is_followed_and_its_silences_are_measured() {
    let world = World::start().await;
    coach(&world).await;
    for (choose, menu) in [
        (json!({"press": "1"}), ("Digits", "1")),
        (
            json!({"speak": {"text": "mock interview"}}),
            ("SpeechResult", "mock interview"),
        ),
    ] {
        again(&world);
        let call = world.call(answers(choose)).await;
        assert_eq!(
            (call.outcome, call.problem.clone()),
            (Some("completed"), None)
        );
        assert_eq!(world.app.hits("/menu").pop().unwrap().get(menu.0), menu.1);

        // From the end of each answer to the next sound, also in the time in which the application works.
        let of_answers: Vec<&Value> = call
            .waits
            .iter()
            .filter(|wait| wait["recording_sid"] != "")
            .collect();
        let [first, second] = of_answers[..] else {
            panic!("{:?}", call.waits)
        };
        assert_eq!(
            (&first["ended_by"], &first["own_timeout_ms"]),
            (&json!("key"), &json!(0))
        );
        assert_eq!(
            (&second["ended_by"], &second["own_timeout_ms"]),
            (&json!("silence"), &json!(3000))
        );
        assert_eq!(
            first["next"],
            json!(format!("play: q2.wav: {}", QUESTIONS[1]))
        );
        assert_eq!(second["next"], json!(format!("play: end.wav: {FEEDBACK}")));
        let (real, simulated) = (first["real_ms"].as_i64(), first["silence_ms"].as_i64());
        assert!(
            real.unwrap() >= 60 && simulated.unwrap() >= 60 * 50,
            "{first}"
        );
        assert_eq!(first["recording_sid"], call.recorded[0]["sid"]);
    }
    let plays: Vec<Value> = world
        .handle
        .log(0)
        .into_iter()
        .filter(|entry| entry.kind == "play")
        .map(|entry| entry.extra["words"].clone())
        .collect();
    assert_eq!(plays[..2], [json!(MENU), json!(QUESTIONS[0])]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recordings_can_be_told_before_their_action_twice_or_never() {
    let world = World::start().await;
    coach(&world).await;
    world.fault(json!({"kind": "recording", "callback": "before"}));
    world.fault(json!({"kind": "callbacks", "duplicate": true}));
    let call = world.call(answers(json!({"press": "1"}))).await;
    assert_eq!(call.problem, None);
    let order: Vec<String> = world
        .app
        .all()
        .iter()
        .filter(|hit| matches!(hit.path.as_str(), "/answer" | "/told"))
        .map(|hit| format!("{} {}", hit.path, hit.get("RecordingSid")))
        .collect();
    let expected: Vec<String> = call
        .recorded
        .iter()
        .flat_map(|recording| {
            let sid = recording["sid"].as_str().unwrap().to_owned();
            ["/told", "/told", "/answer"].map(|path| format!("{path} {sid}"))
        })
        .collect();
    assert_eq!(order, expected);

    world.fault(json!({"kind": "recording", "callback": "never", "not_found_times": 1}));
    world.fault(json!({"kind": "callbacks"}));
    again(&world);
    let call = world.call(answers(json!({"press": "1"}))).await;
    let sid = call.recorded[1]["sid"].as_str().unwrap();
    // It is there all the same, after it was not.
    let completed = || {
        let view = world.handle.view(&call.sid).unwrap();
        (view.recorded[1]["status"] == "completed").then_some(())
    };
    eventually("the recording is completed", completed).await;
    let path = format!("/Recordings/{sid}.wav");
    assert_eq!(world.rest("GET", &path, &[]).await.0, 404);
    assert_eq!(world.rest("GET", &path, &[]).await.0, 200);
    assert_eq!(world.app.hits("/told").len(), 4);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_called_answers_an_interview_once_it_is_known_to_be_a_person() {
    let world = World::start().await;
    coach(&world).await;
    world.on("/screen", "<Redirect>/voice</Redirect>");
    let callee = |behaviour: &str, steps: Value| {
        world.fault(
            json!({"kind": "callee", "number": OFFICE, "behaviour": behaviour, "greeting_s": 4, "steps": steps}),
        );
    };
    let place = async || {
        let wish = NewCall {
            to: OFFICE.to_owned(),
            from: NUMBER.to_owned(),
            url: world.at("/screen"),
            machine_detection: Some("DetectMessageEnd".to_owned()),
            ..NewCall::default()
        };
        let sid = world.client.calls().create(&wish).await.unwrap().sid;
        world.over(&sid).await
    };
    callee("answer", answers(json!({"press": "1"})));
    let call = place().await;
    assert_eq!((call.problem, call.waits.len()), (None, 2));
    assert_eq!(world.app.hits("/screen")[0].get("AnsweredBy"), "human");

    callee("machine", json!([]));
    world.on("/screen", "<Say>Please call us back</Say>");
    let call = place().await;
    assert!(call.has_heard("call us back"));
    assert_eq!(
        world.app.hits("/screen")[1].get("AnsweredBy"),
        "machine_end_beep"
    );
    world.end().await;
}
