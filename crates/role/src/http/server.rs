//! The HTTP server: one port for all routes of this process.

use std::io;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer};
use metrics::{counter, histogram};

use super::access::guard;
use super::{Access, ApiError, KeyStore, Method, Route, Table, openapi, operate};
use crate::health::Health;
use crate::telemetry;

/// The largest JSON body that an API route takes.
const JSON_LIMIT: usize = 1 << 20;

/// What a role brings to the server: its routes, and the state that its handlers take.
#[derive(Clone)]
pub struct HttpPart {
    /// The role's table.
    pub routes: &'static [Route],
    /// Puts the handlers' `web::Data` in place.
    pub data: Arc<dyn Fn(&mut ServiceConfig) + Send + Sync>,
}

/// A running server.
pub struct Server {
    handle: ServerHandle,
    task: tokio::task::JoinHandle<io::Result<()>>,
    /// The port it listens on.
    pub port: u16,
}

const SHARED: &[Route] = &[
    Route::new(
        Method::Get,
        "/health/live",
        Access::Public,
        "Whether the process runs",
        || web::to(live),
    ),
    Route::new(
        Method::Get,
        "/health/ready",
        Access::Public,
        "Whether it can do its work",
        || web::to(ready),
    ),
    Route::new(
        Method::Get,
        "/health",
        Access::Public,
        "The same, for the callers of old",
        || web::to(ready),
    ),
    Route::new(
        Method::Get,
        "/metrics",
        Access::Public,
        "Prometheus metrics",
        || web::to(metrics_text),
    ),
    Route::new(
        Method::Get,
        "/api/openapi.json",
        Access::Public,
        "This description",
        || web::to(describe),
    ),
];

impl Server {
    /// Listens at once, so that a port in use is an error here. `described` are the roles' routes that the description
    /// has, whether they are served here or not.
    pub fn start(
        bind: &str,
        port: u16,
        parts: Vec<HttpPart>,
        keys: KeyStore,
        health: Health,
        bus: bus::Bus,
        described: &[Table],
    ) -> io::Result<Self> {
        let shared = [SHARED, operate::ROUTES].concat();
        let document = web::Data::new(openapi::document(&shared, described));
        let own = parts.iter().flat_map(|p| p.routes.iter().copied());
        let routes: Vec<Route> = shared.into_iter().chain(own).collect();
        let (keys, health, bus) = (
            web::Data::new(keys),
            web::Data::new(health),
            web::Data::new(bus),
        );
        let server = HttpServer::new(move || {
            App::new()
                .app_data(document.clone())
                .app_data(keys.clone())
                .app_data(health.clone())
                .app_data(bus.clone())
                .app_data(
                    web::JsonConfig::default()
                        .limit(JSON_LIMIT)
                        .error_handler(bad_json),
                )
                .app_data(web::PathConfig::default().error_handler(bad_path))
                .app_data(web::QueryConfig::default().error_handler(bad_query))
                .wrap(from_fn(measure))
                .configure(|app| {
                    for part in &parts {
                        (part.data)(app);
                    }
                    register(app, &routes);
                })
                .default_service(web::to(|| async {
                    Err::<HttpResponse, _>(ApiError::not_found(
                        "path; GET /api/openapi.json lists them all",
                    ))
                }))
        })
        .workers(2)
        .disable_signals()
        .shutdown_timeout(20)
        .bind((bind, port))?;
        let port = server
            .addrs()
            .first()
            .map_or(port, std::net::SocketAddr::port);
        let server = server.run();
        Ok(Self {
            handle: server.handle(),
            port,
            task: tokio::spawn(server),
        })
    }

    /// Takes no more requests and waits for those in hand.
    pub async fn stop(self) {
        self.handle.stop(true).await;
        let _ = self.task.await;
    }
}

fn register(app: &mut ServiceConfig, routes: &[Route]) {
    let mut paths: Vec<&str> = routes.iter().map(|r| r.path).collect();
    paths.sort_unstable();
    paths.dedup();
    // `/calls/{id}` would swallow `/calls/incoming`: fixed words go before names.
    paths.sort_by_key(|path| {
        path.split('/')
            .map(|part| part.starts_with('{'))
            .collect::<Vec<_>>()
    });
    for path in paths {
        let here: Vec<&Route> = routes.iter().filter(|r| r.path == path).collect();
        let Some(first) = here.first() else { continue };
        let mut resource = web::resource(first.paths());
        for route in here {
            let access = route.access;
            let handler = (route.handler)().method(route.method.http());
            resource =
                resource.route(handler.wrap(from_fn(move |req, next| guard(access, req, next))));
        }
        app.service(resource.default_service(web::to(|| async {
            HttpResponse::MethodNotAllowed().json(serde_json::json!({ "error": {
                "code": "method_not_allowed",
                "message": "this path has other methods; GET /api/openapi.json lists them",
                "details": {},
            }}))
        })));
    }
}

async fn measure(
    req: actix_web::dev::ServiceRequest,
    next: actix_web::middleware::Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    let started = std::time::Instant::now();
    let response = next.call(req).await?;
    // The pattern, not the path: a path holds SIDs, of which there is no end.
    let path = response
        .request()
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status().as_u16().to_string();
    histogram!("http_request_seconds", "path" => path.clone())
        .record(started.elapsed().as_secs_f64());
    counter!("http_requests_total", "path" => path, "status" => status).increment(1);
    Ok(response)
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({ "status": "ok" }))
}

async fn ready(health: web::Data<Health>) -> HttpResponse {
    let report = health.report().await;
    if report.ready {
        HttpResponse::Ok()
    } else {
        HttpResponse::ServiceUnavailable()
    }
    .json(report)
}

async fn metrics_text() -> HttpResponse {
    let text = telemetry::metrics_handle().map(|handle| {
        handle.run_upkeep();
        handle.render()
    });
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text.unwrap_or_default())
}

async fn describe(document: web::Data<serde_json::Value>) -> HttpResponse {
    HttpResponse::Ok().json(document.get_ref())
}

fn bad_json(error: JsonPayloadError, _: &actix_web::HttpRequest) -> actix_web::Error {
    match &error {
        JsonPayloadError::Deserialize(e) if e.is_data() => {
            ApiError::invalid("body", e.to_string()).into()
        }
        JsonPayloadError::ContentType => {
            ApiError::bad_request("send JSON with the header content-type: application/json").into()
        }
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            ApiError::too_large("the body is larger than 1 MB").into()
        }
        other => ApiError::bad_request(format!("the body is not usable JSON: {other}")).into(),
    }
}

fn bad_path(error: PathError, _: &actix_web::HttpRequest) -> actix_web::Error {
    ApiError::bad_request(error.to_string()).into()
}

fn bad_query(error: QueryPayloadError, _: &actix_web::HttpRequest) -> actix_web::Error {
    ApiError::bad_request(error.to_string()).into()
}
