//! What operators do with a call that goes on: hang it up, pass it on to another phone.

use actix_web::{HttpResponse, web};
use api::{ApiError, Body, Caller};
use events::v1::{CallHangUp, CallRedirect};
use events::{Envelope, Event};
use phone::E164;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::types::Json;
use twiml::{Dial, Number, Response};

use super::State;
use crate::app::state;
use crate::db::{self, CallRow, LineRow};

const SOURCE: &str = "trunkline/calls";
/// How long the phone rings that a call is passed on to.
const RINGS_S: u32 = 25;

/// Where a call goes on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The phone that rings, E.164.
    to: String,
}

/// What was ordered. It is done a moment later; the call's timeline tells.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Ordered {
    id: String,
    call_sid: String,
    /// `hanging_up` or `transferring`.
    status: &'static str,
}

/// `POST /calls/{id}/hang-up`.
pub async fn hang_up(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let order = |row: &CallRow| {
        let command = CallHangUp {
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            reason: "operator".to_owned(),
        };
        let detail = json!({ "what": "an operator hangs up" });
        (command, detail)
    };
    let row = ordered(&state, &caller, &id, order).await?;
    Ok(accepted(row, "hanging_up"))
}

/// `POST /calls/{id}/transfer`.
pub async fn transfer(
    state: web::Data<State>,
    caller: Caller,
    id: web::Path<String>,
    Body(body): Body<Transfer>,
) -> Result<HttpResponse, ApiError> {
    let to = E164::parse(body.to.trim())
        .map_err(|_| ApiError::invalid("to", "must be a phone number such as +15550100002"))?;
    let allowed = |list: &std::collections::HashSet<E164>| list.contains(&to);
    if !state.whitelist.as_ref().is_none_or(allowed) {
        return Err(ApiError::conflict(
            "not_whitelisted",
            "WHITELISTED_NUMBERS does not have this number, so nothing is begun to it",
        ));
    }
    let public_url = state.public_url.clone();
    let document = |sid: &str| {
        let action = format!("{public_url}/webhooks/twilio/call/status/{sid}");
        let dial = Dial::new()
            .timeout(RINGS_S)
            .action(action)
            .method(twiml::Method::Post)
            .number(Number::new(to.as_str()));
        Response::new().dial(dial).to_xml()
    };
    let order = |row: &CallRow| {
        let command = CallRedirect {
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            twiml: document(&row.call_sid).unwrap_or_default(),
            ..CallRedirect::default()
        };
        let detail = json!({ "what": "an operator passes the call on", "to": to.as_str() });
        (command, detail)
    };
    let row = ordered(&state, &caller, &id, order).await?;
    Ok(accepted(row, "transferring"))
}

/// Writes the order on the call's timeline and lets its command leave, both or neither.
async fn ordered<E: Event>(
    state: &State,
    caller: &Caller,
    id: &str,
    order: impl FnOnce(&CallRow) -> (E, Value),
) -> Result<CallRow, ApiError> {
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    let found = super::find(&mut tx, caller, id).await;
    let row = match found {
        Ok(row) if is_live(&row) => row,
        Ok(_) => {
            tx.rollback().await?;
            return Err(ApiError::conflict(
                "call_over",
                "the call is over, or Twilio does not know it: there is nothing to change",
            ));
        }
        Err(error) => {
            tx.rollback().await?;
            return Err(error);
        }
    };
    let (command, mut detail) = order(&row);
    detail["by"] = json!(caller.name);
    let mut envelope = Envelope::at(SOURCE, state.clock.id(), now, &command)
        .tenant(&row.tenant_id)
        .key(&row.call_sid);
    envelope.traceparent = telemetry::traceparent();
    let line = LineRow {
        id: format!("{}.00", envelope.id),
        call_sid: row.call_sid.clone(),
        at: now.into(),
        kind: "event".to_owned(),
        detail: Json(detail),
    };
    let leaving = vec![envelope];
    db::line_add(&mut tx, line).await?;
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    Ok(row)
}

/// Whether the call goes on at Twilio.
fn is_live(row: &CallRow) -> bool {
    row.ended_at.is_none() && !row.elsewhere && !state::is_final(&row.status)
}

fn accepted(row: CallRow, status: &'static str) -> HttpResponse {
    HttpResponse::Accepted().json(Ordered {
        id: row.id,
        call_sid: row.call_sid,
        status,
    })
}
