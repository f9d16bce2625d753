//! Removing a recording's objects.

use async_trait::async_trait;
use events::v1::RecordingErase;
use metrics::counter;
use objects::Objects;
use role::erasure::Forgotten;
use role::{Cause, HandlerError, Outcome, Performer};
use tracing::info;

/// Erases.
pub(crate) struct Erase {
    pub objects: Objects,
}

#[async_trait]
impl Performer for Erase {
    type Command = RecordingErase;
    const NAME: &'static str = "erase";

    async fn perform(&self, _: &Cause, command: RecordingErase) -> Result<Outcome, HandlerError> {
        for key in &command.keys {
            match self.objects.delete(key).await {
                Ok(()) | Err(objects::Error::BadKey) => {}
                Err(e) => return Err(HandlerError::unavailable(e.to_string())),
            }
        }
        counter!("recordings_erased_total").increment(1);
        info!(recording.id = command.recording_id, "recording erased");
        if command.receipt_id.is_empty() {
            return Ok(Outcome::nothing());
        }
        let mut forgotten = Forgotten::new(&command.receipt_id, command.part);
        forgotten.count("objects", command.keys.len());
        Ok(forgotten.outcome())
    }
}
