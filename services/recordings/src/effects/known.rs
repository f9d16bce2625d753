//! `recording.query`: whoever keeps something of a call asks whether the call is still known here, or was forgotten.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::{RecordingKnown, RecordingQuery};
use role::{Cause, HandlerError, Outcome, Performer};
use store::Store;

use crate::db;

/// Answers `recording.query`.
pub(crate) struct Known(pub Store);

#[async_trait]
impl Performer for Known {
    type Command = RecordingQuery;
    const NAME: &'static str = "known";

    /// Whoever asks waits for a moment and asks again later.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: RecordingQuery) -> Result<Outcome, HandlerError> {
        let mut tx = self.0.read().await?;
        let known = db::call_find(&mut tx, &query.call_sid).await?.is_some();
        Ok(Outcome::nothing().reply(&RecordingKnown { known }))
    }
}
