//! Moving a live interview on by hand.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use api::{ApiError, Caller};
use bus::Bus;
use clock::Time;
use events::Envelope;
use events::v1::{InterviewAdvance, InterviewAdvanced};
use flow::Progress;
use role::derive_id;

use super::State;
use super::interviews::Flow;
use super::stored::find;
use crate::db::{self, InterviewRow};

/// How long the request waits until the interview has been moved on.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn advance(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    find(&mut state.store.read().await?, &caller, &id).await?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let locked = db::interview_lock(&mut tx, &id).await?;
    let Some(row) = locked.filter(|row| row.status == "in-progress") else {
        tx.rollback().await?;
        return Err(ApiError::conflict(
            "not_in_progress",
            "nobody is being interviewed just now: only a live interview can be moved on",
        ));
    };
    let leaving = vec![next(&row, now)];
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    if !is_carried_out(&state.bus, next(&row, now), now).await {
        return Ok(HttpResponse::Accepted().json(Flow::of(&row)));
    }
    let moved = find(&mut state.store.read().await?, &caller, &id).await?;
    Ok(HttpResponse::Ok().json(Flow::of(&moved)))
}

/// The order to leave the question behind that is being asked. Whoever decides it has the call ask for what comes next.
fn next(row: &InterviewRow, now: Time) -> Envelope {
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
    envelope
}

/// Waits a moment until the order has been decided on, and says whether it has. The order is on its way already; it is
/// told once more as a question, and whoever has handled it gives its reply.
async fn is_carried_out(bus: &Bus, order: Envelope, now: Time) -> bool {
    let question = Envelope {
        deadline: Some(now + PATIENCE),
        ..order
    };
    let reply = bus.request(question, PATIENCE).await;
    reply.is_ok_and(|reply| reply.decode::<InterviewAdvanced>().is_ok())
}
