//! What went into a call is kept where the tenant wants it: the call is run again from it, and it goes when its time is over.

use std::path::PathBuf;
use std::sync::Arc;

use ai::{Ai, OpenAi, Settings};
use clock::Clock;
use events::v1::{CallsForget, PersonForgotten, RecordingErase, RetentionDue};
use session::{Heard, Output};
use streams::replay::{Changes, Journal};
use testkit::eventually;

use crate::phone::Phone;
use crate::provider::Part::Say;
use crate::test_app::{KEPT, TestApp};

/// What went into a stream of a call, once it is kept.
async fn inputs(app: &TestApp, call_sid: &str) -> Vec<u8> {
    eventually("the inputs are kept", async || {
        let seen = app.get(&format!("/api/streams/calls/{call_sid}")).await;
        seen["items"][0]["inputs"] == true
    })
    .await;
    let path = format!("{}/api/streams/calls/{call_sid}/inputs/1", app.base());
    let request = reqwest::Client::new().get(path);
    let answer = request
        .header("X-API-Key", testkit::ADMIN)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

fn folder(app: &TestApp) -> PathBuf {
    app.settings().data_dir.join("inputs")
}

async fn nothing_waits(app: &TestApp) {
    eventually("no journal of inputs is left", async || {
        std::fs::read_dir(folder(app)).unwrap().next().is_none()
    })
    .await;
}

/// A call in which a question is answered, and the frames that came back.
async fn call(app: &TestApp, call_sid: &str) -> Vec<Vec<u8>> {
    let path = app.offered(call_sid, KEPT).await;
    let mut phone = Phone::call(app, &path, call_sid).await;
    phone.until("a voice", |phone| !phone.is_silent()).await;
    phone.speak("yes I am");
    phone.until("a clear", |phone| phone.clears == 1).await;
    phone.hears("Do you live in a city?").await;
    phone.lose_marks(1);
    phone.skip(20);
    phone.speak("of course");
    phone.hears("Thank you and goodbye.").await;
    let received = phone.received.clone();
    phone.hang_up().await;
    app.ended(call_sid).await;
    received
}

pub async fn call_run_again_from_its_inputs_is_the_same_byte_for_byte(app: Arc<TestApp>) {
    let received = call(&app, "CA1").await;
    let bytes = inputs(&app, "CA1").await;
    // A call answers to its id, too.
    assert_eq!(inputs(&app, &role::call_id("CA1")).await, bytes);
    let journal = Journal::read(&bytes).unwrap();
    assert_eq!(
        (journal.about.tenant_id.as_str(), journal.about.part),
        ("smith", 1)
    );
    let (mut frames, mut heard) = (Vec::new(), Vec::new());
    let again = journal
        .again(|_, output| match output {
            Output::Frame(frame) => frames.push(frame.to_vec()),
            Output::Ask { heard: it, .. } => heard.push(it.clone()),
            _ => {}
        })
        .unwrap();
    assert_eq!(again.is_same(), Some(true), "{again:?}");
    assert!(again.inputs > 100 && !again.outputs.cut, "{again:?}");
    // What was heard on the wire, and not only what the platform says of itself.
    assert!(
        frames.starts_with(&received),
        "{} {}",
        frames.len(),
        received.len()
    );
    let words = |text: &str| Heard::Words(text.to_owned());
    assert_eq!(heard, [Heard::Begin, words("yes I am"), words("of course")]);
    nothing_waits(&app).await;
}

pub async fn call_whose_inputs_were_changed_is_not_taken_for_the_same(app: Arc<TestApp>) {
    call(&app, "CA1").await;
    let bytes = inputs(&app, "CA1").await;
    let at = bytes.windows(9).position(|it| it == b"of course").unwrap();
    let mut changed = bytes.clone();
    changed[at..at + 9].copy_from_slice(b"of coarse");
    let again = Journal::read(&changed).unwrap().again(|_, _| {}).unwrap();
    assert_eq!(again.is_same(), Some(false));
    // One that breaks off, as a killed process leaves it, is the beginning of the call.
    let cut = &bytes[..bytes.len() - 200];
    let again = Journal::read(cut).unwrap().again(|_, _| {}).unwrap();
    assert_eq!(again.is_same(), None);
    let head = bytes.split(|byte| *byte == b'\n').next().unwrap();
    let damaged = [head, b"\nnothing of ours"].concat();
    let again = Journal::read(&damaged).unwrap().again(|_, _| {});
    assert!(again.is_err(), "{again:?}");
    assert!(Journal::read(b"nothing of ours").is_err());
}

pub async fn call_of_a_tenant_that_keeps_no_inputs_has_none(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    assert_eq!(std::fs::read_dir(folder(&app)).unwrap().count(), 0);
    phone.hang_up().await;
    app.ended("CA1").await;
    let (status, _) = app
        .call(
            "GET",
            "/api/streams/calls/CA1/inputs/1",
            testkit::ADMIN,
            None,
        )
        .await;
    assert_eq!(status, 404);
}

pub async fn inputs_go_with_the_person_and_with_the_call(app: Arc<TestApp>) {
    for sid in ["CA1", "CA2"] {
        call(&app, sid).await;
        inputs(&app, sid).await;
    }
    app.publish(&CallsForget {
        receipt_id: "receipt".to_owned(),
        part: "1".to_owned(),
        call_sids: vec!["CA1".to_owned()],
    })
    .await;
    app.recorder.wait_for::<PersonForgotten>(1).await;
    let erased = app.recorder.wait_for::<RecordingErase>(1).await;
    let order = &erased[0].1;
    assert_eq!(order.keys, ["inputs/smith/CA1-1.inputs"]);
    // The receipt is not done before they are gone.
    let told = app.recorder.heard::<PersonForgotten>();
    assert_eq!(told[0].1.awaits, std::slice::from_ref(&order.part));
    assert_eq!(
        (order.receipt_id.as_str(), order.part.is_empty()),
        ("receipt", false)
    );
    let after = Clock::system().now() + std::time::Duration::from_secs(60);
    app.publish(&RetentionDue {
        tenant_id: "smith".to_owned(),
        calls_before: after.to_rfc3339(),
        ..RetentionDue::default()
    })
    .await;
    let erased = app.recorder.wait_for::<RecordingErase>(2).await;
    assert_eq!(erased[1].1.keys, ["inputs/smith/CA2-1.inputs"]);
}

/// What a process that was killed leaves of a call.
fn left_behind(app: &TestApp, session_id: &str, call_sid: &str, started_at: &str) {
    let about = serde_json::json!({
        "session_id": session_id, "call_sid": call_sid, "tenant_id": "smith", "app": "bot:loan", "part": 1,
        "started_at": started_at, "keep_days": 30, "encryption": "", "kms_key": "", "version": "0",
    });
    let file = format!("{about}\nsomething that went in");
    std::fs::write(folder(app).join(format!("{session_id}.inputs")), file).unwrap();
}

pub async fn journal_of_inputs_that_is_over_or_nobodys_is_removed_and_not_stored(
    app: Arc<TestApp>,
) {
    let path = app.offered("CA1", "loan").await;
    let session = path.rsplit('/').next().unwrap().to_owned();
    let path = app.offered("CA2", "loan").await;
    let over = path.rsplit('/').next().unwrap().to_owned();
    app.stop().await;
    let now = Clock::system().now().to_rfc3339();
    left_behind(&app, &session, "CA1", &now);
    left_behind(&app, &over, "CA2", "2020-01-01T00:00:00Z");
    left_behind(&app, "0000000000000003", "CA3", &now);
    std::fs::write(folder(&app).join("other.inputs"), b"nothing that we wrote").unwrap();
    app.up().await;
    eventually("what there is is stored or removed", async || {
        let names = std::fs::read_dir(folder(&app)).unwrap();
        let names: Vec<_> = names.map(|it| it.unwrap().file_name()).collect();
        names == ["other.unreadable"]
    })
    .await;
    let kept = inputs(&app, "CA1").await;
    assert!(kept.ends_with(b"something that went in"));
    let objects = objects::Objects::open(app.settings().object_store());
    let all = objects.list("inputs/").await.unwrap();
    let keys: Vec<_> = all.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(keys, ["inputs/smith/CA1-1.inputs"]);
}

pub async fn other_instructions_and_model_are_put_to_the_callers_words(app: Arc<TestApp>) {
    let provider = app.provider();
    provider.answers_to("what does it cost", &[Say("It costs 90 dollars.")]);
    let path = app.offered_assistant("CA1").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("how can I help?").await;
    phone.speak("what does it cost");
    phone.hears("90 dollars").await;
    phone.hang_up().await;
    app.ended("CA1").await;
    let bytes = inputs(&app, "CA1").await;
    let journal = Journal::read(&bytes).unwrap();
    assert_eq!(journal.again(|_, _| {}).unwrap().is_same(), Some(true));

    provider.answers_to("what does it cost", &[Say("Nothing at all, dear.")]);
    let settings = Settings {
        openai: Some(OpenAi {
            base_url: format!("http://127.0.0.1:{}/v1", provider.port),
            ..OpenAi::new("none")
        }),
        ..Settings::default()
    };
    let ai = Ai::new(settings, Clock::system()).unwrap();
    let changes = Changes {
        instructions: Some("You give everything away.".to_owned()),
        model: Some("another-model".to_owned()),
    };
    let turns = journal.with(&changes, &ai).await.unwrap();
    let asked = provider.asked();
    let last = asked.last().unwrap();
    assert!(last.instructions().contains("You give everything away."));
    assert!(
        !last
            .instructions()
            .contains("receptionist of Harbor Dental")
    );
    assert!(String::from_utf8_lossy(&last.body).contains("another-model"));
    assert_eq!(turns.len(), 2, "{turns:?}");
    assert_eq!(turns[0].then, turns[0].now);
    assert_eq!(turns[1].heard, Heard::Words("what does it cost".to_owned()));
    assert_eq!(
        (turns[1].then.as_str(), turns[1].now.as_str()),
        ("It costs 90 dollars.", "Nothing at all, dear.")
    );
}
