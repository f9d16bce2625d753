//! Lines and processes that misbehave.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::phone::Phone;
use crate::provider::Part::{Say, Wait};
use crate::test_app::{RECORDED, TestApp};

pub async fn first_mark_that_is_lost_silences_nobody(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.lose_marks(1);
    phone.hears("Are you salaried?").await;
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    phone.hang_up().await;
    assert_eq!(app.ended("CA1").await.turns, 2);
}

pub async fn frames_that_come_at_once_with_a_clear_among_them_keep_their_places(app: Arc<TestApp>) {
    let path = app.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.until("a voice", |phone| !phone.is_silent()).await;
    phone.speak_for("yes I am", 3.0);
    let began = phone.frames();
    for _ in 0..250 {
        phone.next_frame().await;
    }
    phone.until("a clear", |phone| phone.clears == 1).await;
    phone.hears("Do you live in a city?").await;
    let frames = phone.frames();
    phone.hang_up().await;
    let tracks = app.tracks("CA1", 3).await;
    let user = tracks.iter().find(|(it, _)| it.recording_type == "user");
    let user = &user.unwrap().1.samples;
    assert_eq!(user.len(), 160 * frames);
    let first = user.iter().position(|sample| sample.unsigned_abs() > 500);
    let expected = 160 * began;
    assert!(
        (expected..expected + 1_600).contains(&first.unwrap()),
        "{first:?} {expected}"
    );
}

pub async fn call_of_a_killed_process_goes_on_in_another_from_the_middle_of_its_turn(
    app: Arc<TestApp>,
) {
    let provider = app.provider();
    let path = app.offered_assistant("CA1").await;
    let mut killed = Phone::call(&app, &path, "CA1").await;
    killed.hears("how can I help?").await;
    // The model is writing, and will not come to its end, however often it is asked.
    provider.answers_to(
        "yes I am here",
        &[Say("You were saying that your tooth hurts.")],
    );
    for _ in 0..3 {
        provider.answers(&[Wait(Arc::new(Semaphore::new(0)))]);
    }
    killed.speak("my tooth hurts");
    killed
        .until("the model is asked", |_| !provider.asked().is_empty())
        .await;
    testkit::eventually("the turn is written down", async || {
        let seen = app.get("/api/streams/calls/CA1").await;
        seen["items"][0]["said"]
            .to_string()
            .contains("my tooth hurts")
    })
    .await;
    // Twilio sees a socket that breaks off; nobody in the process writes anything down any more.
    let again = app.offered_assistant("CA1").await;
    assert_ne!(again, path);
    let mut phone = Phone::call(&app, &again, "CA1").await;
    phone.hears("Are you still there?").await;
    phone.speak("yes I am here");
    phone.hears("your tooth hurts").await;
    let asked = provider.asked();
    let last = asked.iter().find(|it| it.data().contains("yes I am here"));
    let history = last.unwrap().history();
    let said: Vec<_> = history.iter().map(|(_, text)| text.as_str()).collect();
    let tooth = said.iter().filter(|text| **text == "my tooth hurts");
    assert_eq!(tooth.count(), 1, "{said:?}");
}
