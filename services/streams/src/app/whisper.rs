//! Whoever takes a call over from an assistant hears what it is about before the two are connected.

use async_trait::async_trait;
use events::Event;
use events::v1::VoiceWhisper;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::document;
use crate::db;

/// Takes `voice.whisper` of calls that an assistant has transferred.
pub struct Whisper;

#[async_trait]
impl Decider for Whisper {
    type Event = VoiceWhisper;
    const NAME: &'static str = "whisper";
    const DIRECT: bool = true;

    fn bindings(&self) -> Vec<String> {
        vec![format!("{}.assistant", VoiceWhisper::TYPE)]
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: VoiceWhisper,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(whisper)) = (event.tenant, event.whisper) else {
            return Err(HandlerError::Reject(
                "voice.whisper without a tenant or a whisper".to_owned(),
            ));
        };
        let row = db::session_latest(tx, &whisper.parent_call_sid).await?;
        let row = row.filter(|row| row.account_sid == tenant.account_sid);
        let words = match &row {
            Some(row) => {
                // A person is there: the call does not come back to the assistant.
                db::session_taken(tx, &row.id, cause.time).await?;
                row.whisper.as_str()
            }
            None => "",
        };
        let reply = document::whisper(words, &tenant)?;
        Ok(Decision::nothing().reply(&reply))
    }
}
