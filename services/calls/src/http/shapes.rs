//! A call as the outside sees it.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::call_update;
use crate::db::CallRow;

/// A call.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Call {
    id: String,
    call_sid: String,
    tenant_id: String,
    /// `inbound` or `outbound`.
    direction: String,
    from: String,
    to: String,
    /// Twilio's word.
    status: String,
    /// Ours: `answered`, `missed`, `failed`; null while the call is open.
    outcome: Option<String>,
    /// Why it was missed or failed.
    reason: Option<String>,
    /// `{code, message, sip_code}`, as Twilio told it, of a call that was missed or failed; null where it told nothing.
    error: Option<Value>,
    duration_s: Option<i64>,
    started_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    /// The thread that came of it.
    conversation_id: Option<String>,
    /// `{id, flow, status, outcome}` of the interview that it is for; its `outcome` is null while it goes on.
    interview: Option<Value>,
    /// `{id, recording_type, recording_source, status, format, channels, duration_s, size_bytes, sha256, recording_sid, started_at,
    /// stored_at, metadata}` of each; the file is at `/calls/{id}/recording/{recording_id}`.
    recordings: Vec<Value>,
}

impl Call {
    /// A call's row, with its recordings.
    pub fn new(row: &CallRow, recordings: Vec<Value>) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
        Self {
            id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            direction: row.direction.clone(),
            from: row.from_address.clone(),
            to: row.to_address.clone(),
            status: row.status.clone(),
            outcome: some(&row.outcome),
            reason: some(&row.reason),
            error: error(row),
            duration_s: call_update::duration_s(row),
            started_at: row.started_at.0,
            ended_at: call_update::ended_at(row),
            conversation_id: row.conversation_id.clone(),
            interview: interview(row),
            recordings,
        }
    }
}

fn error(row: &CallRow) -> Option<Value> {
    let figure = |code: i64| Some(code).filter(|code| *code != 0);
    let (code, sip_code) = (figure(row.code), figure(row.sip_code));
    let message = Some(&row.error).filter(|message| !message.is_empty());
    let went_wrong = matches!(row.outcome.as_str(), "missed" | "failed");
    let told = code.is_some() || sip_code.is_some() || message.is_some();
    (went_wrong && told).then(|| json!({ "code": code, "message": message, "sip_code": sip_code }))
}

fn interview(row: &CallRow) -> Option<Value> {
    let outcome = Some(&row.interview_outcome).filter(|outcome| !outcome.is_empty());
    (!row.interview_id.is_empty()).then(|| {
        json!({
            "id": row.interview_id, "flow": row.interview_flow, "status": row.interview_status, "outcome": outcome,
        })
    })
}

/// A page of calls.
#[derive(Debug, Serialize, JsonSchema)]
pub struct List {
    pub items: Vec<Call>,
    pub next_cursor: Option<String>,
}

/// A call and what happened to it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Timeline {
    pub call: Call,
    pub items: Vec<Value>,
    pub next_cursor: Option<String>,
}
