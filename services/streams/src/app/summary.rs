//! The summary of a call with an assistant is kept with its session.

use async_trait::async_trait;
use events::v1::{CallSummarized, CallSummaryFailed};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::{Map, Value, json};

use crate::db;

/// Takes `call.summarized`.
pub struct Summarized;

/// Takes `call.summary_failed`.
pub struct NotSummarized;

#[async_trait]
impl Decider for Summarized {
    type Event = CallSummarized;
    const NAME: &'static str = "summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallSummarized,
    ) -> Result<Decision, HandlerError> {
        let facts: Vec<Value> = event
            .facts
            .iter()
            .map(|fact| json!({"name": fact.name, "value": fact.value, "quote": fact.quote}))
            .collect();
        let simulated = event.usage.as_ref().is_some_and(|usage| usage.simulated);
        let summary = json!({
            "summary": event.summary, "came_to": event.outcome, "facts": facts, "simulated": simulated,
        });
        add(tx, &event.session_id, summary).await
    }
}

#[async_trait]
impl Decider for NotSummarized {
    type Event = CallSummaryFailed;
    const NAME: &'static str = "not-summarized";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallSummaryFailed,
    ) -> Result<Decision, HandlerError> {
        let why = json!({"not_summarized": event.reason});
        add(tx, &event.session_id, why).await
    }
}

/// Adds to what a session came to. One that is forgotten by now stays so.
async fn add(tx: &mut Tx, session: &str, more: Value) -> Result<Decision, HandlerError> {
    if let Some(row) = db::session_find(tx, session).await? {
        let mut result: Map<String, Value> = serde_json::from_str(&row.result).unwrap_or_default();
        if let Value::Object(more) = more {
            result.extend(more);
        }
        db::session_result(tx, session, &Value::Object(result).to_string()).await?;
    }
    Ok(Decision::nothing())
}
