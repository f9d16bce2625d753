//! A telephone in the browser, where Twilio is the emulator.

use actix_web::{HttpResponse, ResponseError, web};
use api::ApiError;
use askama::Template;
use futures::TryStreamExt;
use serde_json::{Value, json};

use super::assets::MICROPHONE;
use super::html::{PageError, Shell, page};
use super::session::{Sent, SignedIn};
use super::shapes::{List, Number};
use crate::api::{Missing, segment};
use crate::line::Line;
use crate::operator::Operator;
use crate::state::State;

/// The number that the browser calls from.
pub const CALLER: &str = "+15550109999";

#[derive(Template)]
#[template(path = "phone.html")]
struct PhonePage {
    shell: Shell,
    emulated: bool,
    numbers: Vec<Number>,
    first: String,
    from: &'static str,
    worklet: &'static str,
}

/// `/console/phone`.
pub async fn show(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, PageError> {
    let numbers = state
        .api
        .get::<List<Number>>(&who.0, "/phone-numbers/?limit=100")
        .await;
    let mut shell = Shell::new(&who.0, "phone", "Phone");
    let numbers = shell.or_missing("Numbers", numbers).items;
    let first = numbers.iter().find_map(|it| it.number.clone());
    page(&PhonePage {
        shell,
        emulated: state.emulated(),
        first: first.unwrap_or_default(),
        numbers,
        from: CALLER,
        worklet: &MICROPHONE.path,
    })
}

pub(super) fn line(state: &State) -> Result<&Line, PageError> {
    state.line.as_ref().ok_or(PageError::NotFound)
}

/// A refusal as the script reads it.
pub(super) fn refused(missing: Missing) -> HttpResponse {
    let error = match missing {
        Missing::NotFound => ApiError::not_found("call or number"),
        Missing::Refused(_, why) => ApiError::conflict("refused", why),
        Missing::Away => ApiError::unavailable("the emulator"),
    };
    error.error_response()
}

/// `POST /console/phone/calls`: calls one of the operator's numbers.
pub async fn call(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_write() {
        return Err(PageError::Forbidden);
    }
    let line = line(&state)?;
    let number = sent.field("number");
    if let Err(missing) = is_ours(&state, operator, number).await {
        return Ok(refused(missing));
    }
    Ok(match line.call(&operator.session, CALLER, number).await {
        Ok(sid) => HttpResponse::Created().json(json!({ "id": sid, "call_sid": sid })),
        Err(missing) => refused(missing),
    })
}

/// Whether a number is one of the operator's: another tenant's number is none.
async fn is_ours(state: &State, operator: &Operator, number: &str) -> Result<(), Missing> {
    let path = format!("/phone-numbers/lookup/{}", segment(number));
    state.api.get::<Value>(operator, &path).await.map(|_| ())
}

/// `POST /console/phone/texts`: texts one of the operator's numbers.
pub async fn text(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_write() {
        return Err(PageError::Forbidden);
    }
    let line = line(&state)?;
    let (number, body) = (sent.field("number"), sent.field("text"));
    if body.is_empty() || body.len() > 1600 {
        return Err(PageError::Invalid(
            "Write a text of 1,600 letters at most.".to_owned(),
        ));
    }
    let done = match is_ours(&state, operator, number).await {
        Ok(()) => line.text(CALLER, number, body).await,
        Err(missing) => Err(missing),
    };
    Ok(match done {
        Ok(()) => HttpResponse::Accepted().json(json!({ "id": number })),
        Err(missing) => refused(missing),
    })
}

/// `POST /console/phone/calls/{sid}/steps`: `press`, `say`, `text` or `hang_up`.
pub async fn step(
    state: web::Data<State>,
    sent: Sent,
    sid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = line(&state)?;
    let wish = ["press", "say", "text", "hang_up"]
        .into_iter()
        .find(|name| !sent.field(name).is_empty());
    let value = sent.field(wish.unwrap_or_default());
    let step = match wish {
        Some("press") if value.len() <= 32 && value.chars().all(is_key) => {
            json!({ "press": value })
        }
        Some("say") if value.len() <= 2000 => json!({ "speak": { "text": value } }),
        Some("text") if value.len() <= 1600 => json!({ "text": value }),
        Some("hang_up") => json!({ "hang_up": {} }),
        _ => {
            return Err(PageError::Invalid(
                "Press a key, say or text something, or hang up.".to_owned(),
            ));
        }
    };
    let done = line.step(&sent.operator.session, &sid, &step).await;
    Ok(match done {
        Ok(()) => HttpResponse::Accepted().json(json!({ "id": *sid })),
        Err(missing) => refused(missing),
    })
}

fn is_key(key: char) -> bool {
    key.is_ascii_digit() || key == '*' || key == '#'
}

/// `/console/phone/calls/{sid}/events`: what the line says, and what happens behind it.
pub async fn follow(
    state: web::Data<State>,
    who: SignedIn,
    sid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let line = line(&state)?;
    Ok(match line.follow(&who.0.session, &sid).await {
        Ok(events) => HttpResponse::Ok()
            .content_type("text/event-stream")
            .insert_header(("cache-control", "no-store"))
            .streaming(events.bytes_stream().map_err(std::io::Error::other)),
        Err(missing) => refused(missing),
    })
}
