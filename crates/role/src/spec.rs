//! A role as one value: what the binary, the deployment and the tests need to know of it.

use std::fmt;

use futures::future::BoxFuture;
use store::Migrations;

use crate::error::Error;
use crate::platform::{Parts, Role};
use api::{Route, Table};

/// Wires a role on the parts of a process.
pub type Start = for<'a> fn(&'a Parts) -> BoxFuture<'a, Result<Role, Error>>;

/// What a role is. Each role crate exports one as `ROLE`, and the binary holds the one list of them: schemas, `migrate`,
/// the OpenAPI document, the reverse proxy's paths and the tests that go over all roles come from that list.
#[derive(Clone, Copy)]
pub struct RoleSpec {
    /// Its name: of `--role`, of its schema, and the beginning of its queues' names.
    pub name: &'static str,
    /// Its routes, a table for each state that their handlers take.
    pub routes: &'static [&'static [Route]],
    /// Its schema; none: it owns no tables.
    pub migrations: Option<fn() -> Migrations>,
    /// Wires it. See [`RoleSpec::start`].
    pub start: Start,
}

impl RoleSpec {
    /// The role, wired and ready for [`Platform::start`](crate::Platform::start).
    ///
    /// # Errors
    /// When a setting is wrong, or what the role needs at its start cannot be opened.
    pub async fn start(&self, parts: &Parts) -> Result<Role, Error> {
        (self.start)(parts).await
    }

    /// Its routes, each table with the role's name.
    pub fn tables(&self) -> impl Iterator<Item = Table> + use<> {
        let (name, routes) = (self.name, self.routes);
        routes.iter().map(move |table| (name, *table))
    }
}

impl fmt::Debug for RoleSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleSpec")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
