//! Calling a candidate again.

use chrono::Duration;
use events::v1::InterviewDial;
use flow::Progress;
use role::{Cause, Decision};
use tracing::info;

use super::locked_interview::LockedInterview;

/// Why a call waits: the one before failed.
const RETRY: &str = "retry";

pub(super) fn dial(held: &LockedInterview) -> InterviewDial {
    InterviewDial {
        interview_id: held.row.id.clone(),
        attempt: held.attempt(),
    }
}

/// Whether a call that failed so is made again.
pub fn may_retry(held: &LockedInterview, reason: &str) -> bool {
    let retry = &held.definition.retry;
    let word = reason.split(' ').next().unwrap_or_default();
    held.row.direction == "outbound"
        && held.row.attempt - i64::from(held.progress.postponed) < i64::from(retry.attempts)
        && retry.on.iter().any(|on| on == word)
}

/// Makes it anew, and has it called after a while.
pub fn again(cause: &Cause, held: &mut LockedInterview) -> Decision {
    held.row.attempt += 1;
    held.row.status = "pending".to_owned();
    held.row.call_sid = None;
    held.row.started_at = None;
    held.progress = Progress {
        postponed: held.progress.postponed,
        ..Progress::default()
    };
    held.row.waiting = None;
    let after = Duration::seconds(i64::from(held.definition.retry.after_s));
    held.wait_until(RETRY, cause.time + after);
    info!(
        interview.id = held.row.id,
        attempt = held.row.attempt,
        "call failed and is made again later"
    );
    Decision::nothing().schedule(after, &dial(held))
}
