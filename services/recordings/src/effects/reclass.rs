//! Moving a recording's file to another storage class.

use async_trait::async_trait;
use events::v1::{RecordingReclass, RecordingReclassed};
use objects::Objects;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer};

/// Moves.
pub(crate) struct Reclass {
    pub objects: Objects,
}

#[async_trait]
impl Performer for Reclass {
    type Command = RecordingReclass;
    const NAME: &'static str = "reclass";

    fn prefetch(&self) -> u16 {
        4
    }

    async fn perform(&self, _: &Cause, command: RecordingReclass) -> Result<Outcome, HandlerError> {
        let class = &command.storage_class;
        let reason = match self.objects.set_storage_class(&command.key, class).await {
            Ok(true) => String::new(),
            Ok(false) => "the file is not in the store".to_owned(),
            Err(e) if e.is_away() => return Err(HandlerError::unavailable(e.to_string())),
            Err(e) => e.to_string(),
        };
        let reclassed = RecordingReclassed {
            recording_id: command.recording_id,
            call_sid: command.call_sid.clone(),
            key: command.key,
            storage_class: command.storage_class,
            reason,
        };
        Ok(Outcome::nothing().publish(
            OutgoingEvent::new(&reclassed)
                .key(command.call_sid)
                .tenant(command.tenant_id),
        ))
    }
}
