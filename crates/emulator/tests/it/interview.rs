use serde_json::json;

use crate::app::Answer;
use crate::world::World;

const ANSWERS: [&str; 3] = [
    "I have been a plumber for nine years",
    "My worst job was a flooded school",
    "I would like to start in",
];

fn question(text: &str, number: u8) -> Answer {
    Answer::twiml(&format!(
        "<Say>{text}</Say><Record action=\"/answer?q={number}\" timeout=\"4\" maxLength=\"120\" \
         recordingStatusCallback=\"/recording?q={number}\"/>"
    ))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn interview_of_three_questions_whose_candidate_hangs_up_in_the_last() {
    let world = World::start().await;
    world.number().await.on(
        "/voice",
        "<Gather numDigits=\"1\" action=\"/menu\"><Say>Press 1 to begin</Say></Gather><Redirect>/voice</Redirect>",
    );
    world.app.on("/menu", [question("Question one", 1)]);
    world.app.on(
        "/answer",
        [
            question("Question two", 2),
            question("Question three", 3),
            Answer::twiml("<Say>Thank you</Say>"),
        ],
    );
    let call = world
        .call(json!([
            {"wait_for": "press 1"}, {"press": "1"},
            {"wait_for": "question one"}, {"speak": {"text": ANSWERS[0], "seconds": 8}},
            {"wait_for": "question two"}, {"speak": {"text": ANSWERS[1], "seconds": 9}}, {"press": "#"},
            {"wait_for": "question three"}, {"speak": {"text": ANSWERS[2], "seconds": 3}}, {"hang_up": {}},
        ]))
        .await;
    assert_eq!(
        (call.outcome, call.problem.clone()),
        (Some("completed"), None)
    );
    assert!(!call.has_heard("thank you"));
    assert_eq!(call.said, ANSWERS);

    let answers = world.hits("/answer", 3).await;
    let told: Vec<(&str, &str, &str, &str)> = answers
        .iter()
        .map(|hit| {
            (
                hit.query.as_str(),
                hit.get("Digits"),
                hit.get("RecordingDuration"),
                hit.get("CallStatus"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("q=1", "", "12", "in-progress"),
            ("q=2", "#", "9", "in-progress"),
            ("q=3", "hangup", "3", "completed"),
        ]
    );
    for (hit, words) in answers.iter().zip(ANSWERS) {
        let sound = world.recorded(hit.get("RecordingSid")).await;
        assert_eq!(sound.heard().as_deref(), Some(words));
    }
    let mut durations: Vec<(String, String)> = world
        .hits("/recording", 3)
        .await
        .iter()
        .map(|hit| (hit.query.clone(), hit.get("RecordingDuration").to_owned()))
        .collect();
    durations.sort();
    let expected = [("q=1", "8"), ("q=2", "9"), ("q=3", "3")];
    assert!(
        durations
            .iter()
            .zip(expected)
            .all(|(one, two)| (one.0.as_str(), one.1.as_str()) == two)
    );
    world.hits("/status", 1).await;
    world.end().await;
}
