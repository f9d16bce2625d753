//! API keys, which Twilio calls standard keys when they are made here. Webhooks stay signed with the account's token.

use serde_json::{Value, json};

use crate::http::{Exchange, Reply};
use crate::rest::{missing, paging};
use crate::state::Key;
use crate::time::rfc2822;

/// Characters of a key's name.
const LONGEST_NAME: usize = 64;

/// The only answer that shows the secret.
pub(super) fn create(exchange: &Exchange) -> Result<Reply, Reply> {
    let friendly_name = name(exchange)?.unwrap_or_default();
    let now = exchange.shared.time.now();
    let mut state = exchange.shared.state();
    let key = Key {
        sid: state.ids.sid("SK"),
        secret: state.ids.secret(),
        friendly_name,
        created: now,
        updated: now,
    };
    let mut shown = object(&key);
    shown["secret"] = json!(key.secret);
    state.keys.push(key);
    Ok(Reply::Json(201, shown))
}

fn name(exchange: &Exchange) -> Result<Option<String>, Reply> {
    match exchange.form.given("FriendlyName") {
        Some(name) if name.chars().count() > LONGEST_NAME => Err(Reply::refused(
            400,
            20001,
            "FriendlyName has at most 64 characters",
        )),
        name => Ok(name.map(str::to_owned)),
    }
}

pub(super) fn list(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let keys: Vec<&Key> = state.keys.iter().collect();
    paging::page(exchange, "keys", &keys, |key| &key.sid, |key| object(key))
}

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let key = state
        .keys
        .iter()
        .find(|key| key.sid == exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(200, object(key)))
}

pub(super) fn update(exchange: &Exchange) -> Result<Reply, Reply> {
    let name = name(exchange)?;
    let now = exchange.shared.time.now();
    let mut state = exchange.shared.state();
    let key = state
        .keys
        .iter_mut()
        .find(|key| key.sid == exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    if let Some(name) = name {
        key.friendly_name = name;
        key.updated = now;
    }
    Ok(Reply::Json(200, object(key)))
}

pub(super) fn delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let mut state = exchange.shared.state();
    let before = state.keys.len();
    state.keys.retain(|key| key.sid != exchange.var("sid"));
    if state.keys.len() == before {
        Err(missing(exchange))
    } else {
        Ok(Reply::Empty(204))
    }
}

fn object(key: &Key) -> Value {
    json!({
        "sid": key.sid,
        "friendly_name": key.friendly_name,
        "date_created": rfc2822(key.created),
        "date_updated": rfc2822(key.updated),
    })
}
