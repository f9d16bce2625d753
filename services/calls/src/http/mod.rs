//! The API of calls.

mod control;
mod filter;
mod latency;
mod notes;
mod report;
mod shapes;
mod state;
mod summary;
mod timeline;

use actix_web::{HttpResponse, web};
use api::{Access, ApiError, Caller, Method, Period, Query, Route, Scope, query_shape, shape};

use crate::db::{self, Filter};
use filter::{ListQuery, SummaryQuery};
use shapes::{Call, List, Timeline};
pub use state::State;
use state::{find, one, shown};

/// Every route of the role.
pub const ROUTES: &[Route] = &[
    Route::new(Method::Get, "/calls/", Access::Key(Scope::Read), "Calls, newest first", || web::to(list))
        .asks(query_shape::<ListQuery>)
        .gives(shape::<List>),
    Route::new(
        Method::Get,
        "/calls/summary",
        Access::Key(Scope::Read),
        "How many calls there were and how they went: by day, and by hour and weekday",
        || web::to(summary::show),
    )
    .asks(query_shape::<SummaryQuery>)
    .gives(shape::<summary::Summary>),
    Route::new(
        Method::Get,
        "/calls/latency",
        Access::Key(Scope::Read),
        "How long callers on a stream waited for an answer: percentiles of each part, beside its budget",
        || web::to(latency::show),
    )
    .asks(query_shape::<Period>)
    .gives(shape::<latency::Latency>),
    Route::new(
        Method::Get,
        "/calls/webhooks",
        Access::Key(Scope::Read),
        "Twilio's webhooks of the last 30 days, newest first: what was asked, whether the signature was right, what was answered",
        || web::to(notes::list),
    )
    .asks(query_shape::<notes::WebhookQuery>)
    .gives(shape::<notes::Webhooks>),
    Route::new(Method::Get, "/calls/{id}", Access::Key(Scope::Read), "A call by its id or CallSid", || web::to(get))
        .gives(shape::<Call>),
    Route::new(
        Method::Get,
        "/calls/{id}/timeline",
        Access::Key(Scope::Read),
        "Everything that happened to a call, in order",
        || web::to(timeline::show),
    )
    .asks(query_shape::<timeline::TimelineQuery>)
    .gives(shape::<Timeline>),
    Route::new(
        Method::Post,
        "/calls/{id}/hang-up",
        Access::Key(Scope::Write),
        "Ends a call that goes on; 409 when it is over",
        || web::to(control::hang_up),
    )
    .gives(shape::<control::Ordered>),
    Route::new(
        Method::Post,
        "/calls/{id}/transfer",
        Access::Key(Scope::Write),
        "Passes a call that goes on to another phone; 409 when it is over, or the number is not on the whitelist",
        || web::to(control::transfer),
    )
    .takes(shape::<control::Transfer>)
    .gives(shape::<control::Ordered>),
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

async fn list(
    state: web::Data<State>,
    caller: Caller,
    query: Query<ListQuery>,
) -> Result<HttpResponse, ApiError> {
    let (filter, page) = (query.filter(&caller)?, query.page());
    let mut tx = state.store.read().await?;
    let after = match &page.cursor {
        Some(id) => {
            let last = db::call_find(&mut tx, id).await?;
            let last = last
                .filter(|row| caller.may_see(&row.tenant_id))
                .ok_or_else(|| {
                    ApiError::invalid("cursor", "send the next_cursor of the page before")
                })?;
            Some((last.started_at.0, last.id))
        }
        None => None,
    };
    let filter = Filter { after, ..filter };
    let rows = db::call_list(&mut tx, &filter, page.limit()).await?;
    let (rows, next_cursor) = page.of(rows, |row| row.id.clone());
    let items = shown(&mut tx, &rows).await?;
    Ok(HttpResponse::Ok().json(List { items, next_cursor }))
}

async fn get(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let mut tx = state.store.read().await?;
    let row = find(&mut tx, &caller, &id).await?;
    Ok(HttpResponse::Ok().json(one(&mut tx, &row).await?))
}
