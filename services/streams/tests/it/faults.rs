//! Lines and processes that misbehave.

use std::sync::Arc;

use futures::future::join_all;
use tokio::sync::Semaphore;

use crate::lab::{Lab, RECORDED};
use crate::phone::Phone;
use crate::provider::Part::{Say, Wait};

pub async fn first_mark_that_is_lost_silences_nobody(lab: Arc<Lab>) {
    let path = lab.offered("CA1", "loan").await;
    let mut phone = Phone::call(&lab, &path, "CA1").await;
    phone.lose_marks(1);
    phone.hears("Are you salaried?").await;
    phone.speak("yes I am");
    phone.hears("Do you live in a city?").await;
    phone.hang_up().await;
    assert_eq!(lab.ended("CA1").await.turns, 2);
}

pub async fn frames_that_come_at_once_with_a_clear_among_them_keep_their_places(lab: Arc<Lab>) {
    let path = lab.offered("CA1", RECORDED).await;
    let mut phone = Phone::call(&lab, &path, "CA1").await;
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
    let tracks = lab.tracks("CA1", 3).await;
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

pub async fn sessions_opened_and_dropped_leave_nothing_behind(lab: Arc<Lab>) {
    for round in 0..4 {
        let calls = (0..50).map(|n| {
            let lab = lab.clone();
            async move {
                let call_sid = format!("CA{round}x{n}");
                let path = lab.offered(&call_sid, RECORDED).await;
                let mut phone = Phone::call(&lab, &path, &call_sid).await;
                phone.wait(3).await;
                drop(phone);
                assert_eq!(lab.ended(&call_sid).await.reason, "stopped");
            }
        });
        join_all(calls).await;
    }
    testkit::eventually("nothing of them is live", async || {
        let (_, metrics) = lab.call("GET", "/metrics", "", None).await;
        let live = metrics.as_str().unwrap().lines();
        let mut live = live.filter(|line| line.starts_with("streams_live"));
        let is_over = live.all(|line| line.ends_with(" 0"));
        is_over && sockets(&lab.base()) < 10 && journals(&lab) == 0
    })
    .await;
}

/// Connections that a server holds.
fn sockets(base: &str) -> usize {
    let port: u16 = base.rsplit(':').next().unwrap().parse().unwrap();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let ours = format!(":{port:04X}");
    let rows = table.lines().filter(|row| {
        let mut fields = row.split_whitespace().skip(1);
        let local = fields.next().is_some_and(|it| it.ends_with(&ours));
        // Established, or closed by the other side only.
        local && matches!(fields.nth(1), Some("01" | "08"))
    });
    rows.count()
}

fn journals(lab: &Lab) -> usize {
    let dir = lab.settings().data_dir.join("live");
    std::fs::read_dir(dir).unwrap().count()
}

pub async fn call_of_a_killed_process_goes_on_in_another_from_the_middle_of_its_turn(
    lab: Arc<Lab>,
) {
    let provider = lab.provider();
    let path = lab.offered_assistant("CA1").await;
    let mut killed = Phone::call(&lab, &path, "CA1").await;
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
        let seen = lab.get("/api/streams/calls/CA1").await;
        seen["items"][0]["said"]
            .to_string()
            .contains("my tooth hurts")
    })
    .await;
    // Twilio sees a socket that breaks off; nobody in the process writes anything down any more.
    let again = lab.offered_assistant("CA1").await;
    assert_ne!(again, path);
    let mut phone = Phone::call(&lab, &again, "CA1").await;
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
