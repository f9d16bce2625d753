//! An interview as it is stored.

use api::{ApiError, Caller};
use flow::Progress;
use role::Tx;

use super::missing;
use crate::db::{self, Evaluation, InterviewRow};

/// An interview that this caller may see.
pub(super) async fn find(tx: &mut Tx, caller: &Caller, id: &str) -> Result<InterviewRow, ApiError> {
    db::interview_find(tx, id)
        .await?
        .filter(|row| caller.may_see(&row.tenant_id))
        .ok_or_else(|| missing("interview", "interview_id"))
}

/// How far it has come.
pub(super) fn progress(row: &InterviewRow) -> Progress {
    row.progress.read().unwrap_or_default()
}

/// What it came to; empty while there is nothing.
pub(super) fn evaluation(row: &InterviewRow) -> Evaluation {
    let result = row.result.as_ref();
    result.and_then(|it| it.read().ok()).unwrap_or_default()
}
