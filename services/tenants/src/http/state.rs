//! What the handlers work with, and how they read a cursor.

use api::{ApiError, Page};

use crate::db::model::enums::is_name;
use crate::effects::provision::Provision;
use crate::effects::registry::Registry;

/// What the handlers work with.
pub struct State {
    /// Tenants, numbers and keys.
    pub registry: Registry,
    /// Purchases.
    pub provision: Provision,
}

/// Where a page begins.
pub(super) fn after(page: &Page) -> Result<&str, ApiError> {
    match page.cursor.as_deref() {
        None => Ok(""),
        Some(cursor) if is_name(cursor) => Ok(cursor),
        Some(_) => Err(ApiError::invalid(
            "cursor",
            "send the next_cursor of the page before",
        )),
    }
}
