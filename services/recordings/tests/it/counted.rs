//! How complete the recordings are, counted.

use std::sync::Arc;

use serde_json::json;

use crate::test_app::{TestApp, sound};
use crate::twilio::Answer;

pub async fn stored_recordings_are_counted_by_type(app: Arc<TestApp>) {
    app.recorded([Answer::Sound(sound())]).await;
    app.is("completed").await;
    let year = "from=2026-01-01&to=2026-12-31";
    let shown = app.get(&format!("/api/recordings/summary?{year}")).await;
    assert_eq!(
        shown["types"],
        json!([{ "recording_type": "twilio", "stored": 1, "pending": 0, "missing": 0 }])
    );
    let before = app
        .get("/api/recordings/summary?from=2020-01-01&to=2020-12-31")
        .await;
    assert_eq!(before["types"], json!([]));
}
