//! Operators who listen in on a live call.

use std::sync::Arc;

use events::v1::TimelineNoted;
use testkit::{ADMIN, EventRecorder};

use crate::phone::Phone;
use crate::test_app::TestApp;

pub async fn operator_hears_a_live_call_and_who_speaks_is_noted(app: Arc<TestApp>) {
    let path = app.offered("CA1", "loan").await;
    let notes = Arc::new(EventRecorder::default());
    notes
        .listen_as("test.notes", &app.bus(), &["timeline.noted"])
        .await;
    let (sid, id) = ("CA1".to_owned(), role::call_id("CA1"));
    let asked = |call: &str| {
        reqwest::Client::new()
            .get(format!("{}/api/streams/calls/{call}/listen", app.base()))
            .header("X-API-Key", ADMIN)
            .send()
    };
    for call in [&sid, &id] {
        let early = asked(call).await.unwrap().status();
        assert_eq!(early, 404, "it does not live yet");
    }
    let mut phone = Phone::call(&app, &path, "CA1").await;
    let mut sound = asked(&sid).await.unwrap();
    assert_eq!(sound.status(), 200);
    // A call answers to both; nothing is read of this one.
    assert_eq!(asked(&id).await.unwrap().status(), 200);
    assert_eq!(sound.headers()["content-type"], "audio/wav");
    phone.hears("Are you salaried?").await;
    let mut heard = Vec::new();
    let loud = |bytes: &[u8]| {
        let samples = bytes
            .chunks_exact(2)
            .map(|it| i16::from_le_bytes([it[0], it[1]]));
        samples.filter(|it| it.unsigned_abs() > 1_000).count()
    };
    while heard.len() < 44 || loud(&heard[44..]) < 400 {
        let piece = tokio::time::timeout(testkit::PATIENCE, sound.chunk()).await;
        heard.extend_from_slice(&piece.unwrap().unwrap().unwrap());
    }
    assert_eq!(&heard[..4], b"RIFF");
    let batch = notes.take(1).await.remove(0);
    let batch: TimelineNoted = batch.decode().unwrap();
    assert_eq!(
        (batch.notes[0].key.as_str(), batch.notes[0].what.as_str()),
        ("CA1", "the platform speaks")
    );
    phone.hang_up().await;
    while let Some(piece) = sound.chunk().await.unwrap() {
        heard.extend_from_slice(&piece);
    }
    testkit::eventually("it is over", async || {
        asked(&sid).await.unwrap().status() == 404 && asked(&id).await.unwrap().status() == 404
    })
    .await;
}
