//! The sockets, as one table of routes.

mod browser;
mod handshake;
mod listen;
mod read;
mod socket;
mod state;
mod tenant;

use actix_web::web;
use api::{Access, Method, Page, Route, Scope, query_shape, shape};

pub use state::State;

/// Every route there is.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/ws/twilio/{session_id}",
        Access::Signature,
        "A call's media stream, a WebSocket that Twilio opens; a path works once",
        || web::to(socket::open),
    ),
    Route::new(
        Method::Get,
        "/ws/relay/{session_id}",
        Access::Signature,
        "A call's words, where Twilio hears and speaks: a WebSocket that it opens; a path works once",
        || web::to(socket::open_relay),
    ),
    Route::new(
        Method::Get,
        "/streams",
        Access::Signature,
        "The same for streams whose path names no session: their `start` does",
        || web::to(socket::open_unnamed),
    ),
    Route::new(
        Method::Post,
        "/api/streams/browser-calls",
        Access::Key(Scope::Write),
        "Offers a page a call with a number's assistant: the path of a WebSocket that works once",
        || web::to(browser::offer),
    )
    .takes(shape::<browser::Wish>)
    .gives(shape::<browser::Offered>),
    Route::new(
        Method::Get,
        "/ws/browser/{session_id}",
        Access::Key(Scope::Write),
        "A page's call, a WebSocket with the messages of Media Streams; a path works once",
        || web::to(browser::open),
    ),
    Route::new(
        Method::Get,
        "/api/streams/calls/{call_id}",
        Access::Key(Scope::Read),
        "The streams of a call, by its id or its CallSid, and of an assistant's what was said, what it came to, the summary and the facts",
        || web::to(read::streams),
    )
    .asks(query_shape::<Page>)
    .gives(shape::<read::Streams>),
    Route::new(
        Method::Get,
        "/api/streams/calls/{call_id}/inputs/{part}",
        Access::Key(Scope::Write),
        "What went into a stream of a call, where the tenant keeps that: `trunkline replay` runs the call again from it",
        || web::to(read::inputs),
    ),
    Route::new(
        Method::Get,
        "/api/streams/calls/{call_id}/listen",
        Access::Key(Scope::Write),
        "The sound of a live call, both sides, as a WAV file that goes on for as long as the call; 404 where it is not live here",
        || web::to(listen::listen),
    ),
    Route::new(
        Method::Get,
        "/api/streams/tool-secret",
        Access::Key(Scope::Write),
        "What requests to a tenant's tools are signed with (Standard Webhooks)",
        || web::to(read::tool_secret),
    )
    .asks(query_shape::<read::Whose>)
    .gives(shape::<read::ToolSecret>),
];
