//! `/metrics`: for whoever shows the token, where there is one.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use metrics::gauge;
use subtle::ConstantTimeEq;
use tokio::runtime::Handle;

use crate::ApiError;
use crate::health::Health;

pub async fn show(
    request: HttpRequest,
    health: Data<Health>,
    runtime: Data<Handle>,
) -> Result<HttpResponse, ApiError> {
    if let Some(token) = &health.metrics_token {
        let header = request.headers().get("Authorization");
        let shown = header.and_then(|value| value.to_str().ok()).unwrap_or("");
        let shown = shown.strip_prefix("Bearer ").unwrap_or("");
        let same: bool = shown.as_bytes().ct_eq(token.reveal().as_bytes()).into();
        if !same {
            return Err(ApiError::unauthorized(
                "send Authorization: Bearer with TRUNKLINE_METRICS_TOKEN",
            ));
        }
    }
    let text = telemetry::metrics_handle().map(|handle| {
        let build = [
            ("version", env!("CARGO_PKG_VERSION")),
            ("commit", health.commit),
        ];
        gauge!("trunkline_build_info", &build).set(1.0);
        measure(&runtime);
        handle.run_upkeep();
        handle.render()
    });
    Ok(HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4")
        .body(text.unwrap_or_default()))
}

/// What the process holds, by the names that Prometheus gives such things. Only Linux says how much memory and how many
/// files those are.
#[expect(clippy::cast_precision_loss, reason = "less than 2^52 of each")]
fn measure(runtime: &Handle) {
    gauge!("process_tasks").set(runtime.metrics().num_alive_tasks() as f64);
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(files.count() as f64);
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let resident = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kilobytes =
        resident.and_then(|it| it.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    if let Some(kilobytes) = kilobytes {
        gauge!("process_resident_memory_bytes").set((kilobytes * 1024) as f64);
    }
}
