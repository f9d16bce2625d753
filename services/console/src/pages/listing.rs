//! A page with a list of another role's rows: asked for with the page's filters, and led on from page to page.

use futures::future::join;
use serde::de::DeserializeOwned;

use super::format::address;
use super::html::Shell;
use super::shapes::List;
use super::tenants::{Tenant, choices};
use crate::state::State;

/// An address and its filters.
pub type Filtered<'a> = (&'a str, &'a [(&'a str, &'a str)]);

/// What came.
pub struct Listing<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the page has the next of them.
    pub next: Option<String>,
    /// What the filter by tenant chooses from.
    pub tenants: Vec<Tenant>,
    /// Whether the list is narrowed.
    pub filtered: bool,
}

impl<T: DeserializeOwned> Listing<T> {
    /// Asks a role for the rows from a cursor on, which `page` names with filters of its own. What is missing is said in the shell.
    pub async fn open(
        state: &State,
        shell: &mut Shell,
        what: &str,
        (path, filters): Filtered<'_>,
        page: Filtered<'_>,
        cursor: &str,
    ) -> Self {
        let operator = shell.operator.clone();
        let asked = with_cursor(path, filters, cursor);
        let rows = state.api.get::<List<T>>(&operator, &asked);
        let (rows, tenants) = join(rows, choices(&state.api, &operator)).await;
        let rows = shell.or_missing(what, rows);
        let (path, filters) = page;
        let next = rows.next_cursor.as_deref();
        Self {
            items: rows.items,
            next: next.map(|cursor| with_cursor(path, filters, cursor)),
            tenants,
            filtered: filters.iter().any(|(_, value)| !value.is_empty()),
        }
    }
}

fn with_cursor(path: &str, filters: &[(&str, &str)], cursor: &str) -> String {
    let mut filters = filters.to_vec();
    filters.push(("cursor", cursor));
    address(path, &filters)
}
