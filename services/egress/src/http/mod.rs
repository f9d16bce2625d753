//! What operators see of the way out.

mod debug;
mod ledger;
mod recordings;
mod spending;
mod state;

use actix_web::web;
use api::{Access, Method, Page, Route, Scope, query_shape, shape};

pub(crate) use state::State;

/// The role's routes.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/api/twilio/debug/",
        Access::Key(Scope::Read),
        "Whether Twilio takes our credentials, and what failed lately",
        || web::to(debug::show),
    )
    .asks(query_shape::<debug::Which>)
    .gives(shape::<debug::Report>),
    Route::new(
        Method::Get,
        "/api/webhook-test/",
        Access::Key(Scope::Read),
        "The addresses that Twilio must be given",
        || web::to(debug::webhooks),
    )
    .gives(shape::<debug::Addresses>),
    Route::new(
        Method::Get,
        "/api/twilio/recordings/",
        Access::Key(Scope::Read),
        "The recordings that Twilio holds, the newest first",
        || web::to(recordings::list),
    )
    .asks(query_shape::<recordings::Which>)
    .gives(shape::<recordings::Recordings>),
    Route::new(
        Method::Get,
        "/api/effects/",
        Access::Key(Scope::Read),
        "The ledger of effects, the newest first",
        || web::to(ledger::list),
    )
    .asks(query_shape::<Page>)
    .gives(shape::<ledger::Effects>),
    Route::new(
        Method::Get,
        "/api/spending/",
        Access::Key(Scope::Read),
        "What tenants have spent in the last two days, and which limits were reached, the latest first",
        || web::to(spending::list),
    )
    .asks(query_shape::<spending::Which>)
    .gives(shape::<spending::Spending>),
];
