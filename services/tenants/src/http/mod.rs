//! The role's routes.

mod apply;
mod body;
mod keys;
mod numbers;
mod refusal;
mod tenants;
mod view;

use actix_web::web;
use role::http::{Access, ApiError, Method, Page, Route, Scope, shape};

use crate::app::words::is_name;
use crate::effects::provision::Provision;
use crate::effects::registry::Registry;

/// What the handlers work with.
pub struct State {
    /// Tenants, numbers and keys.
    pub registry: Registry,
    /// Purchases.
    pub provision: Provision,
}

const READ: Access = Access::Key(Scope::Read);
const WRITE: Access = Access::Key(Scope::Write);
const ADMIN: Access = Access::Key(Scope::Admin);

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Post,
        "/api/apply",
        ADMIN,
        "Creates or changes tenants, numbers and keys, all or nothing",
        || web::to(apply::apply),
    )
    .takes(shape::<body::ApplyBody>)
    .gives(shape::<view::Applied>),
    Route::new(Method::Get, "/api/tenants/", READ, "Tenants", || {
        web::to(tenants::list)
    })
    .gives(shape::<view::Tenants>),
    Route::new(
        Method::Post,
        "/api/tenants/",
        ADMIN,
        "Creates a tenant",
        || web::to(tenants::create),
    )
    .takes(shape::<body::TenantBody>)
    .gives(shape::<view::Id>),
    Route::new(
        Method::Get,
        "/api/tenants/{id}",
        READ,
        "A tenant with its numbers",
        || web::to(tenants::get),
    )
    .gives(shape::<view::TenantView>),
    Route::new(
        Method::Put,
        "/api/tenants/{id}",
        ADMIN,
        "Creates or replaces a tenant",
        || web::to(tenants::put),
    )
    .takes(shape::<body::TenantBody>)
    .gives(shape::<view::TenantView>),
    Route::new(
        Method::Put,
        "/api/tenants/{id}/status",
        ADMIN,
        "Suspends a tenant or takes it back",
        || web::to(tenants::set_status),
    )
    .takes(shape::<body::TenantStatusBody>)
    .gives(shape::<view::TenantView>),
    Route::new(
        Method::Get,
        "/api/keys/",
        ADMIN,
        "API keys, without the keys themselves",
        || web::to(keys::list),
    )
    .gives(shape::<view::Keys>),
    Route::new(
        Method::Post,
        "/api/keys/",
        ADMIN,
        "Makes an API key; it is shown this once",
        || web::to(keys::create),
    )
    .takes(shape::<body::KeyBody>)
    .gives(shape::<view::NewKey>),
    Route::new(
        Method::Delete,
        "/api/keys/{id}",
        ADMIN,
        "Withdraws an API key",
        || web::to(keys::withdraw),
    ),
    Route::new(
        Method::Get,
        "/phone-numbers/",
        READ,
        "Phone numbers, of one `?tenant=` or all",
        || web::to(numbers::list),
    )
    .gives(shape::<view::Numbers>),
    Route::new(
        Method::Get,
        "/phone-numbers/lookup/{e164}",
        READ,
        "The business behind a number",
        || web::to(numbers::lookup),
    )
    .gives(shape::<view::Lookup>),
    Route::new(
        Method::Post,
        "/phone-numbers/provision",
        WRITE,
        "Buys a number at Twilio for a tenant",
        || web::to(numbers::provision),
    )
    .takes(shape::<body::ProvisionBody>)
    .gives(shape::<view::Provisioned>),
    Route::new(
        Method::Put,
        "/phone-numbers/{id}/status",
        WRITE,
        "Suspends a number, takes it back, or releases it here",
        || web::to(numbers::set_status),
    )
    .takes(shape::<body::NumberStatusBody>)
    .gives(shape::<view::NumberView>),
    Route::new(
        Method::Post,
        "/phone-numbers/{id}/release",
        WRITE,
        "Gives a number back to Twilio, for good",
        || web::to(numbers::release),
    )
    .gives(shape::<view::Provisioned>),
];

/// Where a page begins.
fn after(page: &Page) -> Result<&str, ApiError> {
    match page.cursor.as_deref() {
        None => Ok(""),
        Some(cursor) if is_name(cursor) => Ok(cursor),
        Some(_) => Err(ApiError::bad_request(
            "the cursor is not one of ours; use next_cursor of the last page",
        )),
    }
}
