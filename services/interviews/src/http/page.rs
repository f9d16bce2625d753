//! Lists that begin with the newest: where a page goes on, and whose rows it shows.

use api::{ApiError, Caller, Limit, Page};
use chrono::DateTime;
use clock::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::db::{Place, Shown};

/// Which part of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    pub limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    pub cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "List")]
pub(super) struct List<T> {
    pub(super) items: Vec<T>,
    pub(super) next_cursor: Option<String>,
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
    /// What this caller may see of what they want, and the page that it makes.
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
        Some(tenant) => {
            may_see(&caller, &tenant)?;
            Ok(Some(tenant))
        }
        None => Ok(caller.tenant),
    }
}

/// 404 for another's tenant.
pub(super) fn may_see(caller: &Caller, tenant: &str) -> Result<(), ApiError> {
    match caller.may_see(tenant) {
        true => Ok(()),
        false => Err(ApiError::not_found("tenant")),
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

/// The place that a cursor is of.
pub(super) fn place(cursor: &str) -> Result<Place, ApiError> {
    let read = || {
        let (at, id) = cursor.split_once('-')?;
        let at = DateTime::from_timestamp_micros(at.parse().ok()?)?;
        Some((at, id.to_owned()))
    };
    read().ok_or_else(bad_cursor)
}
