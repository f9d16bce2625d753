//! Files as they are served, held recordings, and files as the store is told to keep them.

use std::sync::Arc;

use chrono::Duration;
use events::v1::{RecordingChanged, RecordingPause, RecordingResume, RecordingSettings};
use reqwest::{Method, Response, StatusCode};
use testkit::{ADMIN, eventually};

use crate::test_app::{CALL, RECORDING, TestApp, sound};
use crate::twilio::Answer;

async fn fetch(app: &TestApp, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let client = client.build().unwrap();
    let mut request = client.request(method, format!("{}{path}", app.base()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.unwrap()
}

pub async fn file_is_served_whole_in_ranges_and_by_its_tag(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}/play", row.id);
    let key = ("X-API-Key", ADMIN);
    let whole = fetch(&app, Method::GET, &path, &[key]).await;
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()["content-type"], "audio/wav");
    let tag = whole.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(tag, format!("\"{}\"", row.sha256));
    assert!(whole.bytes().await.unwrap() == sound());
    let part = fetch(&app, Method::GET, &path, &[key, ("Range", "bytes=-10")]).await;
    assert_eq!(part.status(), 206);
    let size = sound().len();
    let range = format!("bytes {}-{}/{size}", size - 10, size - 1);
    assert_eq!(part.headers()["content-range"], range.as_str());
    assert!(part.bytes().await.unwrap() == sound()[size - 10..]);
    let known = fetch(&app, Method::GET, &path, &[key, ("If-None-Match", &tag)]).await;
    assert_eq!(known.status(), 304);
    let beyond = fetch(
        &app,
        Method::GET,
        &path,
        &[key, ("Range", "bytes=9999999-")],
    )
    .await;
    assert_eq!(beyond.status(), 416);
    let head = fetch(&app, Method::HEAD, &path, &[key]).await;
    assert_eq!(head.headers()["content-length"], size.to_string().as_str());
    assert!(head.bytes().await.unwrap().is_empty());
}

pub async fn signed_address_plays_until_it_expires(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}/link", row.id);
    let (status, made) = app.ask(Method::POST, &path, "read-smith").await;
    assert_eq!(status, 200, "{made}");
    let url = made["url"].as_str().unwrap();
    let signed = &url[url.find("/calls/").unwrap()..];
    let played = async || fetch(&app, Method::GET, signed, &[]).await.status();
    assert_eq!(played().await, StatusCode::OK);
    app.clock.advance(Duration::minutes(59));
    assert_eq!(played().await, StatusCode::OK);
    app.clock.advance(Duration::minutes(2));
    assert_eq!(played().await, StatusCode::FORBIDDEN);
}

pub async fn redirect_leads_to_the_file_at_the_store(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    let row = app.is("completed").await;
    let path = format!("/calls/{CALL}/recording/{}?redirect=1", row.id);
    let answer = fetch(&app, Method::GET, &path, &[("X-API-Key", ADMIN)]).await;
    assert_eq!(answer.status(), 302);
    let address = answer.headers()["location"].to_str().unwrap();
    let file = reqwest::get(address).await.unwrap();
    assert_eq!(file.status(), 200);
    assert!(file.bytes().await.unwrap() == sound());
}

pub async fn file_and_waveform_are_encrypted_as_the_tenant_wants(app: Arc<TestApp>) {
    app.wants(RecordingSettings {
        enabled: true,
        encryption: "kms".into(),
        kms_key: "alias/recordings".into(),
        ..RecordingSettings::default()
    });
    app.twilio().files(RECORDING, [Answer::Sound(sound())]);
    app.started_as_wanted(CALL).await;
    app.call_is_known().await;
    app.told("completed", |_| {}).await;
    app.is("completed").await;
    let written = app.trouble().written();
    let ours: Vec<_> = written
        .iter()
        .filter(|it| it.path.contains(RECORDING))
        .map(|it| (it.encryption.as_str(), it.kms_key.as_str()))
        .collect();
    assert_eq!(ours, [("aws:kms", "alias/recordings"); 2]);
}

pub async fn recording_is_held_and_gone_on_with_and_the_gap_is_in_its_row(app: Arc<TestApp>) {
    app.started(CALL).await;
    app.call_is_known().await;
    app.told("in-progress", |_| {}).await;
    let row = app.is("in-progress").await;
    let account = row.account_sid;
    let ordered = async |what: &str| {
        let path = format!("/calls/{CALL}/recording/{what}");
        app.ask(Method::POST, &path, "write-smith").await
    };
    let (status, paused) = ordered("pause").await;
    assert_eq!(
        (status, &paused["status"]),
        (202, &"pausing".into()),
        "{paused}"
    );
    let pause = app.recorder.wait_for::<RecordingPause>(1).await.remove(0).1;
    assert_eq!(
        (pause.account_sid, pause.recording_sid.as_str()),
        (account, RECORDING)
    );
    let changed = async |status: &str| {
        app.publish(&RecordingChanged {
            call_sid: CALL.into(),
            recording_sid: RECORDING.into(),
            status: status.into(),
        })
        .await;
    };
    changed("paused").await;
    app.row_is(|rows| rows[0].metadata.0["gaps"][0]["from"].is_string())
        .await;
    assert_eq!(ordered("resume").await.0, 202);
    app.recorder.wait_for::<RecordingResume>(1).await;
    changed("in-progress").await;
    let rows = app
        .row_is(|rows| rows[0].metadata.0["gaps"][0]["to"].is_string())
        .await;
    assert_eq!(rows[0].metadata.0["gaps"].as_array().unwrap().len(), 1);
    // Another tenant's call, and one that is over.
    let path = format!("/calls/{CALL}/recording/pause");
    assert_eq!(app.ask(Method::POST, &path, "write-jones").await.0, 404);
    assert_eq!(app.ask(Method::POST, &path, "read-smith").await.0, 403);
    app.told("completed", |_| {}).await;
    eventually("nothing goes on", async || {
        app.rows().await[0].twilio_status == "completed"
    })
    .await;
}
