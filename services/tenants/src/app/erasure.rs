//! Erasures: asked for, gathered from the roles that keep something of people, asked for again until all have answered.

use async_trait::async_trait;
use chrono::Duration;
use encryption::Sealer;
use events::v1::{ErasureDue, PersonErase, PersonForget, PersonForgotten};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};
use serde::{Deserialize, Serialize};
use tracing::{info, warn};

use crate::db::erasures::{self, ErasureRow};

/// The roles that keep something of people and answer to `person.forget`.
pub const ROLES: &[&str] = &["calls", "dispatch", "interviews", "egress"];
/// An erasure that is not over is asked for again, after longer and longer, so often.
const AGAIN_AT_MOST: u32 = 200;

/// Who is to be forgotten, as it is sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// E.164.
    pub number: String,
    /// Empty: none is known.
    pub candidate_id: String,
}

/// Tells every role, and looks again later.
fn ask(row: &ErasureRow, subject: &Subject, nth: u32) -> Decision {
    let command = PersonForget {
        receipt_id: row.id.clone(),
        tenant_id: row.tenant_id.clone(),
        number: subject.number.clone(),
        candidate_id: subject.candidate_id.clone(),
    };
    let due = ErasureDue {
        receipt_id: row.id.clone(),
        nth: nth + 1,
    };
    // A minute, then ten, then an hour each time.
    let after = match nth {
        0 => Duration::minutes(1),
        1 => Duration::minutes(10),
        _ => Duration::hours(1),
    };
    let decision = Decision::nothing().publish(OutgoingEvent::new(&command).key(&row.id));
    decision.schedule(after, OutgoingEvent::new(&due).key(&row.id))
}

/// To what the sealed subject is bound.
fn place(receipt_id: &str) -> String {
    format!("erasures/{receipt_id}")
}

/// Takes `person.erase`.
pub struct Begin(pub Sealer);

#[async_trait]
impl Decider for Begin {
    type Event = PersonErase;
    const NAME: &'static str = "erase-person";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: PersonErase,
    ) -> Result<Decision, HandlerError> {
        let subject = Subject {
            number: event.number,
            candidate_id: event.candidate_id,
        };
        let reject = |e: &dyn std::fmt::Display| HandlerError::Reject(e.to_string());
        let plain = serde_json::to_string(&subject).map_err(|e| reject(&e))?;
        let sealed = self.0.seal_at(&place(&event.receipt_id), &plain);
        let row = ErasureRow {
            subject: self.0.pseudonym(&subject.number),
            sealed: Some(sealed.map_err(|e| reject(&e))?),
            id: event.receipt_id,
            tenant_id: event.tenant_id,
            requested_by: event.requested_by,
            requested_at: cause.time.into(),
            completed_at: None,
        };
        // Two requests with one id are one.
        if !erasures::insert(tx, &row).await? {
            return Ok(Decision::nothing());
        }
        for role in ROLES {
            erasures::await_part(tx, &row.id, role).await?;
        }
        info!(receipt.id = row.id, "erasure begun");
        Ok(ask(&row, &subject, 0))
    }
}

/// Takes `person.forgotten`.
pub struct Gather;

#[async_trait]
impl Decider for Gather {
    type Event = PersonForgotten;
    const NAME: &'static str = "person-forgotten";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: PersonForgotten,
    ) -> Result<Decision, HandlerError> {
        let id = &event.receipt_id;
        let Some(row) = erasures::lock(tx, id).await? else {
            return Ok(Decision::nothing());
        };
        let removed: Vec<(String, u64)> = event
            .counts
            .into_iter()
            .map(|count| (count.what, count.count))
            .collect();
        for part in &event.awaits {
            erasures::await_part(tx, id, part).await?;
        }
        erasures::take_part(tx, id, &event.part, &removed, cause.time).await?;
        let parts = erasures::parts(tx, id).await?;
        if row.completed_at.is_none() && parts.iter().all(|part| part.told_at.is_some()) {
            erasures::complete(tx, id, cause.time).await?;
            info!(receipt.id = *id, "erasure over");
        }
        Ok(Decision::nothing())
    }
}

/// Takes `erasure.due`.
pub struct AskAgain(pub Sealer);

#[async_trait]
impl Decider for AskAgain {
    type Event = ErasureDue;
    const NAME: &'static str = "erasure-due";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: ErasureDue,
    ) -> Result<Decision, HandlerError> {
        let row = erasures::lock(tx, &event.receipt_id).await?;
        let Some(row) = row.filter(|row| row.completed_at.is_none()) else {
            return Ok(Decision::nothing());
        };
        let Some(sealed) = &row.sealed else {
            return Ok(Decision::nothing());
        };
        let parts = erasures::parts(tx, &row.id).await?;
        let awaited: Vec<_> = parts
            .into_iter()
            .filter(|part| part.told_at.is_none())
            .map(|part| part.part)
            .collect();
        warn!(
            receipt.id = row.id,
            ?awaited,
            "erasure is not over yet; asking again"
        );
        if event.nth > AGAIN_AT_MOST {
            return Ok(Decision::nothing());
        }
        let subject = self.0.open_at(&place(&row.id), sealed);
        let subject = subject.map_err(|e| HandlerError::Retry(e.to_string()))?;
        let subject: Subject = serde_json::from_str(subject.reveal())
            .map_err(|e| HandlerError::Reject(format!("a sealed subject: {e}")))?;
        Ok(ask(&row, &subject, event.nth))
    }
}
