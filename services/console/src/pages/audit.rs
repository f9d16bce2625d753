//! Writes down what an operator changed.

use tracing::warn;

use crate::db::{self, AuditRow};
use crate::operator::Operator;
use crate::state::State;

/// Writes it down. What was done is done: a failure is told in the log and nowhere else.
pub async fn note(state: &State, operator: &Operator, action: &str, subject: &str) {
    if let Err(e) = write(state, operator, action, subject).await {
        warn!(error = %e, action, "a change is missing in the audit log");
    }
}

async fn write(
    state: &State,
    operator: &Operator,
    action: &str,
    subject: &str,
) -> Result<(), store::Error> {
    let mut tx = state.store.begin().await?;
    db::audit_insert(&mut tx, &row(state, operator, action, subject)).await?;
    tx.commit().await
}

/// The row, for a transaction that changes the console's own data.
pub fn row(state: &State, operator: &Operator, action: &str, subject: &str) -> AuditRow {
    AuditRow {
        id: state.clock.id(),
        at: state.clock.now().into(),
        actor: operator.name.clone(),
        tenant_id: operator.tenant.clone().unwrap_or_default(),
        action: action.to_owned(),
        subject: subject.chars().take(100).collect(),
    }
}
