//! Removing what is kept of interviews that are to be forgotten.

use async_trait::async_trait;
use events::v1::InterviewsForget;
use objects::Objects;
use role::erasure::Forgotten;
use role::{Cause, HandlerError, Outcome, Performer};

use crate::sweep::result_prefixes;

/// As many objects are listed at once.
const PAGE: usize = 500;

/// Removes results.
pub(crate) struct Forget {
    pub objects: Objects,
}

#[async_trait]
impl Performer for Forget {
    type Command = InterviewsForget;
    const NAME: &'static str = "forget";

    async fn perform(&self, _: &Cause, command: InterviewsForget) -> Result<Outcome, HandlerError> {
        let mut removed = 0;
        for id in &command.interview_ids {
            for prefix in result_prefixes(id) {
                removed += self
                    .remove(&prefix)
                    .await
                    .map_err(|e| HandlerError::unavailable(e.to_string()))?;
            }
        }
        let part = format!("scoring/{}", command.part);
        let mut forgotten = Forgotten::new(&command.receipt_id, part);
        forgotten.count("ai_results", removed);
        Ok(forgotten.outcome())
    }
}

impl Forget {
    async fn remove(&self, prefix: &str) -> Result<usize, objects::Error> {
        let mut removed = 0;
        loop {
            // What was listed is gone: the next page is the first again.
            let page = self.objects.page(prefix, "", PAGE).await?;
            for entry in &page.entries {
                self.objects.delete(&entry.key).await?;
            }
            removed += page.entries.len();
            if page.next.is_none() {
                return Ok(removed);
            }
        }
    }
}
