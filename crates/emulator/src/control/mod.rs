//! The emulator's own controls under `/emulator` (the contract, "The emulator").

mod sound;
mod view;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

pub(crate) use sound::{PATH as SOUND, sound};
pub use view::CallView;

use crate::Error;
use crate::call::inbound;
use crate::faults::Fault;
use crate::http::Verb::{self, Delete, Get, Post};
use crate::http::{Access, Endpoint, Exchange, Reply};
use crate::media::Media;
use crate::script::{Script, Step};
use crate::sms::receive;

/// What can be done to the emulator.
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    Endpoint {
        verb: Get,
        path: "/emulator/health",
        access: Access::Open,
        handler: health,
    },
    row(Post, "/emulator/calls", call),
    row(Get, "/emulator/calls", calls),
    row(Get, "/emulator/calls/{sid}", show),
    row(Post, "/emulator/calls/{sid}/steps", step),
    row(Post, "/emulator/messages", message),
    row(Post, "/emulator/faults", fault),
    row(Get, "/emulator/faults", faults),
    row(Delete, "/emulator/faults/{id}", withdraw),
    row(Get, "/emulator/log", log),
    row(Get, "/emulator/events", watch),
    row(Post, "/emulator/reset", reset),
];

const fn row(
    verb: Verb,
    path: &'static str,
    handler: fn(&Exchange) -> Result<Reply, Reply>,
) -> Endpoint {
    Endpoint {
        verb,
        path,
        access: Access::Control,
        handler,
    }
}

fn refusal(failure: &Error) -> Reply {
    match failure {
        Error::UnknownNumber { owned, .. } => Reply::Json(
            404,
            json!({ "error": {
                "code": "unknown_number",
                "message": failure.to_string(),
                "details": { "numbers": owned },
            } }),
        ),
        other => Reply::control_error(422, "bad_script", other.to_string()),
    }
}

fn read<T: DeserializeOwned>(exchange: &Exchange) -> Result<T, Reply> {
    serde_json::from_slice(&exchange.body)
        .map_err(|problem| Reply::control_error(422, "bad_request", problem.to_string()))
}

fn health(exchange: &Exchange) -> Result<Reply, Reply> {
    let now = exchange.shared.time.now();
    Ok(Reply::Json(200, json!({ "status": "ok", "time": now })))
}

fn call(exchange: &Exchange) -> Result<Reply, Reply> {
    let script: Script = read(exchange)?;
    let sid = inbound(&exchange.shared, script).map_err(|failure| refusal(&failure))?;
    Ok(Reply::Json(
        201,
        json!({ "id": sid, "sid": sid, "call_sid": sid }),
    ))
}

/// One thing that the caller of a live call does next.
fn step(exchange: &Exchange) -> Result<Reply, Reply> {
    let sid = exchange.var("sid");
    let step: Step = read(exchange)?;
    let file = matches!(&step, Step::Speak(speech) if speech.wav.is_some());
    if file {
        let why = "a live caller speaks words; files are for scripts";
        return Err(Reply::control_error(422, "bad_request", why));
    }
    let state = exchange.shared.state();
    let call = state.call(sid);
    let call = call
        .ok_or_else(|| Reply::control_error(404, "not_found", format!("there is no call {sid}")))?;
    let Some(live) = &call.live else {
        let why = "a script speaks for this call; place it with live: true";
        return Err(Reply::control_error(409, "not_live", why));
    };
    match call.control.is_over() || live.send(step).is_err() {
        true => Err(Reply::control_error(409, "over", "the call is over")),
        false => Ok(Reply::Json(202, json!({ "id": sid }))),
    }
}

fn show(exchange: &Exchange) -> Result<Reply, Reply> {
    let sid = exchange.var("sid");
    match CallView::of(&exchange.shared.state(), sid) {
        Some(view) => Ok(Reply::Json(200, json!(view))),
        None => Err(Reply::control_error(
            404,
            "not_found",
            format!("there is no call {sid}"),
        )),
    }
}

/// The newest first. A page's cursor is its last call.
fn calls(exchange: &Exchange) -> Result<Reply, Reply> {
    let limit = number(exchange, "limit").unwrap_or(100) as usize;
    let after = exchange.query.get("cursor");
    let state = exchange.shared.state();
    let mut calls = state
        .calls
        .iter()
        .rev()
        .filter(|call| call.parent.is_none())
        .skip_while(|call| after.is_some_and(|after| call.sid != after))
        .skip(usize::from(after.is_some()));
    let items: Vec<Value> = calls
        .by_ref()
        .take(limit)
        .map(|call| {
            json!({
                "sid": call.sid,
                "from": call.from,
                "to": call.to,
                "direction": call.direction.as_str(),
                "status": call.status,
                "created": call.created,
            })
        })
        .collect();
    Ok(Reply::Json(
        200,
        json!({ "items": items, "next_cursor": cursor(&items, "sid", calls.next().is_some()) }),
    ))
}

/// Where the next page begins: after the last item of this one, if anything follows it.
fn cursor(items: &[Value], key: &str, more: bool) -> Option<Value> {
    items.last().filter(|_| more).map(|last| last[key].clone())
}

fn number(exchange: &Exchange, name: &str) -> Option<u64> {
    exchange
        .query
        .get(name)
        .and_then(|value| value.parse().ok())
}

/// A text message from a simulated phone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Incoming {
    from: String,
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    media: Vec<Media>,
}

fn message(exchange: &Exchange) -> Result<Reply, Reply> {
    let incoming: Incoming = read(exchange)?;
    let Incoming {
        from,
        to,
        body,
        media,
    } = incoming;
    let sid = receive(&exchange.shared, &from, &to, &body, &media)
        .map_err(|failure| refusal(&failure))?;
    Ok(Reply::Json(
        201,
        json!({ "id": sid, "sid": sid, "message_sid": sid }),
    ))
}

fn fault(exchange: &Exchange) -> Result<Reply, Reply> {
    let fault: Fault = read(exchange)?;
    if let Some(problem) = fault.problem() {
        return Err(Reply::control_error(422, "bad_request", problem));
    }
    let added = exchange.shared.state().faults.add(fault);
    Ok(Reply::Json(201, json!(added)))
}

/// What is in force, the oldest first.
fn faults(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    Ok(Reply::Json(
        200,
        json!({ "items": state.faults.in_force(), "next_cursor": null }),
    ))
}

fn withdraw(exchange: &Exchange) -> Result<Reply, Reply> {
    let id = exchange.var("id");
    if exchange.shared.state().faults.withdraw(id) {
        Ok(Reply::Empty(204))
    } else {
        Err(Reply::control_error(
            404,
            "not_found",
            format!("there is no fault {id} in force; GET /emulator/faults lists them"),
        ))
    }
}

/// The oldest first. A page's cursor is its last entry; `after` is another word for `cursor`.
fn log(exchange: &Exchange) -> Result<Reply, Reply> {
    let after = number(exchange, "cursor").or_else(|| number(exchange, "after"));
    let limit = number(exchange, "limit").unwrap_or(10_000) as usize;
    let sid = exchange.query.get("sid");
    let state = exchange.shared.state();
    let mut entries = state
        .log
        .since(after.unwrap_or(0))
        .filter(|entry| sid.is_none_or(|sid| entry.sid.as_deref() == Some(sid)));
    let items: Vec<Value> = entries
        .by_ref()
        .take(limit)
        .map(|entry| json!(entry))
        .collect();
    Ok(Reply::Json(
        200,
        json!({ "items": items, "next_cursor": cursor(&items, "id", entries.next().is_some()) }),
    ))
}

fn watch(exchange: &Exchange) -> Result<Reply, Reply> {
    Ok(Reply::Events(exchange.query.get("sid").map(str::to_owned)))
}

fn reset(exchange: &Exchange) -> Result<Reply, Reply> {
    exchange.shared.state().reset();
    Ok(Reply::Empty(204))
}
