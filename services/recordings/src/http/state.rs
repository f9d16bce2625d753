//! What the handlers work with, and how they find a recording.

use api::{ApiError, Caller};
use clock::Clock;
use objects::Objects;
use role::{Parts, Relay};
use serde::Deserialize;
use store::Store;

use super::links::Links;
use crate::app::row::MERGED;
use crate::db::{self, CallRow, RecordingRow};
use crate::wishes::Wishes;

/// What the handlers work with.
pub struct State {
    pub(super) store: Store,
    pub(super) relay: Relay,
    pub(super) objects: Objects,
    pub(super) clock: Clock,
    pub(super) links: Links,
    pub(super) public_url: String,
    pub(super) wishes: Wishes,
}

impl State {
    pub(crate) fn new(
        parts: &Parts,
        store: Store,
        relay: Relay,
        objects: Objects,
        wishes: Wishes,
    ) -> Self {
        Self {
            store,
            relay,
            objects,
            clock: parts.clock.clone(),
            links: Links::new(parts.settings.secret_key.as_ref()),
            public_url: parts.settings.public_url(),
            wishes,
        }
    }
}

/// Which recording.
#[derive(Debug, Deserialize)]
pub(super) struct Which {
    pub(super) call_id: String,
    pub(super) recording_id: String,
}

/// A recording that this caller may see. Whoever has a signed address for it is no caller.
pub(super) async fn find(
    state: &State,
    caller: Option<&Caller>,
    which: &Which,
) -> Result<(CallRow, RecordingRow), ApiError> {
    let mut tx = state.store.read().await?;
    let missing = || ApiError::not_found("recording");
    let call = db::call_find(&mut tx, &which.call_id)
        .await?
        .ok_or_else(missing)?;
    if caller.is_some_and(|caller| !caller.may_see(&call.tenant_id)) {
        return Err(missing());
    }
    let found = db::recording_find(&mut tx, &call.call_sid, &which.recording_id).await?;
    let row = found
        .filter(|row| row.tenant_id == call.tenant_id && row.status != MERGED)
        .ok_or_else(missing)?;
    Ok((call, row))
}

/// The object's key; refused where there is no file, with the reason.
pub(super) fn stored(row: &RecordingRow) -> Result<&str, ApiError> {
    if row.status == "completed" && !row.object_key.is_empty() {
        return Ok(&row.object_key);
    }
    let reason = row.metadata.0["reason"].as_str().unwrap_or_default();
    let message = match row.status.as_str() {
        "in-progress" => "the call is still being recorded; ask again after its end".to_owned(),
        "processing" => "the recording is being fetched from Twilio; ask again shortly".to_owned(),
        "deleted" => "the recording was deleted".to_owned(),
        status => format!("there is no file: the recording is {status} ({reason})"),
    };
    Err(ApiError::conflict("not_stored", message))
}
