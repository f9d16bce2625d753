//! The role's routes.

mod apply;
mod body;
pub mod erasures;
mod keys;
mod numbers;
mod refusal;
mod state;
mod tenants;
mod view;
mod webhooks;

use actix_web::web;
use api::{Access, Method, Page, Route, Scope, query_shape, shape};

pub use state::State;
use state::after;

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
    .asks(query_shape::<Page>)
    .gives(shape::<view::Tenants>),
    Route::new(
        Method::Post,
        "/api/tenants/",
        ADMIN,
        "Creates a tenant; Idempotency-Key is honoured",
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
        "Creates (201) or replaces (200) a tenant; If-Match with its updated_at refuses what was changed meanwhile",
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
    .asks(query_shape::<Page>)
    .gives(shape::<view::Keys>),
    Route::new(
        Method::Post,
        "/api/keys/",
        ADMIN,
        "Makes an API key; it is shown this once. Names are unique, so a repeat makes no second one: 409 exists",
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
        "Phone numbers, of one tenant or all",
        || web::to(numbers::list),
    )
    .asks(query_shape::<numbers::Which>)
    .gives(shape::<view::Numbers>),
    Route::new(
        Method::Get,
        "/phone-numbers/webhooks",
        READ,
        "What each number has at Twilio beside what it must have",
        || web::to(webhooks::list),
    )
    .asks(query_shape::<numbers::Which>)
    .gives(shape::<webhooks::AllWebhooks>),
    Route::new(
        Method::Post,
        "/phone-numbers/{id}/webhooks",
        WRITE,
        "Points a number's webhooks at Twilio at this platform",
        || web::to(webhooks::set),
    )
    .gives(shape::<webhooks::WebhooksView>),
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
        "Buys a number at Twilio for a tenant; Idempotency-Key is honoured",
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
