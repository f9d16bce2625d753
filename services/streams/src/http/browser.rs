//! A call from a page: an assistant's, without a telephone. The page speaks the messages of Media Streams.

use std::time::Duration;

use actix_web::{Error, HttpRequest, HttpResponse, web};
use api::{ApiError, Body, Caller};
use events::Envelope;
use events::v1::{ResolveQuery, Resolved, StreamOffer, TenantContext, VoiceParameters};
use prost::Message;
use role::{call_id, derive_id};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{State, socket};
use crate::db::{self, BROWSER, SessionRow};

/// How long a path may be used.
const VALID: Duration = Duration::from_secs(60);
/// How long tenants may take to say whose a number is.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom the page wants to talk to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// E.164: a number with an assistant.
    number: String,
}

/// Where the page connects.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Offered {
    id: String,
    /// By which `GET /api/streams/calls/{call_id}` knows it: `BR` and the id.
    call_sid: String,
    /// Of the WebSocket; it works once.
    path: String,
    expires_in_s: u64,
}

pub(super) async fn offer(
    state: web::Data<State>,
    caller: Caller,
    Body(Wish { number }): Body<Wish>,
) -> Result<HttpResponse, ApiError> {
    let tenant = resolved(&state, &number).await?;
    let tenant = tenant.filter(|it| caller.may_see(&it.tenant_id));
    let tenant = tenant.ok_or_else(|| ApiError::not_found("number"))?;
    let app = tenant.number.as_ref().map_or("", |it| it.voice.as_str());
    let (app, flow) = app.split_once(':').unwrap_or((app, ""));
    if app != "assistant" {
        return Err(ApiError::conflict(
            "no_assistant",
            "a page can call numbers with `voice: assistant:NAME`; this one has another app",
        ));
    }
    let clock = &state.teller.clock;
    // Nobody can guess it.
    let secret = state.mind.secrets.of(&tenant.tenant_id);
    let id = derive_id(&["browser", &secret, &clock.id()]);
    let flow = flow.to_owned();
    let language = tenant.language.clone();
    let row = session(&id, &flow, tenant, &number, clock.now());
    let mut tx = state.teller.store.begin().await?;
    db::session_insert(&mut tx, &row).await?;
    tx.commit().await?;
    state.early.open(&row.id, &language, true);
    Ok(HttpResponse::Created().json(Offered {
        path: format!("/ws/browser/{id}"),
        call_sid: row.call_sid,
        id,
        expires_in_s: VALID.as_secs(),
    }))
}

fn session(
    id: &str,
    flow: &str,
    tenant: TenantContext,
    number: &str,
    now: clock::Time,
) -> SessionRow {
    let call_sid = format!("BR{id}");
    let voice = VoiceParameters {
        call_sid: call_sid.clone(),
        from: "client:browser".to_owned(),
        to: number.to_owned(),
        direction: "inbound".to_owned(),
        ..VoiceParameters::default()
    };
    let (tenant_id, account_sid) = (tenant.tenant_id.clone(), tenant.account_sid.clone());
    let offer = StreamOffer {
        tenant: Some(tenant),
        voice: Some(voice),
        origin: BROWSER.to_owned(),
        flow: None,
    };
    SessionRow {
        id: id.to_owned(),
        tenant_id,
        account_sid,
        call_id: call_id(&call_sid),
        call_sid,
        app: "assistant".to_owned(),
        flow: flow.to_owned(),
        attempt: 1,
        engine: BROWSER.to_owned(),
        offer: offer.encode_to_vec(),
        status: "offered".to_owned(),
        reason: String::new(),
        stream_sid: String::new(),
        interview_id: String::new(),
        target: String::new(),
        state: String::new(),
        whisper: String::new(),
        result: String::new(),
        offered_at: now.into(),
        started_at: None,
        ended_at: None,
        dialled_at: None,
        taken_at: None,
        inputs_key: String::new(),
        inputs_until: None,
        process: String::new(),
    }
}

async fn resolved(state: &State, number: &str) -> Result<Option<TenantContext>, ApiError> {
    let query = ResolveQuery {
        number: number.to_owned(),
    };
    let query = Envelope::new("trunkline/streams", &state.teller.clock, &query);
    let reply = state.teller.bus.request(query, PATIENCE).await?;
    let resolved = reply.decode::<Resolved>().unwrap_or_default();
    Ok(resolved.tenant.filter(|_| resolved.active))
}

/// Takes the page's socket.
pub(super) async fn open(
    req: HttpRequest,
    body: web::Payload,
    caller: Caller,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Error> {
    let found = {
        let mut tx = state.teller.store.read().await.map_err(ApiError::from)?;
        db::session_find(&mut tx, &path).await
    };
    let now = state.teller.clock.now();
    let is_good = |row: &SessionRow| {
        let age = (now - row.offered_at.0).to_std().unwrap_or_default();
        row.engine == BROWSER && age <= VALID && caller.may_see(&row.tenant_id)
    };
    let found = found.map_err(ApiError::from)?.filter(is_good);
    let row = found.ok_or_else(|| ApiError::not_found("call; ask for a new one"))?;
    Box::pin(socket::take(row, req, body, &state)).await
}
