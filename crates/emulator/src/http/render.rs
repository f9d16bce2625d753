//! An answer of the table, as actix sends it.

use std::io;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::web::Bytes;
use futures::stream;
use serde_json::json;

use crate::http::Reply;
use crate::http::events::events;
use crate::state::Shared;

/// Makes the response; the watch of [`Reply::Events`] begins here.
pub(crate) fn render(shared: &Arc<Shared>, reply: Reply) -> HttpResponse {
    let status =
        |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match reply {
        Reply::Json(code, body) => {
            let mut builder = HttpResponse::build(status(code));
            if code == 401 {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"emulator\""));
            }
            builder.json(body)
        }
        Reply::Refusal {
            status: http,
            code,
            message,
            retry_after_s,
        } => {
            let mut builder = HttpResponse::build(status(http));
            if http == 401 {
                builder.insert_header((WWW_AUTHENTICATE, "Basic realm=\"Twilio API\""));
            }
            if let Some(seconds) = retry_after_s {
                builder.insert_header((RETRY_AFTER, seconds));
            }
            builder.json(json!({
                "code": code,
                "message": message,
                "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
                "status": http,
            }))
        }
        Reply::Empty(code) => HttpResponse::build(status(code)).finish(),
        Reply::Redirect(to) => HttpResponse::TemporaryRedirect()
            .insert_header(("Location", to))
            .finish(),
        Reply::Bytes(content_type, data) => {
            HttpResponse::Ok().content_type(content_type).body(data)
        }
        Reply::Events(sid) => HttpResponse::Ok()
            .content_type("text/event-stream")
            .insert_header(("Cache-Control", "no-cache"))
            .streaming(events(Arc::clone(shared), sid)),
        // A body that fails at once takes the connection with it before anything is written.
        Reply::Dropped => HttpResponse::Ok().streaming(stream::once(async {
            Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted))
        })),
    }
}
