//! `DELETE`: a recording is removed by hand.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller};
use events::{Envelope, Event};
use metrics::counter;

use tracing::info;

use super::state::{State, Which, find};
use crate::app::removal;
use crate::app::row::MERGED;
use crate::db;

pub(super) async fn delete(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
) -> Result<HttpResponse, ApiError> {
    let (call, row) = find(&state, Some(&caller), &which).await?;
    let held = state.wishes.is_held(&call).await;
    let held = held.map_err(|_| {
        ApiError::unavailable(
            "tenants, which knows whether there is a legal hold: nothing is deleted",
        )
    })?;
    if held {
        return Err(ApiError::conflict(
            "legal_hold",
            "the tenant's recordings are under legal hold: nothing is deleted until its recording.legal_hold is false",
        ));
    }
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let locked = db::recording_lock(&mut tx, &row.id).await?;
    let Some(mut row) = locked.filter(|row| !matches!(row.status.as_str(), "deleted" | MERGED))
    else {
        tx.rollback().await?;
        return Ok(HttpResponse::NoContent().finish());
    };
    let (erase, deleted) = removal::delete(&mut row, now, &caller.name);
    db::recording_save(&mut tx, &row).await?;
    let leaving = vec![
        envelope(&state, now, &row, &erase),
        envelope(&state, now, &row, &deleted),
    ];
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    counter!("recordings_deleted_total", "by" => "request").increment(1);
    info!(
        recording.id = row.id,
        key.name = caller.name,
        "recording deleted"
    );
    Ok(HttpResponse::NoContent().finish())
}

fn envelope<E: Event>(
    state: &State,
    now: clock::Time,
    row: &db::RecordingRow,
    event: &E,
) -> Envelope {
    let mut envelope = Envelope::at("trunkline/recordings", state.clock.id(), now, event)
        .tenant(&row.tenant_id)
        .key(&row.call_sid);
    envelope.traceparent = telemetry::traceparent();
    envelope
}
