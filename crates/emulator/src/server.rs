//! The emulator's own HTTP server: every request takes one way through the tables of both faces.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Server;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};

use crate::control;
use crate::faults::ApiFault;
use crate::http::{
    Endpoint, Exchange, Fields, Found, Reply, find, is_authorized, refuse_stranger, render,
};
use crate::log::{Direction, Entry};
use crate::rest;
use crate::state::Shared;

/// The largest body: a control request may carry a picture.
const LARGEST: usize = 8 * 1024 * 1024;

/// The server, listening; it runs when it is awaited.
pub(crate) fn serve(shared: Arc<Shared>, listener: TcpListener) -> io::Result<Server> {
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::from(Arc::clone(&shared)))
            .app_data(web::PayloadConfig::new(LARGEST))
            .route(control::SOUND, web::get().to(control::sound))
            .default_service(web::to(any))
    })
    .workers(2)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)?;
    Ok(server.run())
}

async fn any(request: HttpRequest, shared: web::Data<Shared>, body: Bytes) -> HttpResponse {
    let shared = shared.into_inner();
    let reply = answer(&shared, &request, body);
    render(&shared, reply)
}

fn answer(shared: &Arc<Shared>, request: &HttpRequest, body: Bytes) -> Reply {
    let began = Instant::now();
    let (method, path) = (request.method().as_str(), request.path());
    let mut exchange = Exchange {
        shared: Arc::clone(shared),
        path: path.to_owned(),
        query: Fields::parse(request.query_string().as_bytes()),
        form: Fields::default(),
        body,
        vars: Vec::new(),
    };
    let reply = match find(&[rest::ENDPOINTS, control::ENDPOINTS], method, path) {
        Found::WrongMethod => Reply::refused(405, 20004, "Method not allowed"),
        Found::Nothing => missing(path),
        Found::Endpoint(endpoint, vars) => {
            exchange.vars = vars;
            if !is_authorized(shared, request, endpoint.access) {
                refuse_stranger(endpoint.access)
            } else if endpoint.access.is_api() {
                exchange.form = Fields::parse(&exchange.body);
                rest(&exchange, endpoint, method)
            } else {
                (endpoint.handler)(&exchange).unwrap_or_else(|refusal| refusal)
            }
        }
    };
    if !path.starts_with("/emulator") {
        let entry = Entry {
            method: method.to_owned(),
            url: request.uri().to_string(),
            params: exchange.form.0,
            took_ms: began.elapsed().as_millis() as u64,
            ..Entry::new(Direction::In, "rest")
        };
        shared.state().record(logged(entry, &reply));
    }
    reply
}

fn missing(path: &str) -> Reply {
    let message = format!("The requested resource {path} was not found");
    Reply::refused(404, 20404, message)
}

/// A request to the API, which a fault may befall.
fn rest(exchange: &Exchange, endpoint: &Endpoint, method: &str) -> Reply {
    let fault = exchange
        .shared
        .state()
        .faults
        .take_api(method, &exchange.path);
    match &fault {
        Some(fault) => failing(fault, endpoint, exchange),
        None => ours(exchange, endpoint),
    }
}

fn ours(exchange: &Exchange, endpoint: &Endpoint) -> Reply {
    if exchange.var("account") != exchange.shared.account.sid {
        return missing(&exchange.path);
    }
    (endpoint.handler)(exchange).unwrap_or_else(|refusal| refusal)
}

/// An answer that was asked for by `POST /emulator/faults`.
fn failing(fault: &ApiFault, endpoint: &Endpoint, exchange: &Exchange) -> Reply {
    if fault.after_effect {
        // The effect stays; its answer is lost.
        let _ = ours(exchange, endpoint);
    }
    if fault.status == 0 {
        return Reply::Dropped;
    }
    let code = fault.code.unwrap_or(match fault.status {
        401 => 20003,
        404 => 20404,
        429 => 20429,
        status => 20000 + u32::from(status),
    });
    Reply::Refusal {
        status: fault.status,
        code,
        message: "Asked for by a fault of the emulator".to_owned(),
        retry_after_s: fault.retry_after_s,
    }
}

fn logged(mut entry: Entry, reply: &Reply) -> Entry {
    entry.status = match reply {
        Reply::Json(status, _) | Reply::Empty(status) => Some(*status),
        Reply::Refusal { status, .. } => Some(*status),
        Reply::Redirect(_) => Some(307),
        Reply::Bytes(..) | Reply::Events(_) => Some(200),
        Reply::Dropped => None,
    };
    match reply {
        Reply::Refusal { code, message, .. } => entry.failed(*code, message.clone()),
        Reply::Dropped => Entry {
            error: Some("the connection was closed without an answer".to_owned()),
            ..entry
        },
        _ => entry,
    }
}
