//! A WebSocket opens: verified, taken once, and held until the call is over.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, Message as Frame, MessageStream};
use api::ApiError;
use events::v1::StreamOffer;
use flow::Engine;
use metrics::counter;
use prost::Message;
use session::Config;
use tracing::warn;

use super::{State, handshake};
use crate::db::{self, BROWSER, SessionRow};
use crate::live::wire::{self, Incoming, Start};
use crate::live::{self, Call, Hearing};
use crate::recording::Track;

/// The largest message that is read; one that is longer ends the socket.
const LONGEST: usize = 256 * 1024;
/// How long a socket that names no session may take to say which call it carries.
const START: Duration = Duration::from_secs(10);

/// Takes the socket of a session that its path names: a media stream.
pub async fn open(
    req: HttpRequest,
    body: web::Payload,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Error> {
    Box::pin(open_for(Engine::Media, req, body, &path, state)).await
}

/// The same for a conversation relay.
pub async fn open_relay(
    req: HttpRequest,
    body: web::Payload,
    path: web::Path<String>,
    state: web::Data<State>,
) -> Result<HttpResponse, Error> {
    Box::pin(open_for(Engine::Relay, req, body, &path, state)).await
}

async fn open_for(
    engine: Engine,
    req: HttpRequest,
    body: web::Payload,
    path: &str,
    state: web::Data<State>,
) -> Result<HttpResponse, Error> {
    // Nothing is looked up for whoever has not even tried to sign.
    if handshake::signature(&req).is_none() {
        return refuse("missing_header");
    }
    let found = {
        let mut tx = state.teller.store.read().await.map_err(ApiError::from)?;
        db::session_find(&mut tx, path).await
    };
    let found = found.map_err(ApiError::from)?;
    let Some(row) = found.filter(|row| row.engine == engine.as_str()) else {
        counter!("streams_refused_total", "reason" => "unknown_session").increment(1);
        return Err(
            ApiError::not_found("session; its path is in the TwiML that offered it").into(),
        );
    };
    if !handshake::is_signed(&state.parts, &req, &row.account_sid).await {
        return refuse("mismatch");
    }
    take(row, req, body, &state).await
}

/// Takes the socket of a session, once.
pub(super) async fn take(
    row: SessionRow,
    req: HttpRequest,
    body: web::Payload,
    state: &State,
) -> Result<HttpResponse, Error> {
    is_open(state)?;
    let is_first = state.teller.claim(&row.id).await.map_err(ApiError::from)?;
    let (response, socket, messages) = actix_ws::handle(&req, body)?;
    if is_first {
        let call = state.call(row);
        let messages = messages.max_frame_size(LONGEST);
        actix_web::rt::spawn(live::run(call, socket, messages, None));
    } else {
        counter!("streams_refused_total", "reason" => "used").increment(1);
        // Whoever it is has seen the first handshake, or is late.
        actix_web::rt::spawn(turn_away(socket));
    }
    Ok(response)
}

/// Takes a socket whose path names no session: its `start` does, by our own parameter or by its call.
pub async fn open_unnamed(
    req: HttpRequest,
    body: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, Error> {
    if handshake::signature(&req).is_none() {
        return refuse("missing_header");
    }
    let signers = handshake::signers(&state.parts, &req);
    if signers.is_empty() {
        return refuse("mismatch");
    }
    is_open(&state)?;
    let (response, socket, messages) = actix_ws::handle(&req, body)?;
    let messages = messages.max_frame_size(LONGEST);
    actix_web::rt::spawn(adopt(state, signers, socket, messages));
    Ok(response)
}

async fn adopt(
    state: web::Data<State>,
    signers: Vec<String>,
    socket: actix_ws::Session,
    mut messages: MessageStream,
) {
    let started = tokio::time::timeout(START, start(&mut messages)).await;
    let found = match started {
        Ok(Some(start)) => claimed(&state, &signers, &start)
            .await
            .map(|row| (row, start)),
        _ => None,
    };
    match found {
        Some((row, start)) => {
            Box::pin(live::run(state.call(row), socket, messages, Some(start))).await;
        }
        None => {
            counter!("streams_refused_total", "reason" => "unknown_call").increment(1);
            warn!(
                "a stream's socket is closed: no session was offered to its call, or it was used"
            );
            turn_away(socket).await;
        }
    }
}

async fn start(messages: &mut MessageStream) -> Option<Start> {
    while let Some(Ok(message)) = messages.recv().await {
        if let Frame::Text(text) = message
            && let Ok(Incoming::Start(start)) = wire::read(&text, None)
        {
            return Some(start);
        }
    }
    None
}

async fn claimed(state: &State, signers: &[String], start: &Start) -> Option<SessionRow> {
    let row = {
        let mut tx = state.teller.store.read().await.ok()?;
        match start.session.as_str() {
            "" => db::session_latest(&mut tx, &start.call_sid).await.ok()?,
            id => db::session_find(&mut tx, id).await.ok()?,
        }
    }?;
    let is_media = row.engine == Engine::Media.as_str();
    let is_theirs =
        is_media && signers.contains(&row.account_sid) && row.call_sid == start.call_sid;
    (is_theirs && state.teller.claim(&row.id).await.ok()?).then_some(row)
}

fn refuse(reason: &'static str) -> Result<HttpResponse, Error> {
    counter!("streams_refused_total", "reason" => reason).increment(1);
    warn!(reason, "a stream's handshake is refused");
    Err(ApiError::forbidden("the handshake is not signed by the session's account").into())
}

fn is_open(state: &State) -> Result<(), ApiError> {
    if state.parts.stopping.is_cancelled() {
        return Err(ApiError::unavailable("this process; it is being stopped"));
    }
    Ok(())
}

async fn turn_away(socket: actix_ws::Session) {
    // Whoever is gone need not be told.
    let _ = socket.close(Some(CloseCode::Policy.into())).await;
}

impl State {
    fn call(&self, row: SessionRow) -> Call {
        let offer = StreamOffer::decode(row.offer.as_slice()).unwrap_or_default();
        let tenant = offer.tenant.as_ref();
        let tracks = match row.engine() {
            // Nobody has told the page's user of a recording.
            _ if row.engine == BROWSER => Vec::new(),
            Engine::Media => Track::wanted(tenant.and_then(|it| it.recording.as_ref())),
            // No sound passes here.
            Engine::Relay => Vec::new(),
        };
        let parts = &self.parts;
        let ears = self.listeners.open(&row, &parts.timeline, &parts.clock);
        let hears = match row.engine() {
            Engine::Media => self.early.take(&row.id).or_else(|| {
                let language = tenant.map_or("", |it| it.language.as_str());
                self.voice.ears(language)
            }),
            Engine::Relay => None,
        };
        Call {
            config: Config {
                supersede: row.app == "assistant",
                // Whoever listens in hears what would be recorded.
                record: true,
                ..Config::default()
            },
            offer: Arc::new(offer),
            tracks,
            recording: self.recording.clone(),
            inputs: self.inputs.clone(),
            row: Arc::new(row),
            teller: self.teller.clone(),
            hearing: Hearing::new(self.voice.clone(), hears),
            voice: self.voice.clone(),
            mind: self.mind.clone(),
            line: self.lines.open(),
            ears,
            workers: self.workers.clone(),
        }
    }
}
