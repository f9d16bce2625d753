//! Whether calls that are to be forgotten are under legal hold: asked before it is decided, of their tenants as they are by now.

use std::collections::HashMap;

use async_trait::async_trait;
use events::v1::{CallsForget, RecordingForget};
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use store::Store;

use crate::app::row;
use crate::db;
use crate::wishes::Wishes;

/// Asks.
pub(crate) struct AskHold {
    pub store: Store,
    pub wishes: Wishes,
}

#[async_trait]
impl Performer for AskHold {
    type Command = CallsForget;
    const NAME: &'static str = "hold";

    async fn perform(&self, _: &Cause, command: CallsForget) -> Result<Outcome, HandlerError> {
        let mut tx = self.store.read().await?;
        let calls = db::calls_find(&mut tx, &command.call_sids).await?;
        drop(tx);
        let (mut held_call_sids, mut wanted) = (Vec::new(), HashMap::new());
        for call in calls {
            let is_held = match wanted.get(&call.tenant_id) {
                Some(known) => *known,
                None => {
                    let found = self.wishes.of(&call.tenant_id).await;
                    let found = found.map_err(|e| HandlerError::unavailable(e.to_string()))?;
                    let is_held = found.map(|it| it.legal_hold);
                    wanted.insert(call.tenant_id.clone(), is_held);
                    is_held
                }
            };
            // Of a tenant that is gone what it wanted when the call came in counts.
            if is_held.unwrap_or_else(|| row::settings(Some(&call)).legal_hold) {
                held_call_sids.push(call.call_sid);
            }
        }
        let forget = RecordingForget {
            receipt_id: command.receipt_id,
            part: command.part,
            call_sids: command.call_sids,
            held_call_sids,
        };
        Ok(Outcome::nothing().publish(OutgoingEvent::new(&forget)))
    }
}
