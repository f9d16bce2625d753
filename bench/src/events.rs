//! What passes on `/events`, as it comes.

use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::local_platform::LocalPlatform;

/// A reader of it.
pub struct Events {
    response: reqwest::Response,
    rest: String,
}

impl Events {
    /// Follows the kinds of events that match.
    pub async fn follow(site: &LocalPlatform, kinds: &str) -> Result<Self> {
        let request = site.request("/events").query(&[("type", kinds)]);
        let response = request.send().await?.error_for_status()?;
        let rest = String::new();
        Ok(Self { response, rest })
    }

    /// The next event, and when it came.
    pub async fn next(&mut self) -> Result<(Instant, Value)> {
        loop {
            if let Some((block, rest)) = self.rest.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.rest = rest;
                let data = block.lines().find_map(|it| it.strip_prefix("data: "));
                if let Some(event) = data.and_then(|data| serde_json::from_str(data).ok()) {
                    return Ok((Instant::now(), event));
                }
                continue;
            }
            let piece = self.response.chunk().await?;
            let piece = piece.context("/events has ended")?;
            self.rest.push_str(&String::from_utf8_lossy(&piece));
        }
    }
}
