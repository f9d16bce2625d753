//! The flow that a screening follows.

use api::ApiError;
use flow::{Definition, Kind};
use role::Tx;
use tracing::error;

use crate::db;

/// A screener's flow that a tenant can use.
pub(super) async fn screening_flow(
    tx: &mut Tx,
    tenant: &str,
    name: &str,
    field: &str,
) -> Result<(Definition, i64), ApiError> {
    let row = db::flow_latest(tx, tenant, name)
        .await?
        .ok_or_else(|| ApiError::invalid(field, format!("there is no flow {name}")))?;
    if row.kind != Kind::Screener.as_str() {
        let message = format!(
            "the flow {name} is no screener but of the kind {}",
            row.kind
        );
        return Err(ApiError::invalid(field, message));
    }
    let definition = Definition::stored(&row.definition.0).map_err(|e| {
        error!(flow = name, version = row.version, error = %e, "a stored flow cannot be read");
        ApiError::unavailable("the flow")
    })?;
    Ok((definition, row.version))
}
