//! What operators of any process see: the events that pass, and those that could not be handled.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use bus::{Bus, Tapped};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;
use serde_json::json;

use super::{Access, ApiError, Caller, Method, Page, Route, Scope};

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/events",
        Access::Key(Scope::Read),
        "Server-sent events as they pass on the bus; ?type=call.*&tenant=&call=",
        || web::to(tail),
    ),
    Route::new(
        Method::Get,
        "/api/dead-letters/",
        Access::Key(Scope::Admin),
        "Events that could not be handled, with the reason",
        || web::to(dead_list),
    ),
    Route::new(
        Method::Post,
        "/api/dead-letters/{id}/replay",
        Access::Key(Scope::Admin),
        "Gives a dead letter back to the queue that it died in",
        || web::to(dead_replay),
    ),
];

/// A comment that keeps proxies from closing a quiet feed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize)]
struct Filter {
    #[serde(rename = "type")]
    kind: Option<String>,
    tenant: Option<String>,
    call: Option<String>,
}

async fn tail(
    bus: web::Data<Bus>,
    caller: Caller,
    filter: web::Query<Filter>,
) -> Result<HttpResponse, ApiError> {
    let filter = filter.into_inner();
    let pattern = filter.kind.as_deref().unwrap_or("#");
    if pattern.is_empty() || pattern.len() > 100 {
        return Err(ApiError::invalid(
            "type",
            "is an event type or a pattern, such as call.* or message.#",
        ));
    }
    let tap = bus.tap(&[pattern]).await?;
    let tenant = caller.tenant.or(filter.tenant);
    let call = filter.call;
    let feed = stream::unfold(tap, move |mut tap| {
        let (tenant, call) = (tenant.clone(), call.clone());
        async move {
            loop {
                let text = match tokio::time::timeout(KEEP_ALIVE, tap.next()).await {
                    Err(_) => ": still here\n\n".to_owned(),
                    Ok(None) => return None,
                    Ok(Some(Tapped::Missed(n))) => {
                        format!("event: missed\ndata: {{\"missed\":{n}}}\n\n")
                    }
                    Ok(Some(Tapped::Event(event))) => {
                        let wanted = |filter: &Option<String>, value: &Option<String>| {
                            filter.is_none() || filter == value
                        };
                        // Queries between roles carry credentials' ciphertext and are nobody's business.
                        let internal =
                            event.kind.ends_with(".query") || event.kind.ends_with(".reply");
                        if internal || !wanted(&tenant, &event.tenant) || !wanted(&call, &event.key)
                        {
                            continue;
                        }
                        let data = events::to_json(&event);
                        format!("id: {}\nevent: {}\ndata: {data}\n\n", event.id, event.kind)
                    }
                };
                return Some((Ok::<_, actix_web::Error>(Bytes::from(text)), tap));
            }
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(feed)))
}

async fn dead_list(bus: web::Data<Bus>, page: web::Query<Page>) -> Result<HttpResponse, ApiError> {
    let limit = usize::try_from(page.limit()).unwrap_or(50);
    let items: Vec<_> = bus
        .dead_letters(limit)
        .await?
        .into_iter()
        .map(|letter| {
            json!({
                "id": letter.id, "queue": letter.queue, "reason": letter.reason, "died_at": letter.died_at,
                "attempts": letter.attempts, "type": letter.envelope.kind, "event": events::to_json(&letter.envelope),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items, "next_cursor": null })))
}

async fn dead_replay(bus: web::Data<Bus>, id: web::Path<String>) -> Result<HttpResponse, ApiError> {
    match bus.replay(&id).await {
        Ok(()) => Ok(HttpResponse::Accepted().json(json!({ "id": *id, "status": "replayed" }))),
        Err(bus::Error::NoSuchDeadLetter(_)) => Err(ApiError::not_found("dead letter")),
        Err(e) => Err(e.into()),
    }
}
