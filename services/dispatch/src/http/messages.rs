//! Writing to a customer.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller, idempotency_key};
use phrases::template::LONGEST_MESSAGE;
use role::derive_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::conversations::find;
use crate::app::human::{self, Text, Written};

/// The most pictures that Twilio takes with a message.
const MOST_MEDIA: usize = 10;

/// An operator's message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct New {
    /// 1 to 1600 characters.
    body: String,
    /// Public addresses for Twilio to fetch, at most ten.
    #[serde(default)]
    media_urls: Vec<String>,
}

/// An operator's answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// 1 to 1600 characters.
    message: String,
    /// Whether the operator answers from now on; yes unless said.
    #[serde(default = "yes", rename = "takeOverFromAI")]
    take_over_from_ai: bool,
}

fn yes() -> bool {
    true
}

/// A message that is on its way.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Created {
    id: String,
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    thread: Path<String>,
    Body(new): Body<New>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let New { body, media_urls } = new;
    check("body", &body, &media_urls)?;
    send(&state, &caller, &thread, &request, body, media_urls, true).await
}

pub(super) async fn reply(
    state: Data<State>,
    caller: Caller,
    thread: Path<String>,
    Body(reply): Body<Reply>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Reply {
        message,
        take_over_from_ai,
    } = reply;
    check("message", &message, &[])?;
    send(
        &state,
        &caller,
        &thread,
        &request,
        message,
        Vec::new(),
        take_over_from_ai,
    )
    .await
}

async fn send(
    state: &State,
    caller: &Caller,
    thread: &str,
    request: &HttpRequest,
    body: String,
    media_urls: Vec<String>,
    takes_over: bool,
) -> Result<HttpResponse, ApiError> {
    let key = idempotency_key(request)?;
    let id = key.map_or_else(
        || state.clock.id(),
        |key| derive_id(&["human", thread, &caller.name, key]),
    );
    let text = Text {
        id: id.clone(),
        body,
        media_urls,
        takes_over,
    };
    accept(state, caller, thread, &text).await?;
    Ok(HttpResponse::Created().json(Created { id }))
}

/// Writes the message and lets it leave, unless it left before.
async fn accept(state: &State, caller: &Caller, thread: &str, text: &Text) -> Result<(), ApiError> {
    let (thread, _) = find(&mut state.store.read().await?, caller, thread).await?;
    if state.directory.entry(&thread.customer).is_some() {
        return Err(ApiError::conflict(
            "own_number",
            "this is a number of this platform; its texts would answer each other for ever",
        ));
    }
    let mut tx = state.store.begin().await?;
    let refused = match human::write(&mut tx, state.clock.now(), &thread, text).await? {
        Written::New(follow) => return state.conclude(tx, &text.id, follow).await,
        Written::Before => Ok(()),
        Written::Different => Err(ApiError::conflict(
            "idempotency_key_reused",
            "another message was sent with this Idempotency-Key; make a new one up",
        )),
        Written::OptedOut => Err(ApiError::conflict(
            "opted_out",
            "this customer has opted out, and gets texts again after writing START",
        )),
        Written::NotANumber => Err(ApiError::conflict(
            "not_a_phone_number",
            "this customer is a short code or writes on another channel; only telephone numbers are texted",
        )),
        Written::CannotBeTexted(code) => Err(ApiError::conflict(
            "cannot_be_texted",
            format!("Twilio said that this number takes no texts (code {code}); call instead"),
        )),
    };
    tx.rollback().await?;
    refused
}

fn check(field: &str, body: &str, media_urls: &[String]) -> Result<(), ApiError> {
    if body.trim().is_empty() {
        return Err(ApiError::invalid(field, "is empty; write something"));
    }
    let length = body.chars().count();
    if length > LONGEST_MESSAGE {
        let message = format!("has {length} characters; Twilio takes {LONGEST_MESSAGE}");
        return Err(ApiError::invalid(field, message));
    }
    let public = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    if media_urls.len() > MOST_MEDIA || !media_urls.iter().all(public) {
        return Err(ApiError::invalid(
            "media_urls",
            "send at most 10 web addresses",
        ));
    }
    Ok(())
}
