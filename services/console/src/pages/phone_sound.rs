//! The sound of the telephone in the browser: a WebSocket of ours, carried on to the emulator's.

use actix_web::http::header::{HOST, ORIGIN};
use actix_web::{HttpRequest, HttpResponse, web};
use actix_ws::{Message, MessageStream, Session};
use futures::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message as Beyond;

use super::html::PageError;
use super::phone::{line, refused};
use super::session::SignedIn;
use crate::line::Sound;
use crate::state::State;

/// `/console/phone/calls/{sid}/sound`.
pub async fn open(
    request: HttpRequest,
    body: web::Payload,
    state: web::Data<State>,
    who: SignedIn,
    sid: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    // A socket carries no token of the page: the browser says which page opens it.
    if !is_of_our_page(&request) {
        return Err(PageError::Forged);
    }
    let sound = match line(&state)?.sound(&who.0.session, &sid).await {
        Ok(sound) => sound,
        Err(missing) => return Ok(refused(missing)),
    };
    let taken = actix_ws::handle(&request, body);
    let (response, session, messages) = taken.map_err(|_| {
        PageError::Invalid("This address is for a WebSocket of the telephone's.".to_owned())
    })?;
    actix_web::rt::spawn(carry(session, messages, sound));
    Ok(response)
}

/// Whether the page that opens a socket stands at the address at which it is opened.
fn is_of_our_page(request: &HttpRequest) -> bool {
    let header = |name| request.headers().get(name).and_then(|it| it.to_str().ok());
    let origin = header(ORIGIN).and_then(|origin| origin.split_once("://"));
    origin.is_some_and(|(_, host)| Some(host) == header(HOST))
}

/// Both ways, until one of them ends.
async fn carry(mut session: Session, mut messages: MessageStream, mut sound: Sound) {
    loop {
        let is_carried = tokio::select! {
            message = messages.recv() => match message {
                Some(Ok(Message::Binary(bytes))) => sound.send(Beyond::Binary(bytes)).await.is_ok(),
                Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await.is_ok(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => false,
                Some(Ok(_)) => true,
            },
            message = sound.next() => match message {
                Some(Ok(Beyond::Binary(bytes))) => session.binary(bytes).await.is_ok(),
                Some(Ok(Beyond::Text(text))) => session.text(text.as_str()).await.is_ok(),
                Some(Ok(Beyond::Close(_)) | Err(_)) | None => false,
                Some(Ok(_)) => true,
            },
        };
        if !is_carried {
            break;
        }
    }
    // Either may have gone already.
    let _ = sound.close(None).await;
    let _ = session.close(None).await;
}
