//! What became of a call's recordings, for people.

use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::client::Client;
use crate::terminal::{Colour, paint, say};
use crate::until::until;

/// How long the files may take to be processed, fetched and stored.
const PATIENCE: Duration = Duration::from_secs(30);

/// The recordings of a call.
pub struct Archived(Vec<Value>);

impl Archived {
    /// Waits until the recording of the whole call, and each answer's, is stored or will not be.
    pub async fn of(client: &Client, sid: &str, count: usize) -> Result<Self, Failure> {
        let path = format!("/calls/{sid}");
        let found = until(PATIENCE, async || {
            let call = client.find(&path).await?.unwrap_or_default();
            let recordings = call["recordings"].as_array().cloned().unwrap_or_default();
            Ok((recordings.len() >= count).then_some(recordings))
        })
        .await?;
        Ok(Self(found.unwrap_or_default()))
    }

    /// A line each: type, channels, length, and where it is.
    pub fn tell(&self, sid: &str) {
        for it in &self.0 {
            let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
            let what = match it["metadata"]["purpose"].as_str() {
                Some(purpose) => format!("{} ({purpose})", text("recording_type")),
                None => text("recording_type"),
            };
            let line = match text("status").as_str() {
                "completed" => format!(
                    "{what}, {} channel(s), {:.1} s, {} bytes of {}: /calls/{sid}/recording/{}/play",
                    it["channels"],
                    it["duration_s"].as_f64().unwrap_or_default(),
                    it["size_bytes"],
                    text("format"),
                    text("id"),
                ),
                status => format!("{what}: {status}"),
            };
            say(format!(
                "             {}  {line}",
                paint(Colour::Yellow, "recording")
            ));
        }
    }

    /// What is wrong with them, where there should be so many.
    pub fn fault(&self, count: usize) -> Option<String> {
        let stored = self
            .0
            .iter()
            .filter(|it| it["status"] == "completed")
            .count();
        (stored < count)
            .then(|| format!("should have {count} recordings in the store, has {stored}"))
    }
}
