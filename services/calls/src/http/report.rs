//! Calls that came in at another front door.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use api::{ApiError, Body, Caller};
use events::v1::{
    DialFinished, DialResult, ResolveQuery, Resolved, TenantContext, TwimlReply, VoiceInbound,
    VoiceParameters,
};
use events::{Envelope, Event};
use phone::E164;
use role::{call_id, derive_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::State;
use crate::db;

const SOURCE: &str = "trunkline/calls";
/// The voice app of numbers whose calls ring a callee's phone; the callee may miss them.
const FORWARD: &str = "forward";

/// A call that came in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Incoming {
    /// Twilio's id, or one of the other platform's; the same call has the same.
    pub call_sid: String,
    /// The caller: E.164, or whatever the carrier said.
    pub from: String,
    /// The business's number, E.164.
    pub to: String,
}

/// A call that was missed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Missed {
    /// As in `/calls/incoming`.
    pub call_sid: String,
    /// The caller.
    pub from: String,
    /// The business's number, E.164.
    pub to: String,
    /// `no-answer` unless said: `busy`, `failed` or `canceled`.
    pub status: Option<String>,
}

/// It is taken.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// The call's id, for `GET /calls/{id}`.
    pub id: String,
    /// As it was given.
    pub call_sid: String,
    /// For a call that came in: the TwiML of the number's voice app.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub twiml: Option<String>,
}

pub async fn incoming(
    state: web::Data<State>,
    caller: Caller,
    Body(body): Body<Incoming>,
) -> Result<HttpResponse, ApiError> {
    let tenant = resolve(&state, &caller, &body.call_sid, &body.to).await?;
    let app = app_of(&tenant)?;
    let voice = Some(voice(&body.call_sid, &body.from, &body.to, "ringing"));
    let event = VoiceInbound {
        tenant: Some(tenant.clone()),
        voice,
        origin: "api".to_owned(),
    };
    let mut envelope = envelope(&state, "incoming", &body.call_sid, &tenant, &event);
    envelope.kind = format!("{}.{app}", VoiceInbound::TYPE);
    let reply = state.bus.request(envelope, Duration::from_secs(5)).await;
    let reply = reply.map_err(|error| match error {
        bus::Error::Unroutable(_) => ApiError::conflict(
            "no_consumer",
            format!("no role answers calls for numbers with voice {app}; start one, or give the number another voice"),
        ),
        other => other.into(),
    })?;
    let twiml = reply.decode::<TwimlReply>().ok().map(|reply| reply.xml);
    Ok(HttpResponse::Accepted().json(accepted(&body.call_sid, twiml)))
}

pub async fn missed(
    state: web::Data<State>,
    caller: Caller,
    Body(body): Body<Missed>,
) -> Result<HttpResponse, ApiError> {
    let status = body.status.as_deref().unwrap_or("no-answer");
    if !matches!(status, "no-answer" | "busy" | "failed" | "canceled") {
        return Err(ApiError::invalid(
            "status",
            "must be no-answer, busy, failed or canceled",
        ));
    }
    let tenant = resolve(&state, &caller, &body.call_sid, &body.to).await?;
    let app = app_of(&tenant)?;
    if app != FORWARD {
        return Err(ApiError::conflict(
            "answers_itself",
            format!(
                "calls to this number are answered by its voice app {app} and nobody is texted; only numbers with voice {FORWARD} have missed calls"
            ),
        ));
    }
    let voice = Some(voice(&body.call_sid, &body.from, &body.to, "in-progress"));
    let dial = Some(DialResult {
        status: status.to_owned(),
        ..Default::default()
    });
    let event = DialFinished {
        tenant: Some(tenant.clone()),
        voice,
        dial,
    };
    state
        .bus
        .publish(&envelope(&state, "missed", &body.call_sid, &tenant, &event))
        .await?;
    Ok(HttpResponse::Accepted().json(accepted(&body.call_sid, None)))
}

fn accepted(call_sid: &str, twiml: Option<String>) -> Accepted {
    Accepted {
        id: call_id(call_sid),
        call_sid: call_sid.to_owned(),
        twiml,
    }
}

fn voice(call_sid: &str, from: &str, to: &str, status: &str) -> VoiceParameters {
    VoiceParameters {
        call_sid: call_sid.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        call_status: status.to_owned(),
        direction: "inbound".to_owned(),
        ..Default::default()
    }
}

/// Who answers calls to the number, as its `voice` says; what stands behind the colon is the flow.
fn app_of(tenant: &TenantContext) -> Result<&str, ApiError> {
    let voice = tenant.number.as_ref().map_or("", |it| it.voice.as_str());
    match voice.split(':').next().unwrap_or_default() {
        "" | "none" => Err(ApiError::conflict(
            "no_app",
            "nobody takes calls to this number: its voice is none; give it another, such as forward",
        )),
        app => Ok(app),
    }
}

/// A report that is sent twice is one event.
fn envelope<E: Event>(
    state: &State,
    what: &str,
    call_sid: &str,
    tenant: &TenantContext,
    event: &E,
) -> Envelope {
    let id = derive_id(&["report", what, &tenant.tenant_id, call_sid]);
    Envelope::at(SOURCE, id, state.clock.now(), event)
        .tenant(&tenant.tenant_id)
        .key(call_sid)
}

async fn resolve(
    state: &State,
    caller: &Caller,
    call_sid: &str,
    to: &str,
) -> Result<TenantContext, ApiError> {
    if call_sid.is_empty()
        || call_sid.len() > 64
        || !call_sid
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-')
    {
        return Err(ApiError::invalid(
            "call_sid",
            "must be 1 to 64 letters, digits or dashes",
        ));
    }
    let number: E164 = to
        .parse()
        .map_err(|_| ApiError::invalid("to", "is not an E.164 number; write +15550100001"))?;
    let query = Envelope::new(
        SOURCE,
        &state.clock,
        &ResolveQuery {
            number: number.to_string(),
        },
    );
    let reply = state.bus.request(query, Duration::from_secs(3)).await?;
    let resolved: Resolved = reply
        .decode()
        .map_err(|_| ApiError::unavailable("the role tenants"))?;
    let tenant = resolved
        .tenant
        .filter(|tenant| caller.may_see(&tenant.tenant_id));
    let tenant =
        tenant.ok_or_else(|| ApiError::invalid("to", "is not a number of any of your tenants"))?;
    // Another tenant's call is not theirs to report on.
    let mut tx = state.store.read().await?;
    let known = db::call_find(&mut tx, call_sid).await?;
    if known.is_some_and(|row| row.call_sid != call_sid || row.tenant_id != tenant.tenant_id) {
        return Err(ApiError::invalid("call_sid", "belongs to another call"));
    }
    if !resolved.active {
        return Err(ApiError::conflict(
            "inactive",
            "the number or its tenant is not active",
        ));
    }
    Ok(tenant)
}
