//! An operator's thread goes back to the AI when the operator has not written for a while.

use async_trait::async_trait;
use clock::Time;
use events::v1::AnsweringDue;
use role::{Cause, Decider, Decision, HandlerError, Tx};

use super::follow::Follow;
use super::human::{give_back, rfc3339};
use crate::db;

/// The decider on `answering.due`.
pub struct HandBack;

#[async_trait]
impl Decider for HandBack {
    type Event = AnsweringDue;
    const NAME: &'static str = "answering-due";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: AnsweringDue,
    ) -> Result<Decision, HandlerError> {
        let follow = due(tx, cause.time, &event).await?;
        Ok(follow.into_decision(&event.conversation_id))
    }
}

/// Gives the thread back, unless the operator has written since or keeps it for good.
pub async fn due(tx: &mut Tx, at: Time, event: &AnsweringDue) -> Result<Follow, store::Error> {
    let mut follow = Follow::default();
    let Some((thread, _)) = db::conversation_find(tx, &event.conversation_id).await? else {
        return Ok(follow);
    };
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? else {
        return Ok(follow);
    };
    let is_meant = thread
        .human_until
        .is_some_and(|until| rfc3339(until.0) == event.until);
    if is_meant {
        give_back(tx, at, &mut thread, "time", &mut follow).await?;
        db::conversation_save(tx, &thread).await?;
    }
    Ok(follow)
}
