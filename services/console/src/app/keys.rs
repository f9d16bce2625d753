//! A key that is withdrawn ends the sessions that were begun with it.

use async_trait::async_trait;
use events::v1::KeyChanged;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use crate::db;

/// Ends the sessions of a key.
pub struct EndKeySessions;

#[async_trait]
impl Decider for EndKeySessions {
    type Event = KeyChanged;
    const NAME: &'static str = "keys";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: KeyChanged,
    ) -> Result<Decision, HandlerError> {
        let ended = db::sessions_of_key_delete(tx, &event.hash).await?;
        let tell = |decision: Decision, hash: String| decision.publish(&KeyChanged { hash });
        Ok(ended.into_iter().fold(Decision::nothing(), tell))
    }
}
