//! The routes.

use actix_web::web::{self, Data, Json};
use api::{Access, ApiError, Caller, Method, Route, Scope, shape};
use clock::Time;
use schemars::JsonSchema;
use serde::Serialize;
use store::Store;

use super::db;

/// The most that a list has.
const MOST: i64 = 100;

/// What the handlers share.
pub struct State {
    pub store: Store,
}

pub const ROUTES: &[Route] = &[Route::new(
    Method::Get,
    "/callbacks/",
    Access::Key(Scope::Read),
    "Who is to be called back, the newest first",
    || web::to(list),
)
.gives(shape::<List>)];

#[derive(Debug, Serialize, JsonSchema)]
struct List {
    items: Vec<Item>,
    /// Always null: there is one page.
    next_cursor: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Item {
    call_sid: String,
    caller: String,
    missed_at: Time,
}

async fn list(caller: Caller, state: Data<State>) -> Result<Json<List>, ApiError> {
    let mut tx = state.store.read().await?;
    let rows = db::newest(&mut tx, caller.tenant.as_deref(), MOST).await?;
    let item = |row: db::Callback| Item {
        call_sid: row.call_sid,
        caller: row.caller,
        missed_at: row.missed_at.0,
    };
    Ok(Json(List {
        items: rows.into_iter().map(item).collect(),
        next_cursor: None,
    }))
}
