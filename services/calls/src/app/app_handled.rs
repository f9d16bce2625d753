//! Calls that an app of ours takes or places: interviews, assistants, bots. Nobody's phone rings for them, so nobody
//! can miss them: they reached a person (`answered`) or they did not (`failed`), and no text follows.
//!
//! Whether they did is the interview's to say: an answering machine picks up as well, and Twilio calls it completed.
//! Its word comes when it likes. Only some time after the end of the call, when none has come, Twilio's counts.

use chrono::Duration;
use events::v1::TenantContext;
use twilio_types::{AnsweredBy, CallStatus};

use super::verdict::Verdict;
use crate::db::CallRow;

/// How long after its end a call waits for its interview's word.
pub const PATIENCE: Duration = Duration::seconds(60);
/// How long the reason for a failure may be: a word.
const WORD: usize = 32;

/// Why a call is not served whose tenant or number is suspended.
pub const SUSPENDED: &str = "suspended";
/// A failure that says nothing more.
const FAILED: &str = "failed";

/// Whether the tenant, or the number, is suspended: nothing new is begun for it.
pub fn is_suspended(tenant: &TenantContext) -> bool {
    tenant
        .number
        .as_ref()
        .is_some_and(|number| number.status == SUSPENDED)
}

/// Whether a number with this voice app answers calls by itself. What is not said is forwarded.
pub fn is_app(voice: &str) -> bool {
    !matches!(voice, "" | "forward")
}

/// Whether an app takes the call, or has placed it.
pub fn is_served(row: &CallRow) -> bool {
    row.direction != "inbound" || !row.interview_id.is_empty() || (row.served && !row.forwarded)
}

/// How the call went, by what its webhooks have said.
pub fn verdict(row: &CallRow) -> Verdict {
    if CallStatus::parse(&row.status).is_terminal() {
        Verdict::Unknown
    } else {
        Verdict::Open
    }
}

/// How it went, when its interview does not say.
pub fn verdict_by_status(row: &CallRow) -> Verdict {
    let answered_by = AnsweredBy::parse(&row.answered_by);
    let is_machine = answered_by.is_machine() || answered_by == AnsweredBy::Fax;
    match CallStatus::parse(&row.status) {
        CallStatus::Completed if is_machine => Verdict::failed("machine"),
        CallStatus::Completed => Verdict::answered(),
        status if status.is_terminal() => Verdict::failed(status.as_str().to_owned()),
        _ => Verdict::Open,
    }
}

/// How it went, by its interview's end. An interview that was abandoned had a person on the line.
pub fn verdict_by_interview(outcome: &str, failure_reason: &str) -> Verdict {
    match outcome {
        "" => Verdict::Open,
        FAILED => Verdict::failed(word(failure_reason).to_owned()),
        _ => Verdict::answered(),
    }
}

/// The reason in a word, for lists, counters and logs: what follows it may quote anything.
fn word(reason: &str) -> &str {
    let end = reason
        .find(|c: char| !(c.is_ascii_lowercase() || c == '-' || c == '_'))
        .unwrap_or(reason.len());
    match &reason[..end] {
        "" => FAILED,
        word if word.len() > WORD => FAILED,
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interview_end_says_whether_it_reached_a_person() {
        for outcome in ["completed", "abandoned", "eligible", "not_eligible"] {
            assert_eq!(verdict_by_interview(outcome, ""), Verdict::answered());
        }
        for (said, reason) in [
            ("no-answer", "no-answer"),
            ("busy (sip 486)", "busy"),
            ("", "failed"),
            ("+15550109999 did not pick up", "failed"),
        ] {
            assert_eq!(
                verdict_by_interview("failed", said),
                Verdict::failed(reason)
            );
        }
        assert_eq!(verdict_by_interview("", ""), Verdict::Open);
    }

    #[test]
    fn every_app_but_forwarding_answers_by_itself() {
        for voice in [
            "screener",
            "coach:interviews",
            "assistant",
            "bot:loan",
            "none",
        ] {
            assert!(is_app(voice), "{voice}");
        }
        assert!(!is_app("forward") && !is_app(""));
    }
}
