//! What operators of any process see: the events that pass, and those that could not be handled.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use bus::Bus;
use bytes::Bytes;
use events::{Envelope, call_id};
use futures::{StreamExt, stream};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::feed::{Feeds, Passed};
use crate::health::Health;
use crate::internal::is_internal;
use crate::{
    Access, ApiError, Caller, Method, Page, Query, Route, Scope, dead, operating, query_shape,
};

pub(crate) const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/events",
        Access::Key(Scope::Read),
        "Server-sent events as they pass on the bus; Last-Event-ID goes on after that event",
        || web::to(tail),
    )
    .asks(query_shape::<Filter>),
    Route::new(
        Method::Get,
        "/api/operating/",
        Access::Key(Scope::Admin),
        "How this process stands: its parts, the depth of its queues, and what waits to leave",
        || web::to(operating::show),
    ),
    Route::new(
        Method::Get,
        "/api/dead-letters/",
        Access::Key(Scope::Admin),
        "Events that could not be handled, with the reason, newest first",
        || web::to(dead::list),
    )
    .asks(query_shape::<Page>),
    Route::new(
        Method::Post,
        "/api/dead-letters/{id}/replay",
        Access::Key(Scope::Admin),
        "Gives a dead letter back to the queue that it died in",
        || web::to(dead::replay),
    ),
];

/// A comment that keeps proxies from closing a quiet feed.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Event types or patterns, such as `call.*,message.#`; all unless said.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Only this tenant's.
    tenant: Option<String>,
    /// Only this call's, by its id or CallSid.
    call: Option<String>,
}

async fn tail(
    bus: web::Data<Bus>,
    caller: Caller,
    filter: Query<Filter>,
    feeds: web::Data<Feeds>,
    health: web::Data<Health>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let filter = filter.into_inner();
    let tenant = caller.only_tenant(filter.tenant.as_deref())?;
    let patterns: Vec<&str> = filter.kind.as_deref().unwrap_or("#").split(',').collect();
    let odd = |pattern: &&str| pattern.is_empty() || pattern.len() > 100;
    if patterns.iter().any(odd) || patterns.len() > 20 {
        return Err(ApiError::invalid(
            "type",
            "is an event type or a pattern, such as call.* or message.#; up to 20, separated by commas",
        ));
    }
    let last = request.headers().get("Last-Event-ID");
    let last = last.and_then(|id| id.to_str().ok());
    let reader = feeds.reader(&bus, &patterns, last).await?;
    let call = filter.call;
    let wanted = move |event: &Envelope| {
        let foreign = tenant.is_some() && tenant != event.tenant;
        !foreign && !is_internal(&event.kind) && is_of(call.as_deref(), event.key.as_deref())
    };
    let stopping = health.stopping.clone();
    let feed = stream::unfold((reader, wanted), |(mut reader, wanted)| async move {
        loop {
            let text = match tokio::time::timeout(KEEP_ALIVE, reader.next()).await {
                Err(_) => Bytes::from_static(b": still here\n\n"),
                Ok(None) => return None,
                Ok(Some(Passed::Lost(count))) => lost(count),
                Ok(Some(Passed::Event(event))) if wanted(&event) => {
                    let data = events::to_json(&event);
                    Bytes::from(format!(
                        "id: {}\nevent: {}\ndata: {data}\n\n",
                        event.id, event.kind
                    ))
                }
                Ok(Some(Passed::Event(_))) => continue,
            };
            return Some((Ok::<_, actix_web::Error>(text), (reader, wanted)));
        }
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header(("cache-control", "no-store"))
        // A reader comes back, to whoever is there then, with the last event that it had.
        .streaming(Box::pin(feed.take_until(stopping.cancelled_owned()))))
}

fn lost(count: u64) -> Bytes {
    Bytes::from(format!("event: missed\ndata: {{\"missed\":{count}}}\n\n"))
}

/// Whether an event with this key belongs to the wanted call, which goes by its CallSid and by its id.
fn is_of(wanted: Option<&str>, key: Option<&str>) -> bool {
    wanted.is_none_or(|call| key.is_some_and(|key| key == call || call_id(key) == call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_is_followed_by_either_of_its_names() {
        let id = call_id("CA1");
        for wanted in ["CA1", id.as_str()] {
            assert!(is_of(Some(wanted), Some("CA1")), "{wanted}");
            assert!(!is_of(Some(wanted), Some("CA2")), "{wanted}");
            assert!(!is_of(Some(wanted), None), "{wanted}");
        }
        assert!(is_of(None, None) && is_of(None, Some("CA1")));
    }
}
