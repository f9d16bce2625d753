//! Who may have a recording.

use std::sync::Arc;

use events::v1::RecordingDeleted;
use reqwest::Method;
use testkit::ADMIN;

use crate::test_app::{CALL, RECORDING, TestApp, sound};
use crate::twilio::Answer;

async fn status(app: &TestApp, method: Method, path: &str, key: &str) -> u16 {
    let client = reqwest::Client::new();
    let request = client.request(method, format!("{}{path}", app.base()));
    let answer = request.header("X-API-Key", key).send().await.unwrap();
    answer.status().as_u16()
}

pub async fn another_tenants_recording_is_not_found(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    for id in [RECORDING, &row.id] {
        for end in ["", "/play", "/peaks"] {
            let path = format!("/calls/{CALL}/recording/{id}{end}");
            assert_eq!(
                status(&app, Method::GET, &path, "read-smith").await,
                200,
                "{path}"
            );
            assert_eq!(
                status(&app, Method::GET, &path, "read-jones").await,
                404,
                "{path}"
            );
        }
    }
    let path = format!("/calls/{CALL}/recording/{}", row.id);
    assert_eq!(
        status(&app, Method::DELETE, &path, "write-jones").await,
        404
    );
    let link = format!("{path}/link");
    assert_eq!(status(&app, Method::POST, &link, "read-jones").await, 404);
    let other = format!("/calls/CA2/recording/{}", row.id);
    assert_eq!(status(&app, Method::GET, &other, ADMIN).await, 404);
    let unsigned = format!("{path}/signed");
    assert_eq!(status(&app, Method::GET, &unsigned, ADMIN).await, 403);
    assert_eq!(app.is("completed").await.version, row.version);
}

pub async fn recording_without_a_file_says_why(app: Arc<TestApp>) {
    app.started(CALL).await;
    app.told("in-progress", |_| {}).await;
    let row = app.is("in-progress").await;
    let path = format!("/calls/{CALL}/recording/{}", row.id);
    testkit::eventually(
        "the call and its recording have found each other",
        async || status(&app, Method::GET, &path, ADMIN).await == 409,
    )
    .await;
    let missing = format!("/calls/{CALL}/recording/RE9");
    assert_eq!(status(&app, Method::GET, &missing, ADMIN).await, 404);
}

pub async fn deleted_recording_is_erased_and_told(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}", row.id);
    assert_eq!(status(&app, Method::DELETE, &path, ADMIN).await, 204);
    testkit::eventually("the objects are gone", async || {
        app.keys_in_store().await.is_empty()
    })
    .await;
    app.heard::<RecordingDeleted>(1).await;
    assert_eq!(app.deleted()[0].status, "deleted");
    assert_eq!(status(&app, Method::GET, &path, ADMIN).await, 409);
    assert_eq!(status(&app, Method::DELETE, &path, ADMIN).await, 204);
    // A callback that comes again does not bring it back.
    app.told("completed", |_| {}).await;
    assert_eq!(app.is("deleted").await.object_key, "");
    assert_eq!(app.twilio().asked(RECORDING).len(), 1);
}
