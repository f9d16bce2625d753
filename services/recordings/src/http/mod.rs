//! The files of recordings, for players and people.

mod limit;
mod link;
mod links;
mod pause;
mod removal;
mod serve;
mod state;
mod summary;
mod transcript;

use actix_web::web;
use api::{Access, Method, Period, Route, Scope, query_shape, shape};

pub use state::State;

const READ: Access = Access::Key(Scope::Read);

/// Every route of the role. Players ask for the head first.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/api/recordings/summary",
        READ,
        "How many recordings of calls are stored, on their way, or missing",
        || web::to(summary::show),
    )
    .asks(query_shape::<Period>)
    .gives(shape::<summary::Summary>),
    Route::new(
        Method::Get,
        "/calls/{call_id}/recording/{recording_id}",
        READ,
        "A recording's file, to be kept: with Range and ETag; `?redirect=1` gives an address at the store",
        || web::to(serve::download),
    )
    .asks(query_shape::<serve::How>),
    Route::new(
        Method::Head,
        "/calls/{call_id}/recording/{recording_id}",
        READ,
        "What a recording's file is",
        || web::to(serve::download),
    )
    .asks(query_shape::<serve::How>),
    Route::new(
        Method::Get,
        "/calls/{call_id}/recording/{recording_id}/play",
        READ,
        "A recording's file, to be played: with Range and ETag",
        || web::to(serve::play),
    )
    .asks(query_shape::<serve::How>),
    Route::new(
        Method::Head,
        "/calls/{call_id}/recording/{recording_id}/play",
        READ,
        "What a recording's file is",
        || web::to(serve::play),
    )
    .asks(query_shape::<serve::How>),
    Route::new(
        Method::Get,
        "/calls/{call_id}/recording/{recording_id}/peaks",
        READ,
        "A recording's waveform: `{per_second, bits, channels: [[..], ..]}`",
        || web::to(serve::peaks),
    ),
    Route::new(
        Method::Get,
        "/calls/{call_id}/recording/{recording_id}/transcript",
        READ,
        "What was said in a recording, turn by turn, each side by its channel; 409 while there is none yet",
        || web::to(transcript::get),
    )
    .gives(shape::<transcript::Transcript>),
    Route::new(
        Method::Post,
        "/calls/{call_id}/recording/{recording_id}/link",
        READ,
        "An address at which anybody can play a recording until it expires",
        || web::to(link::make),
    )
    .takes(shape::<link::Wish>)
    .gives(shape::<link::Made>),
    Route::new(
        Method::Get,
        "/calls/{call_id}/recording/{recording_id}/signed",
        Access::Public,
        "A recording's file by a signed address; refused without a right signature, or when it has expired",
        || web::to(serve::signed),
    )
    .asks(query_shape::<links::Proof>),
    Route::new(
        Method::Head,
        "/calls/{call_id}/recording/{recording_id}/signed",
        Access::Public,
        "What a recording's file is, by a signed address",
        || web::to(serve::signed),
    )
    .asks(query_shape::<links::Proof>),
    Route::new(
        Method::Post,
        "/calls/{call_id}/recording/pause",
        Access::Key(Scope::Write),
        "Holds a call's recording, while a card number is said for example; 409 where nothing is recorded",
        || web::to(pause::pause),
    )
    .gives(shape::<pause::Ordered>),
    Route::new(
        Method::Post,
        "/calls/{call_id}/recording/resume",
        Access::Key(Scope::Write),
        "Goes on with a call's recording that is held",
        || web::to(pause::resume),
    )
    .gives(shape::<pause::Ordered>),
    Route::new(
        Method::Delete,
        "/calls/{call_id}/recording/{recording_id}",
        Access::Key(Scope::Write),
        "Deletes a recording's file; its row stays and tells that it is gone. 409 under legal hold",
        || web::to(removal::delete),
    ),
];
