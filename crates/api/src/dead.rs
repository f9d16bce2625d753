//! The events that could not be handled, as operators see them: a list in pages, and the way back.

use std::cmp::Reverse;

use actix_web::{HttpResponse, web};
use bus::{Bus, DeadLetter};
use events::Envelope;
use serde_json::{Value, json};

use crate::internal::is_internal;
use crate::{ApiError, Caller, Page, Query};

/// How many dead letters are looked through at most for a list. RabbitMQ gives them only from the first one on, so
/// every page costs as much as all those before it.
const LOOKED_THROUGH: usize = 10_000;

/// Where a letter stands in the list, which begins with the newest: its microsecond, then its id.
type Place = (Reverse<i64>, String);

pub(crate) async fn list(
    bus: web::Data<Bus>,
    caller: Caller,
    page: Query<Page>,
) -> Result<HttpResponse, ApiError> {
    let after = page.cursor.as_deref().map(place_at).transpose()?;
    let mut letters = bus.dead_letters(LOOKED_THROUGH).await?;
    letters.retain(|letter| {
        let comes_later = after.as_ref().is_none_or(|after| place(letter) > *after);
        comes_later && may_see(&caller, &letter.envelope)
    });
    letters.sort_by_cached_key(place);
    let (letters, next_cursor) = page.of(letters, cursor);
    let items: Vec<_> = letters.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({ "items": items, "next_cursor": next_cursor })))
}

pub(crate) async fn replay(
    bus: web::Data<Bus>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let may = move |envelope: &Envelope| may_see(&caller, envelope);
    match bus.replay_if(&id, may).await {
        Ok(()) => Ok(HttpResponse::Accepted().json(json!({ "id": *id, "status": "replayed" }))),
        Err(bus::Error::NoSuchDeadLetter(_)) => Err(ApiError::not_found("dead letter")),
        Err(e) => Err(e.into()),
    }
}

/// Whether the letter with this event is shown to this caller. A key without a tenant sees all of them; one that is bound to a
/// tenant sees the tenant's own, without what passes between roles only.
fn may_see(caller: &Caller, envelope: &Envelope) -> bool {
    match &caller.tenant {
        None => true,
        Some(_) => envelope.tenant == caller.tenant && !is_internal(&envelope.kind),
    }
}

fn place(letter: &DeadLetter) -> Place {
    let died_at = letter.died_at.timestamp_micros();
    (Reverse(died_at), letter.id.clone())
}

fn cursor(letter: &DeadLetter) -> String {
    format!("{}-{}", letter.died_at.timestamp_micros(), letter.id)
}

fn place_at(cursor: &str) -> Result<Place, ApiError> {
    let read = || {
        let (died_at, id) = cursor.split_once('-')?;
        Some((Reverse(died_at.parse::<i64>().ok()?), id.to_owned()))
    };
    read().ok_or_else(|| ApiError::invalid("cursor", "send the next_cursor of the page before"))
}

fn view(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id, "queue": letter.queue, "reason": letter.reason, "died_at": letter.died_at,
        "attempts": letter.attempts, "type": letter.envelope.kind, "event": events::to_json(&letter.envelope),
    })
}
