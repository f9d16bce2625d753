//! The routes of dispatch, as one table.

mod conversations;
mod messages;

use actix_web::web;
use clock::Clock;
use role::Relay;
use role::http::{Access, Method, Route, Scope, shape};
use store::Store;

use conversations as threads;

/// What the handlers work with.
pub struct State {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// The time.
    pub clock: Clock,
}

const READ: Access = Access::Key(Scope::Read);
const WRITE: Access = Access::Key(Scope::Write);

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/conversations/",
        READ,
        "Conversations, those with the latest news first",
        || web::to(threads::list),
    )
    .gives(shape::<threads::List>),
    Route::new(
        Method::Get,
        "/conversations/{id}",
        READ,
        "A conversation with its messages",
        || web::to(threads::show),
    )
    .gives(shape::<threads::Shown>),
    Route::new(
        Method::Post,
        "/conversations/{id}/messages",
        WRITE,
        "Writes to the customer as a person, who takes the conversation over; Idempotency-Key is honoured",
        || web::to(messages::create),
    )
    .takes(shape::<messages::New>)
    .gives(shape::<messages::Created>),
    Route::new(
        Method::Post,
        "/conversations/{id}/ai/deactivate",
        WRITE,
        "Keeps the AI from answering",
        || web::to(threads::deactivate),
    )
    .gives(shape::<threads::Switched>),
    Route::new(
        Method::Post,
        "/conversations/{id}/ai/activate",
        WRITE,
        "Lets the AI answer again",
        || web::to(threads::activate),
    )
    .gives(shape::<threads::Switched>),
];
