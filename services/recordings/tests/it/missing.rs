//! Recordings of which nobody tells: Twilio's list is asked.

use std::sync::Arc;

use events::v1::{Call, CallEnded};
use serde_json::{Value, json};
use testkit::eventually;

use crate::test_app::{ACCOUNT, CALL, RECORDING, TestApp, call, sound};
use crate::twilio::Answer;

const CONFERENCE: &str = "CF00000000000000000000000000000001";

/// The call ends, and nobody tells of its recording.
async fn ended(app: &TestApp) {
    app.started(CALL).await;
    app.call_is_known().await;
    app.publish(&CallEnded {
        call: Some(Call {
            ended_at: "2026-11-29T10:05:00Z".into(),
            ..call(CALL)
        }),
    })
    .await;
}

fn item(sid: &str, more: &Value) -> Value {
    let mut item = json!({
        "sid": sid, "account_sid": ACCOUNT, "call_sid": CALL, "status": "completed", "duration": "2", "channels": 2,
        "source": "StartCallRecordingTwiML", "date_created": "Sun, 29 Nov 2026 10:00:00 +0000",
    });
    for (name, value) in more.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

pub async fn recording_that_nobody_told_of_is_found_in_twilios_list(app: Arc<TestApp>) {
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.twilio()
        .lists(&format!("CallSid={CALL}"), [item(RECORDING, &json!({}))]);
    ended(&app).await;
    let row = app.is("completed").await;
    assert_eq!(
        (row.tenant_id.as_str(), row.recording_sid.as_str()),
        ("smith", RECORDING)
    );
    // It is settled: nobody asks again.
    let asked = app.twilio().listed();
    assert_eq!(asked, [format!("CallSid={CALL}")]);
}

/// Twilio's list of the call is late; then it has one.
pub async fn recording_that_the_list_lacks_at_first_is_found_later(app: Arc<TestApp>) {
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    ended(&app).await;
    eventually("the list was asked", async || {
        !app.twilio().listed().is_empty()
    })
    .await;
    assert!(app.rows().await.is_empty());
    app.twilio()
        .lists(&format!("CallSid={CALL}"), [item(RECORDING, &json!({}))]);
    app.is("completed").await;
}

/// A conference's recordings are not in the call's list; that the call was in it a callback has said.
pub async fn recording_of_the_calls_conference_is_found_by_its_conference(app: Arc<TestApp>) {
    let conference =
        json!({ "conference_sid": CONFERENCE, "source": "Conference", "call_sid": null });
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.twilio().lists(
        &format!("ConferenceSid={CONFERENCE}"),
        [
            item(RECORDING, &conference),
            // What names another call is that call's.
            item(
                "RE00000000000000000000000000000009",
                &json!({ "conference_sid": CONFERENCE, "call_sid": "CA00000000000000000000000000000009" }),
            ),
        ],
    );
    app.started(CALL).await;
    app.told("in-progress", |event| {
        event.conference_sid = CONFERENCE.into()
    })
    .await;
    app.is("in-progress").await;
    ended(&app).await;
    let row = app.is("completed").await;
    assert_eq!(row.recording_sid, RECORDING);
    assert_eq!(row.metadata.0["conference_sid"], CONFERENCE);
    assert_eq!(row.metadata.0["twilio_source"], "Conference");
}

pub async fn call_of_which_twilio_has_nothing_is_looked_for_a_few_times_and_counted(
    app: Arc<TestApp>,
) {
    // The first that asks installs the recorder: what was counted before is lost.
    let metrics = async || {
        let answer = reqwest::get(format!("{}/metrics", app.base())).await;
        answer.unwrap().text().await.unwrap()
    };
    metrics().await;
    ended(&app).await;
    eventually("it is looked for", async || {
        app.twilio().listed().len() == 4
    })
    .await;
    eventually("it is counted", async || {
        metrics().await.contains("recordings_never_made_total")
    })
    .await;
    assert!(app.rows().await.is_empty());
}
