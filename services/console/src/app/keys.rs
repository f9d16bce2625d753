//! A key that is withdrawn or may do something else now ends the sessions that were begun with it.

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
        // Told of late, it may have been signed in with already.
        if event.made {
            return Ok(Decision::nothing());
        }
        let ended = db::sessions_of_key_delete(tx, &event.hash).await?;
        let tell =
            |decision: Decision, hash: String| decision.publish(&KeyChanged { hash, made: false });
        Ok(ended.into_iter().fold(Decision::nothing(), tell))
    }
}
