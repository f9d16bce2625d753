//! What operators of any process see: the events that pass, and those that could not be handled.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use bus::{Bus, Tapped};
use bytes::Bytes;
use futures::stream;
use serde::Deserialize;

use super::{Access, ApiError, Caller, Method, Route, Scope, dead};
use crate::call_id;

pub(super) const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/events",
        Access::Key(Scope::Read),
        "Server-sent events as they pass on the bus; ?type=call.*&tenant=&call=, a call by its id or CallSid",
        || web::to(tail),
    ),
    Route::new(
        Method::Get,
        "/api/dead-letters/",
        Access::Key(Scope::Admin),
        "Events that could not be handled, with the reason, newest first; ?limit=&cursor=",
        || web::to(dead::list),
    ),
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
                        let foreign = tenant.is_some() && tenant != event.tenant;
                        if foreign
                            || is_internal(&event.kind)
                            || !is_of(call.as_deref(), event.key.as_deref())
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

/// Queries between roles carry credentials' ciphertext and are nobody's business.
pub(super) fn is_internal(kind: &str) -> bool {
    kind.ends_with(".query") || kind.ends_with(".reply")
}

/// Whether an event with this key belongs to the wanted call, which goes by its CallSid and by its id.
fn is_of(wanted: Option<&str>, key: Option<&str>) -> bool {
    wanted.is_none_or(|call| key.is_some_and(|key| key == call || call_id(key) == call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_followed_by_either_of_its_names() {
        let id = call_id("CA1");
        for wanted in ["CA1", id.as_str()] {
            assert!(is_of(Some(wanted), Some("CA1")), "{wanted}");
            assert!(!is_of(Some(wanted), Some("CA2")), "{wanted}");
            assert!(!is_of(Some(wanted), None), "{wanted}");
        }
        assert!(is_of(None, None) && is_of(None, Some("CA1")));
    }
}
