//! The API of calls.

mod report;
mod shapes;

use actix_web::{HttpResponse, web};
use bus::Bus;
use clock::Clock;
use role::http::{Access, ApiError, Caller, Method, Page, Route, Scope, shape};
use serde::Deserialize;
use serde_json::json;
use store::Store;

use crate::db::{self, CallRow, Filter};
use shapes::{Call, List, Timeline};

/// What the handlers work with.
pub struct State {
    /// The calls.
    pub store: Store,
    /// For calls that another front door reports.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
}

/// Every route of the role.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/calls/", Access::Key(Scope::Read), "Calls, newest first", || web::to(list))
        .gives(shape::<List>),
    Route::new(Method::Get, "/calls/{id}", Access::Key(Scope::Read), "A call by its id or CallSid", || web::to(get))
        .gives(shape::<Call>),
    Route::new(
        Method::Get,
        "/calls/{id}/timeline",
        Access::Key(Scope::Read),
        "Everything that happened to a call, in order",
        || web::to(timeline),
    )
    .gives(shape::<Timeline>),
    Route::new(
        Method::Post,
        "/calls/incoming",
        Access::Key(Scope::Write),
        "Tells of a call that came in at another front door; answers with what Twilio should be told",
        || web::to(report::incoming),
    )
    .takes(shape::<report::Incoming>)
    .gives(shape::<report::Accepted>),
    Route::new(
        Method::Post,
        "/calls/missed",
        Access::Key(Scope::Write),
        "Tells of a call that was missed at another front door; the caller is texted back",
        || web::to(report::missed),
    )
    .takes(shape::<report::Missed>)
    .gives(shape::<report::Accepted>),
];

#[derive(Debug, Deserialize)]
struct Narrow {
    tenant: Option<String>,
    outcome: Option<String>,
}

async fn list(
    state: web::Data<State>,
    caller: Caller,
    narrow: web::Query<Narrow>,
    page: web::Query<Page>,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.store.read().await?;
    let after = match &page.cursor {
        Some(id) => {
            let last = db::call_find(&mut tx, id).await?;
            let last = last
                .filter(|row| caller.may_see(&row.tenant_id))
                .ok_or_else(|| ApiError::invalid("cursor", "is not a next_cursor of this list"))?;
            Some((last.started_at.0, last.id))
        }
        None => None,
    };
    let narrow = narrow.into_inner();
    let filter = Filter {
        tenant: caller.tenant.or(narrow.tenant),
        outcome: narrow.outcome,
        after,
    };
    let rows = db::call_list(&mut tx, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |row| row.id.clone());
    Ok(HttpResponse::Ok().json(List {
        items: rows.iter().map(Call::from).collect(),
        next_cursor,
    }))
}

async fn get(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, &caller, &id).await?;
    Ok(HttpResponse::Ok().json(Call::from(&row)))
}

async fn timeline(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, &caller, &id).await?;
    let lines = db::timeline_list(&mut tx, &row.call_sid).await?;
    let items = lines
        .into_iter()
        .map(|line| json!({ "at": line.at.0, "kind": line.kind, "detail": line.detail.0 }))
        .collect();
    Ok(HttpResponse::Ok().json(Timeline {
        call: Call::from(&row),
        items,
    }))
}

async fn find(tx: &mut store::Tx, caller: &Caller, id: &str) -> Result<CallRow, ApiError> {
    let row = db::call_find(tx, id).await?;
    row.filter(|row| caller.may_see(&row.tenant_id))
        .ok_or_else(|| ApiError::not_found("call"))
}
