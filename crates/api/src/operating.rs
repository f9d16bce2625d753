//! How a process stands: its parts, its queues, and what waits to leave.

use actix_web::{HttpResponse, web};
use bus::Bus;
use serde_json::{Value, json};

use crate::health::Health;
use crate::{ApiError, Caller};

/// `GET /api/operating/`.
pub(crate) async fn show(
    bus: web::Data<Bus>,
    health: web::Data<Health>,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    if caller.tenant.is_some() {
        return Err(ApiError::forbidden(
            "queues belong to the whole platform; use a key that is bound to no tenant",
        ));
    }
    let report = health.report().await;
    let depths = bus.depths().await?;
    let queue = |depth: &bus::Depth| json!({ "name": depth.queue, "ready": depth.ready, "dead": depth.dead });
    let queues: Vec<Value> = depths.iter().map(queue).collect();
    let mut outboxes = Vec::new();
    for (role, store) in &health.stores {
        outboxes.push(json!({ "role": role, "waiting": waiting(store).await }));
    }
    Ok(HttpResponse::Ok().json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "status": report.status,
        "parts": report.parts,
        "queues": queues,
        "outboxes": outboxes,
    })))
}

/// Events that are written down and have not left; null while the database does not answer.
async fn waiting(store: &store::Store) -> Option<i64> {
    let mut tx = store.read().await.ok()?;
    store::outbox::len(&mut tx).await.ok()
}
