//! Lists that begin with the newest: where a page goes on, and whose rows it shows.

use chrono::DateTime;
use clock::Time;
use role::http::{ApiError, Caller};
use serde::Deserialize;

use crate::db::Place;

/// `?tenant=&limit=&cursor=`.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    tenant: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// What is shown of a list.
pub(super) struct Narrowed {
    /// Only this tenant's; none: all.
    pub tenant: Option<String>,
    /// After this row.
    pub after: Option<Place>,
    /// How many.
    pub page: role::http::Page,
}

impl Wanted {
    /// What this caller may see of what he wants.
    pub(super) fn of(self, caller: Caller) -> Result<Narrowed, ApiError> {
        let tenant = tenant_of(caller, self.tenant)?;
        let after = self.cursor.as_deref().map(place).transpose()?;
        let page = role::http::Page {
            limit: self.limit,
            cursor: self.cursor,
        };
        Ok(Narrowed {
            tenant,
            after,
            page,
        })
    }
}

/// The tenant that a list is narrowed to: the one that was asked for, or the key's own.
pub(super) fn tenant_of(
    caller: Caller,
    wanted: Option<String>,
) -> Result<Option<String>, ApiError> {
    match wanted {
        Some(tenant) if !caller.may_see(&tenant) => Err(ApiError::not_found("tenant")),
        Some(tenant) => Ok(Some(tenant)),
        None => Ok(caller.tenant),
    }
}

/// The place of a row in such a list.
pub(super) fn cursor(at: Time, id: &str) -> String {
    format!("{}-{id}", at.timestamp_micros())
}

/// The refusal of a cursor that is none of ours.
pub(super) fn bad_cursor() -> ApiError {
    ApiError::invalid("cursor", "send the next_cursor of the page before")
}

fn place(cursor: &str) -> Result<Place, ApiError> {
    let read = || {
        let (at, id) = cursor.split_once('-')?;
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some((at, id.to_owned()))
    };
    read().ok_or_else(bad_cursor)
}
