//! Removing the objects of messages that are gone.

use async_trait::async_trait;
use events::v1::MediaErase;
use metrics::counter;
use objects::Objects;
use role::erasure::Forgotten;
use role::{Cause, HandlerError, Outcome, Performer};

/// Erases.
pub struct Erase {
    /// Where they are.
    pub objects: Objects,
}

#[async_trait]
impl Performer for Erase {
    type Command = MediaErase;
    const NAME: &'static str = "media-erase";

    async fn perform(&self, _: &Cause, command: MediaErase) -> Result<Outcome, HandlerError> {
        for key in &command.keys {
            match self.objects.delete(key).await {
                Ok(()) | Err(objects::Error::BadKey) => {}
                Err(e) => return Err(HandlerError::unavailable(e.to_string())),
            }
        }
        counter!("dispatch_media_erased_total").increment(command.keys.len() as u64);
        if command.receipt_id.is_empty() {
            return Ok(Outcome::nothing());
        }
        let mut forgotten = Forgotten::new(&command.receipt_id, command.part);
        forgotten.count("objects", command.keys.len());
        Ok(forgotten.outcome())
    }
}
