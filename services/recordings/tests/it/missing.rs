//! Recordings of which nobody tells: Twilio's list is asked.

use std::sync::Arc;

use events::v1::{Call, CallEnded};
use serde_json::{Value, json};
use testkit::eventually;

use crate::lab::{ACCOUNT, CALL, Lab, RECORDING, call, sound};
use crate::twilio::Answer;

const CONFERENCE: &str = "CF00000000000000000000000000000001";

/// The call ends, and nobody tells of its recording.
async fn ended(lab: &Lab) {
    lab.started(CALL).await;
    lab.call_is_known().await;
    lab.publish(&CallEnded {
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

pub async fn recording_that_nobody_told_of_is_found_in_twilios_list(lab: Arc<Lab>) {
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.twilio()
        .lists(&format!("CallSid={CALL}"), [item(RECORDING, &json!({}))]);
    ended(&lab).await;
    let row = lab.is("completed").await;
    assert_eq!(
        (row.tenant_id.as_str(), row.recording_sid.as_str()),
        ("smith", RECORDING)
    );
    // It is settled: nobody asks again.
    let asked = lab.twilio().listed();
    assert_eq!(asked, [format!("CallSid={CALL}")]);
}

/// Twilio's list of the call is late; then it has one.
pub async fn recording_that_the_list_lacks_at_first_is_found_later(lab: Arc<Lab>) {
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    ended(&lab).await;
    eventually("the list was asked", async || {
        !lab.twilio().listed().is_empty()
    })
    .await;
    assert!(lab.rows().await.is_empty());
    lab.twilio()
        .lists(&format!("CallSid={CALL}"), [item(RECORDING, &json!({}))]);
    lab.is("completed").await;
}

/// A conference's recordings are not in the call's list; that the call was in it a callback has said.
pub async fn recording_of_the_calls_conference_is_found_by_its_conference(lab: Arc<Lab>) {
    let conference =
        json!({ "conference_sid": CONFERENCE, "source": "Conference", "call_sid": null });
    lab.twilio().files(RECORDING, [Answer::Sound(sound())]);
    lab.twilio().lists(
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
    lab.started(CALL).await;
    lab.told("in-progress", |event| {
        event.conference_sid = CONFERENCE.into()
    })
    .await;
    lab.is("in-progress").await;
    ended(&lab).await;
    let row = lab.is("completed").await;
    assert_eq!(row.recording_sid, RECORDING);
    assert_eq!(row.metadata.0["conference_sid"], CONFERENCE);
    assert_eq!(row.metadata.0["twilio_source"], "Conference");
}

pub async fn call_of_which_twilio_has_nothing_is_looked_for_a_few_times_and_counted(lab: Arc<Lab>) {
    // The first that asks installs the recorder: what was counted before is lost.
    let metrics = async || {
        let answer = reqwest::get(format!("{}/metrics", lab.base())).await;
        answer.unwrap().text().await.unwrap()
    };
    metrics().await;
    ended(&lab).await;
    eventually("it is looked for", async || {
        lab.twilio().listed().len() == 4
    })
    .await;
    eventually("it is counted", async || {
        metrics().await.contains("recordings_never_made_total")
    })
    .await;
    assert!(lab.rows().await.is_empty());
}
