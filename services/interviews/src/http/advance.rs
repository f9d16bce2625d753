//! Moving a live interview on by hand.

use actix_web::web::{Data, Json, Path};
use clock::Time;
use events::Envelope;
use events::v1::InterviewAdvance;
use flow::Progress;
use role::http::{ApiError, Caller};
use role::{derive_id, telemetry};

use super::State;
use super::interviews::{Flow, find};
use crate::db::{self, InterviewRow};

pub(super) async fn advance(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<Flow>, ApiError> {
    find(&mut state.store.read().await?, &caller, &id).await?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let locked = db::interview_lock(&mut tx, &id).await?;
    let moved = match locked {
        Some(row) if row.status == "in-progress" => {
            let leaving = next(&row, now);
            Some((row, leaving))
        }
        _ => None,
    };
    let Some((row, leaving)) = moved else {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "not_in_progress",
            "nobody is being interviewed just now: only a live interview can be moved on",
        ));
    };
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    Ok(Json(Flow::of(&row)))
}

/// The order to leave the question behind that is being asked. Whoever decides it has the call ask for what comes next.
fn next(row: &InterviewRow, now: Time) -> Vec<Envelope> {
    let progress: Progress = row.progress.read().unwrap_or_default();
    let number = progress.current();
    let advance = InterviewAdvance {
        interview_id: row.id.clone(),
        question_number: number,
    };
    // Asked for twice, it is one order; the next attempt asks the same questions anew.
    let (attempt, asked) = (row.attempt.to_string(), number.to_string());
    let id = derive_id(&["interview.advance", &row.id, &attempt, &asked]);
    let mut envelope = Envelope::at("trunkline/interviews", id, now, &advance)
        .tenant(&row.tenant_id)
        .key(row.call_sid.as_deref().unwrap_or(&row.id));
    envelope.traceparent = telemetry::traceparent();
    vec![envelope]
}
