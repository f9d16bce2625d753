//! What the handlers work with, and how they find a call.

use std::collections::HashSet;

use api::{ApiError, Caller};
use bus::Bus;
use clock::Clock;
use phone::E164;
use role::Relay;
use store::Store;

use super::shapes::Call;
use crate::db::{self, CallRow};

/// What the handlers work with.
pub struct State {
    /// The calls.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// For calls that another front door reports.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Where Twilio reaches us.
    pub public_url: String,
    /// The only numbers that anything is begun to; none: all.
    pub whitelist: Option<HashSet<E164>>,
}

/// Calls with their recordings.
pub(super) async fn shown(tx: &mut store::Tx, rows: &[CallRow]) -> Result<Vec<Call>, ApiError> {
    let sids: Vec<String> = rows.iter().map(|row| row.call_sid.clone()).collect();
    let recordings = db::recording_list(tx, &sids).await?;
    let of = |row: &CallRow| {
        let own =
            |it: &&db::RecordingRow| it.call_sid == row.call_sid && it.tenant_id == row.tenant_id;
        recordings
            .iter()
            .filter(own)
            .map(|it| it.shape.0.clone())
            .collect()
    };
    Ok(rows.iter().map(|row| Call::new(row, of(row))).collect())
}

pub(super) async fn one(tx: &mut store::Tx, row: &CallRow) -> Result<Call, ApiError> {
    let mut calls = shown(tx, std::slice::from_ref(row)).await?;
    calls.pop().ok_or_else(|| ApiError::not_found("call"))
}

pub(super) async fn find(
    tx: &mut store::Tx,
    caller: &Caller,
    id: &str,
) -> Result<CallRow, ApiError> {
    let row = db::call_find(tx, id).await?;
    row.filter(|row| caller.may_see(&row.tenant_id))
        .ok_or_else(|| ApiError::not_found("call"))
}
