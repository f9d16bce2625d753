//! The HTTP server: one port for all routes of this process.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError};
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, HttpResponse, HttpServer, ResponseError};
use futures::FutureExt;
use metrics::{counter, histogram};
use tokio::sync::watch;
use tracing::warn;

use crate::access::{Gate, guard};
use crate::feed::Feeds;
use crate::health::Health;
use crate::{Access, ApiError, KeyStore, Method, Route, Table, openapi, operate, scrape};

/// How many seconds the bodies of answers may take when the process stops, after everything else has ended: longer
/// than the longest wait of a webhook (9 s) that came in at the last moment.
const BODIES_END: u64 = 10;
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
    in_hand: InHand,
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
        Method::Head,
        "/health/live",
        Access::Public,
        "The same without a body",
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
        Method::Head,
        "/health/ready",
        Access::Public,
        "The same without a body",
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
        Method::Head,
        "/health",
        Access::Public,
        "The same without a body",
        || web::to(ready),
    ),
    Route::new(
        Method::Get,
        "/metrics",
        Access::Public,
        "Prometheus metrics",
        || web::to(scrape::show),
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
        // The workers have runtimes of their own; what is told is this one's.
        let runtime = web::Data::new(tokio::runtime::Handle::current());
        let feeds = web::Data::new(Feeds::new(tokio::runtime::Handle::current()));
        let in_hand = InHand::default();
        let counted = web::Data::new(in_hand.clone());
        let server = HttpServer::new(move || {
            App::new()
                .app_data(feeds.clone())
                .app_data(runtime.clone())
                .app_data(counted.clone())
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
        // What is sent piece by piece, a frame of a call's or a `clear`, does not wait until the piece before has been acknowledged.
        .tcp_nodelay(true)
        .disable_signals()
        .shutdown_timeout(BODIES_END)
        .bind((bind, port))?;
        let port = server
            .addrs()
            .first()
            .map_or(port, std::net::SocketAddr::port);
        let mut server = server.run();
        let handle = server.handle();
        // Its threads are begun when it is asked first, and are as urgent as the one that asks: a worker of the runtime may be
        // less so.
        if let Some(ended) = (&mut server).now_or_never() {
            ended?;
        }
        Ok(Self {
            in_hand,
            handle,
            port,
            task: tokio::spawn(server),
        })
    }

    /// Waits until no request is in hand, or so long. New ones are taken all the while.
    pub async fn quiet(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.in_hand.none())
            .await
            .is_err()
        {
            warn!("requests are still in hand; the process stops all the same");
        }
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
        let mut allowed: Vec<&str> = here.iter().map(|route| route.method.as_str()).collect();
        allowed.sort_unstable();
        allowed.dedup();
        for route in here {
            let gate = Gate::of(route);
            let handler = (route.handler)().method(route.method.http());
            resource = resource
                .route(handler.wrap(from_fn(move |req, next| guard(gate.clone(), req, next))));
        }
        let allow = allowed.join(", ");
        app.service(resource.default_service(web::to(move || {
            let refusal = ApiError::method_not_allowed(&allow).error_response();
            std::future::ready(refusal)
        })));
    }
}

/// How many requests are in hand: those that have no answer yet. What an answer's body still sends does not count.
#[derive(Clone)]
struct InHand(watch::Sender<usize>);

impl Default for InHand {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

/// One of them.
struct Taken(InHand);

impl InHand {
    fn take(&self) -> Taken {
        self.0.send_modify(|count| *count += 1);
        Taken(self.clone())
    }

    async fn none(&self) {
        // It does not fail: the sender is ours.
        let _ = self.0.subscribe().wait_for(|count| *count == 0).await;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.0
            .0
            .send_modify(|count| *count = count.saturating_sub(1));
    }
}

async fn measure(
    req: actix_web::dev::ServiceRequest,
    next: actix_web::middleware::Next<impl actix_web::body::MessageBody>,
) -> Result<actix_web::dev::ServiceResponse<impl actix_web::body::MessageBody>, actix_web::Error> {
    let started = std::time::Instant::now();
    let _taken = req.app_data::<web::Data<InHand>>().map(|it| it.take());
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

async fn live(health: web::Data<Health>) -> HttpResponse {
    HttpResponse::Ok().json(serde_json::json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "commit": health.commit,
    }))
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
