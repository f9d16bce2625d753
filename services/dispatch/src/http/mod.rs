//! The routes of dispatch, as one table.

mod conversations;
mod leads;
mod media;
mod messages;
mod opt_outs;
mod process;
mod shown;
mod state;
mod summary;

use actix_web::web;
use api::{Access, Method, Period, Route, Scope, query_shape, shape};

use conversations as threads;
pub use state::State;

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
    .asks(query_shape::<threads::Wanted>)
    .gives(shape::<threads::List>),
    Route::new(
        Method::Get,
        "/conversations/summary",
        READ,
        "How quickly callers are texted and customers answered, and what is booked",
        || web::to(summary::show),
    )
    .asks(query_shape::<Period>)
    .gives(shape::<summary::Summary>),
    Route::new(
        Method::Get,
        "/conversations/{id}",
        READ,
        "A conversation with its messages",
        || web::to(threads::show),
    )
    .asks(query_shape::<threads::WantedMessages>)
    .gives(shape::<threads::Shown>),
    Route::new(
        Method::Get,
        "/conversations/{id}/media/{media}",
        READ,
        "A picture or another file that a customer has sent: with Range and ETag; 409 `not_ready` while it is fetched",
        || web::to(media::show),
    ),
    Route::new(
        Method::Post,
        "/conversations/{id}/block",
        WRITE,
        "Blocks the customer: what they write is kept, and nothing follows",
        || web::to(threads::block),
    ),
    Route::new(
        Method::Post,
        "/conversations/{id}/unblock",
        WRITE,
        "Takes that back",
        || web::to(threads::unblock),
    ),
    Route::new(
        Method::Post,
        "/conversations/{id}/messages",
        WRITE,
        "Writes to the customer as an operator, who takes the conversation over; Idempotency-Key is honoured",
        || web::to(messages::create),
    )
    .takes(shape::<messages::New>)
    .gives(shape::<messages::Created>),
    Route::new(
        Method::Post,
        "/conversations/{id}/reply",
        WRITE,
        "The same, with the choice of leaving the conversation to the AI; Idempotency-Key is honoured",
        || web::to(messages::reply),
    )
    .takes(shape::<messages::Reply>)
    .gives(shape::<messages::Created>),
    Route::new(
        Method::Post,
        "/conversations/{id}/read",
        WRITE,
        "Says that an operator has read the conversation",
        || web::to(threads::read),
    ),
    Route::new(
        Method::Put,
        "/conversations/{id}/status",
        WRITE,
        "Completes, abandons or opens a conversation",
        || web::to(threads::close),
    )
    .takes(shape::<threads::NewStatus>)
    .gives(shape::<threads::Summary>),
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
    Route::new(
        Method::Get,
        "/leads/",
        READ,
        "Leads, those with the latest news first",
        || web::to(leads::list),
    )
    .asks(query_shape::<leads::Wanted>)
    .gives(shape::<leads::List>),
    Route::new(Method::Get, "/leads/{id}", READ, "A lead", || web::to(leads::show))
        .gives(shape::<leads::Shown>),
    Route::new(
        Method::Put,
        "/leads/{id}/status",
        WRITE,
        "Says where a lead stands, what it is worth, and what is to be noted of it",
        || web::to(leads::update),
    )
    .takes(shape::<leads::Update>)
    .gives(shape::<leads::Shown>),
    Route::new(
        Method::Get,
        "/opt-outs/",
        READ,
        "The words by which customers opted out and in, the latest first: the evidence",
        || web::to(opt_outs::list),
    )
    .asks(query_shape::<opt_outs::Wanted>)
    .gives(shape::<opt_outs::List>),
    Route::new(
        Method::Post,
        "/dispatch/process",
        WRITE,
        "Understands one message in its context, and drafts an answer; keeps no thread",
        || web::to(process::process),
    )
    .takes(shape::<process::Asked>)
    .gives(shape::<process::Understood>),
];
