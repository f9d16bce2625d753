//! Lists that begin with the newest: where a page goes on, and whose rows it shows.

use chrono::DateTime;
use clock::Time;
use role::http::{ApiError, Caller, Page};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::{Place, Shown};

/// `?tenant=&limit=&cursor=`.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    pub tenant: Option<String>,
    pub limit: Option<u32>,
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "List")]
pub(super) struct List<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

impl<T> List<T> {
    /// Of rows, of which one more than the page has was asked for; each has its cursor.
    pub(super) fn of<R: Into<T>>(page: &Page, rows: Vec<R>, cursor: impl Fn(&R) -> String) -> Self {
        let (rows, next_cursor) = page.of(rows, cursor);
        let items = rows.into_iter().map(Into::into).collect();
        Self { items, next_cursor }
    }
}

impl Wanted {
    /// What this caller may see of what he wants, and the page that it makes.
    pub(super) fn of(self, caller: Caller) -> Result<(Shown, Page), ApiError> {
        let tenant = tenant_of(caller, self.tenant)?;
        let after = self.cursor.as_deref().map(place).transpose()?;
        let page = Page {
            limit: self.limit,
            cursor: self.cursor,
        };
        let shown = Shown {
            tenant,
            after,
            limit: page.limit(),
        };
        Ok((shown, page))
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
