//! What Twilio has recorded, as it tells it: its list, not our books.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Limit, Page, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twilio_api::{Error, Recording, RecordingFilter};

use super::State;
use crate::accounts::Account;

/// How many are asked for at once, and how many times: a list is looked through no further.
const PAGE: u32 = 1000;
const PAGES: usize = 20;

/// Which recordings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Of this account; unset: the platform's own, or the tenant's.
    account_sid: Option<String>,
    /// Of this call.
    call_sid: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    cursor: Option<String>,
}

/// Recordings, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Recordings {
    items: Vec<Item>,
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    recording_sid: String,
    account_sid: String,
    call_sid: Option<String>,
    /// Twilio's word: `in-progress`, `processing`, `completed`, `absent`, ...
    status: String,
    /// Null until it is completed.
    duration_s: Option<u32>,
    channels: Option<u32>,
    /// `RecordVerb`, `DialVerb`, `OutboundAPI`, ...
    source: Option<String>,
    /// Why there is none.
    error_code: Option<u32>,
    created_at: Option<DateTime<Utc>>,
}

pub(super) async fn list(
    caller: Caller,
    Query(which): Query<Which>,
    state: Data<State>,
) -> Result<Json<Recordings>, ApiError> {
    let page = Page {
        limit: which.limit,
        cursor: which.cursor,
    };
    let mut accounts = state.accounts.all();
    accounts.retain(|account| match &account.tenant {
        Some(tenant) => caller.may_see(tenant),
        None => caller.tenant.is_none(),
    });
    if let Some(sid) = &which.account_sid {
        accounts.retain(|account| account.sid == *sid);
    }
    let Some(account) = accounts.first() else {
        return Err(ApiError::not_found("account"));
    };
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let found = some(
        account,
        which.call_sid.clone(),
        page.cursor.as_deref(),
        limit + 1,
    )
    .await
    .map_err(|e| failed(&e))?
    .ok_or_else(|| ApiError::invalid("cursor", "send the next_cursor of the page before"))?;
    let (found, next_cursor) = page.of(found, |recording| recording.sid.clone());
    Ok(Json(Recordings {
        items: found.into_iter().map(|r| item(account, r)).collect(),
        next_cursor,
    }))
}

/// So many after the cursor, which names the last one that was seen. `None` when it is not there.
async fn some(
    account: &Account,
    call_sid: Option<String>,
    cursor: Option<&str>,
    count: usize,
) -> Result<Option<Vec<Recording>>, Error> {
    let filter = RecordingFilter {
        call_sid,
        page_size: Some(PAGE),
        ..RecordingFilter::default()
    };
    let mut found: Option<Vec<Recording>> = cursor.is_none().then(Vec::new);
    let mut pages = account.client.recordings().list(&filter);
    for _ in 0..PAGES {
        let Some(page) = account.ask("recordings.list", pages.next()).await? else {
            break;
        };
        for recording in page {
            match &mut found {
                Some(found) => found.push(recording),
                None if cursor == Some(recording.sid.as_str()) => found = Some(Vec::new()),
                None => {}
            }
        }
        if found.as_ref().is_some_and(|found| found.len() >= count) {
            break;
        }
    }
    Ok(found.map(|mut found| {
        found.truncate(count);
        found
    }))
}

/// Twilio's own words quote numbers: its code must do.
fn failed(e: &Error) -> ApiError {
    match e {
        Error::Refused { status, code, .. } => ApiError::upstream(
            "twilio_refused",
            format!(
                "Twilio refused to list recordings (code {code}, http {status}); see /api/twilio/debug/"
            ),
        ),
        _ => ApiError::unavailable("Twilio"),
    }
}

fn item(account: &Account, recording: Recording) -> Item {
    Item {
        recording_sid: recording.sid,
        account_sid: account.sid.clone(),
        call_sid: recording.call_sid,
        status: recording.status.to_string(),
        duration_s: recording.duration_s,
        channels: recording.channels,
        source: recording.source,
        error_code: recording.error_code,
        created_at: recording.date_created,
    }
}
