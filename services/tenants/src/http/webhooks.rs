//! What numbers have at Twilio, and setting it.

use actix_web::web::{Data, Json, Path};
use api::{ApiError, Caller, Query};
use phone::E164;
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use super::numbers::{Which, known, page_of};
use crate::effects::webhooks::Health;

/// A page of numbers with what they have at Twilio.
#[derive(Serialize, JsonSchema)]
pub(super) struct AllWebhooks {
    /// Numbers in use: others are left out, so that a page may be shorter than its limit.
    items: Vec<WebhooksView>,
    next_cursor: Option<String>,
}

/// What a number has at Twilio.
#[derive(Serialize, JsonSchema)]
pub(super) struct WebhooksView {
    id: String,
    #[schemars(with = "Option<String>")]
    number: Option<E164>,
    tenant_id: String,
    /// `ok`, `wrong`, `absent` (it is not in its account), or `unknown`: Twilio was not asked or did not answer.
    state: &'static str,
    /// What is wrong, in words.
    wrong: Vec<String>,
    /// Why it is unknown.
    reason: Option<String>,
    /// What it must have; null where that is not known.
    expected: Option<Addresses>,
    /// What it has; null where that is not known.
    actual: Option<Addresses>,
}

/// Where Twilio calls.
#[derive(Serialize, JsonSchema)]
struct Addresses {
    voice_url: String,
    status_callback: String,
    sms_url: String,
}

impl WebhooksView {
    fn of(health: Health) -> Self {
        let state = match &health.there {
            None => "unknown",
            Some(there) if !there.found => "absent",
            Some(there) if there.wrong.is_empty() => "ok",
            Some(_) => "wrong",
        };
        let [voice_url, status_callback, sms_url] = health.expected;
        let expected = Addresses {
            voice_url,
            status_callback,
            sms_url,
        };
        let actual = health.there.as_ref().filter(|it| it.found);
        Self {
            id: health.number.id,
            number: health.number.number,
            tenant_id: health.number.tenant_id,
            state,
            reason: Some(health.reason).filter(|it| !it.is_empty()),
            expected: Some(expected).filter(|it| !it.voice_url.is_empty()),
            actual: actual.map(|it| Addresses {
                voice_url: it.voice_url.clone(),
                status_callback: it.status_callback.clone(),
                sms_url: it.sms_url.clone(),
            }),
            wrong: health.there.map(|it| it.wrong).unwrap_or_default(),
        }
    }
}

pub(super) async fn list(
    state: Data<State>,
    caller: Caller,
    which: Query<Which>,
) -> Result<Json<AllWebhooks>, ApiError> {
    let (numbers, next_cursor) = page_of(&state, &caller, which.into_inner()).await?;
    let health = state.provision.health(numbers).await?;
    let items = health.into_iter().map(WebhooksView::of).collect();
    Ok(Json(AllWebhooks { items, next_cursor }))
}

pub(super) async fn set(
    state: Data<State>,
    caller: Caller,
    id: Path<String>,
) -> Result<Json<WebhooksView>, ApiError> {
    let bound = caller.tenant.as_deref();
    let health = state.provision.point(known(&id)?, bound).await?;
    Ok(Json(WebhooksView::of(health)))
}
