//! Who may open a socket, and what may come through it.

use std::sync::Arc;

use serde_json::json;

use crate::phone::{Phone, refused};
use crate::test_app::{TOKEN, TestApp, signed};

pub async fn handshake_unsigned_or_foreign_is_refused(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    assert_eq!(refused(&app, &path, None).await, 403);
    let foreign = signed(&path, "22222222222222222222222222222222");
    assert_eq!(refused(&app, &path, Some(&foreign)).await, 403);
    let other = signed("/ws/twilio/another", TOKEN);
    assert_eq!(refused(&app, &path, Some(&other)).await, 403);
    assert_eq!(refused(&app, "/ws/twilio/another", Some(&other)).await, 404);
    // None of them has used the path up; a slash at its end is Twilio's to sign.
    let slash = signed(&format!("{path}/"), TOKEN);
    assert_eq!(refused(&app, &path, Some(&slash)).await, 101);
}

pub async fn stream_without_a_session_in_its_path_is_found_by_its_call(app: Arc<TestApp>) {
    app.offered("CA1", "loan").await;
    assert_eq!(refused(&app, "/streams", None).await, 403);
    let mut stranger = Phone::call(&app, "/streams", "CA2").await;
    stranger
        .until("the close", |phone| phone.closed.is_some())
        .await;
    assert_eq!(stranger.closed, Some(1008));
    let mut phone = Phone::call(&app, "/streams", "CA1").await;
    phone.hears("Are you salaried?").await;
    // Its path is used up all the same.
    let mut second = Phone::call(&app, "/streams", "CA1").await;
    second
        .until("the close", |phone| phone.closed.is_some())
        .await;
    assert_eq!(second.closed, Some(1008));
}

pub async fn path_works_once_and_a_second_socket_is_closed(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    // Twilio asks again before it has connected: the same stream.
    assert_eq!(app.offered("CA1", "loan").await, path);
    let mut first = Phone::call(&app, &path, "CA1").await;
    first.hears("Hello from the test.").await;
    let mut second = Phone::open(&app, &path).await;
    second
        .until("the close", |phone| phone.closed.is_some())
        .await;
    assert_eq!(second.closed, Some(1008));
    first.hears("Are you salaried?").await;
    first.hang_up().await;
    assert_eq!(app.ended("CA1").await.reason, "stopped");
}

pub async fn malformed_messages_are_skipped_and_counted(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::open(&app, &path).await;
    // Media before the start is nobody's fault.
    phone
        .send(json!({"event": "media", "media": {"payload": "/w=="}}))
        .await;
    phone.start("CA1").await;
    let long = format!(
        r#"{{"event":"media","streamSid":"MZ1","x":"{}"}}"#,
        "x".repeat(100_000)
    );
    for text in ["", "[[[", "{\"event\":3}", &long, &"[".repeat(5_000)] {
        phone.text(text).await;
    }
    phone.binary(b"\x00\x01").await;
    phone
        .send(json!({"event": "media", "streamSid": "MZ2", "media": {"payload": "/w=="}}))
        .await;
    phone
        .send(json!({"event": "tomorrow", "streamSid": "MZ1"}))
        .await;
    phone.hears("Are you salaried?").await;
    phone.hang_up().await;
    let ended = app.ended("CA1").await;
    assert_eq!((ended.malformed, ended.reason.as_str()), (7, "stopped"));
    assert_eq!(ended.interview_id, "interview-1");
}

pub async fn call_after_a_drop_is_offered_another_stream(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    drop(phone);
    assert_eq!(app.ended("CA1").await.reason, "stopped");
    let again = app.offered("CA1", "loan").await;
    assert_ne!(again, path);
    let mut phone = Phone::call(&app, &again, "CA1").await;
    phone.hears("Are you salaried?").await;
}

pub async fn process_that_stops_ends_live_calls_as_moved(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let mut phone = Phone::call(&app, &path, "CA1").await;
    phone.hears("Are you salaried?").await;
    let stopping = tokio::spawn({
        let app = app.clone();
        async move { app.stop().await }
    });
    phone
        .until("the close", |phone| phone.closed.is_some())
        .await;
    stopping.await.unwrap();
    assert_eq!(app.ended("CA1").await.reason, "moved");
}
