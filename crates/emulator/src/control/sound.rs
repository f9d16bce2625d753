//! The sound of a live call, both ways: a WebSocket on which a page speaks into a microphone and hears what the line plays. Binary
//! messages are mu-law at 8 kHz; the text `clear` says that what was not played yet is not played any more.

use std::sync::Arc;

use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_ws::{Message, MessageStream, Session};
use tokio::sync::broadcast::error::RecvError;

use crate::call::Microphone;
use crate::http::{Access, Reply, is_authorized, refuse_stranger, render};
use crate::leg_context::LegContext;
use crate::leg_control::Earful;
use crate::state::Shared;

/// Where it is.
pub(crate) const PATH: &str = "/emulator/calls/{sid}/sound";

/// `GET /emulator/calls/{sid}/sound`.
pub(crate) async fn sound(
    request: HttpRequest,
    body: web::Payload,
    path: web::Path<String>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Error> {
    let shared = shared.into_inner();
    if !is_authorized(&shared, &request, Access::Control) {
        return Ok(render(&shared, refuse_stranger(Access::Control)));
    }
    let context = match live(&shared, &path) {
        Ok(context) => context,
        Err(refusal) => return Ok(render(&shared, refusal)),
    };
    let (response, session, messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(carry(context, session, messages));
    Ok(response)
}

/// The call, if a person at a page speaks for it.
fn live(shared: &Arc<Shared>, sid: &str) -> Result<LegContext, Reply> {
    let state = shared.state();
    let call = state.call(sid);
    let call = call
        .ok_or_else(|| Reply::control_error(404, "not_found", format!("there is no call {sid}")))?;
    if call.live.is_none() {
        let why = "a script speaks for this call; place it with live: true";
        return Err(Reply::control_error(409, "not_live", why));
    }
    if call.control.is_over() {
        return Err(Reply::control_error(409, "over", "the call is over"));
    }
    Ok(LegContext {
        shared: Arc::clone(shared),
        sid: sid.to_owned(),
        control: Arc::clone(&call.control),
    })
}

async fn carry(context: LegContext, mut session: Session, mut messages: MessageStream) {
    let mut earpiece = context.control.earpiece();
    let mut microphone = Microphone::new(&context);
    loop {
        let sent = tokio::select! {
            message = messages.recv() => match message {
                Some(Ok(Message::Binary(sound))) => {
                    microphone.hear(&sound);
                    Ok(())
                }
                Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => Ok(()),
            },
            heard = earpiece.recv() => match heard {
                Ok(Earful::Sound(sound)) => session.binary(sound).await,
                Ok(Earful::Clear) => session.text("clear").await,
                // A slow page misses some.
                Err(RecvError::Lagged(_)) => Ok(()),
                Err(RecvError::Closed) => break,
            },
            () = context.control.over() => break,
        };
        if sent.is_err() {
            break;
        }
    }
    microphone.stop();
    // Whoever has gone does not read this any more.
    let _ = session.close(None).await;
}
