//! What operators see of the way out.

mod debug;
mod ledger;
mod recordings;

use role::http::{Access, Method, Route, Scope, shape};
use role::settings::Settings;
use store::Store;

use actix_web::web;

use crate::accounts::Accounts;
use crate::effects::Webhooks;

/// What the handlers share.
pub(crate) struct State {
    pub store: Store,
    pub accounts: Accounts,
    pub public_url: String,
    pub webhooks: Webhooks,
    pub message_status: String,
    /// The default account's number, redacted.
    pub number: Option<String>,
}

impl State {
    pub(crate) fn new(settings: &Settings, store: Store, accounts: Accounts) -> Self {
        let public_url = settings.public_url();
        Self {
            store,
            accounts,
            webhooks: Webhooks::of(&public_url),
            message_status: crate::message_status_url(settings),
            public_url,
            number: settings
                .account
                .as_ref()
                .and_then(|account| Some(account.number.as_ref()?.redacted())),
        }
    }
}

/// The role's routes.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/api/twilio/debug/",
        Access::Key(Scope::Read),
        "Whether Twilio takes our credentials, and what failed lately",
        || web::to(debug::show),
    )
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
    .gives(shape::<recordings::Recordings>),
    Route::new(
        Method::Get,
        "/api/effects/",
        Access::Key(Scope::Read),
        "The ledger of effects, the newest first",
        || web::to(ledger::list),
    )
    .gives(shape::<ledger::Effects>),
];
