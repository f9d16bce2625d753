//! Writing to a customer.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use events::Envelope;
use role::http::{ApiError, Caller, idempotency_key};
use role::{derive_id, telemetry};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use super::conversations::find;
use crate::app::human::{self, Text, Written};
use crate::app::template::LONGEST;

/// The most pictures that Twilio takes with a message.
const MOST_MEDIA: usize = 10;

/// A person's message.
#[derive(Debug, Deserialize, JsonSchema)]
pub struct New {
    /// 1 to 1600 characters.
    body: String,
    /// Public addresses for Twilio to fetch, at most ten.
    #[serde(default)]
    media_urls: Vec<String>,
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
    new: Json<New>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    check(&new)?;
    let key = idempotency_key(&request)?;
    let id = key.map_or_else(
        || state.clock.id(),
        |key| derive_id(&["human", &thread, &caller.name, key]),
    );
    let New { body, media_urls } = new.into_inner();
    accept(
        &state,
        &caller,
        &thread,
        &Text {
            id: id.clone(),
            body,
            media_urls,
        },
    )
    .await?;
    Ok(HttpResponse::Created().json(Created { id }))
}

/// Writes the message and lets it leave, unless it left before.
async fn accept(state: &State, caller: &Caller, thread: &str, text: &Text) -> Result<(), ApiError> {
    let (thread, _) = find(&mut state.store.read().await?, caller, thread).await?;
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let refused = match human::write(&mut tx, now, &thread, text).await? {
        Written::New(send) => {
            let mut envelope = Envelope::at("trunkline/dispatch", text.id.clone(), now, &*send)
                .tenant(&thread.tenant_id)
                .key(&thread.id);
            envelope.traceparent = telemetry::traceparent();
            let leaving = vec![envelope];
            state.relay.put(&mut tx, now, &leaving).await?;
            tx.commit().await?;
            state.relay.leave(leaving);
            return Ok(());
        }
        Written::Before => Ok(()),
        Written::Different => Err(ApiError::conflict(
            "idempotency_key_reused",
            "another message was sent with this Idempotency-Key; make a new one up",
        )),
        Written::OptedOut => Err(ApiError::conflict(
            "opted_out",
            "this customer has opted out; he gets texts again when he writes START",
        )),
    };
    tx.rollback().await?;
    refused
}

fn check(new: &New) -> Result<(), ApiError> {
    if new.body.trim().is_empty() {
        return Err(ApiError::invalid("body", "is empty; write something"));
    }
    let length = new.body.chars().count();
    if length > LONGEST {
        let message = format!("has {length} characters; Twilio takes {LONGEST}");
        return Err(ApiError::invalid("body", message));
    }
    let public = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    if new.media_urls.len() > MOST_MEDIA || !new.media_urls.iter().all(public) {
        return Err(ApiError::invalid(
            "media_urls",
            "send at most 10 web addresses",
        ));
    }
    Ok(())
}
