//! What is noted of an effect for the timeline of its call: how Twilio answered, and how long that took.

use std::time::Duration;

use clock::Time;
use role::{Cause, Note};
use serde_json::{Value, json};

use crate::effect::{Attempt, EffectKey};

/// A line for one attempt. Twilio's words are left out: they may quote numbers.
pub(crate) fn note(
    key: &EffectKey,
    cause: &Cause,
    attempt: &Attempt,
    attempts: i64,
    began: Time,
    took: Duration,
) -> Note {
    let mut detail = facts(attempt);
    detail["attempt"] = json!(attempts);
    Note::new("egress", "effect", key.kind, began)
        .tenant(key.tenant_id.clone())
        .key(belongs_to(key, cause, attempt))
        .took(took)
        .detail(&detail)
}

fn facts(attempt: &Attempt) -> Value {
    match attempt {
        Attempt::Done { done, reconciled } => {
            json!({ "outcome": "done", "status": done.status, "sid": done.sid, "reconciled": reconciled })
        }
        Attempt::Refused { refusal, asked } => {
            let code = Some(refusal.code).filter(|code| *code != 0);
            json!({ "outcome": "refused", "reason": refusal.reason, "error_code": code, "asked_twilio": asked })
        }
        Attempt::NotDone(_) => json!({ "outcome": "not done yet" }),
        Attempt::Busy(_, wait) => {
            json!({ "outcome": "Twilio is busy", "retry_after_s": wait.as_secs() })
        }
        Attempt::Undecided => json!({ "outcome": "looked for" }),
        Attempt::Unknown(_) => json!({ "outcome": "unknown" }),
    }
}

/// The call that it makes or changes, else what its command belongs to.
fn belongs_to(key: &EffectKey, cause: &Cause, attempt: &Attempt) -> String {
    if let Attempt::Done { done, .. } = attempt
        && key.kind == "call.place"
        && let Some(sid) = &done.sid
    {
        return sid.clone();
    }
    cause.key.clone().unwrap_or_default()
}
