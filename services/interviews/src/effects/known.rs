//! `interview.query`: whoever keeps something of interviews asks which of them there still are.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::{InterviewQuery, InterviewsFound};
use role::{Cause, HandlerError, Outcome, Performer};
use store::Store;

use crate::db;

/// Answers `interview.query`.
pub struct Known(pub Store);

#[async_trait]
impl Performer for Known {
    type Command = InterviewQuery;
    const NAME: &'static str = "known";

    /// Whoever asks waits for a moment and asks again another day.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: InterviewQuery) -> Result<Outcome, HandlerError> {
        let mut tx = self.0.read().await?;
        let interview_ids = db::interviews_known(&mut tx, &query.interview_ids).await?;
        Ok(Outcome::nothing().reply(&InterviewsFound { interview_ids }))
    }
}
