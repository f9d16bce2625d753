//! Calls of a customer stand in the thread: missed, answered, interviewed, recorded.

use async_trait::async_trait;
use events::v1::{Call, CallEnded, Interview, InterviewEnded, Recording, RecordingStored};
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use serde_json::{Value, json};
use store::types::{self, Json};

use crate::db::{self, Entry};

/// The decider on `call.ended`.
pub struct CallOver;

#[async_trait]
impl Decider for CallOver {
    type Event = CallEnded;
    const NAME: &'static str = "call-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallEnded,
    ) -> Result<Decision, HandlerError> {
        if let Some(call) = event.call.filter(|call| !call.call_sid.is_empty()) {
            ended(tx, &call).await?;
        }
        Ok(Decision::nothing())
    }
}

/// The decider on `interview.ended`.
pub struct Interviewed;

/// The decider on `recording.stored`.
pub struct Recorded;

#[async_trait]
impl Decider for Interviewed {
    type Event = InterviewEnded;
    const NAME: &'static str = "interview-ended";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: InterviewEnded,
    ) -> Result<Decision, HandlerError> {
        if let Some(interview) = event.interview.filter(|it| !it.call_sid.is_empty()) {
            interviewed(tx, &interview).await?;
        }
        Ok(Decision::nothing())
    }
}

#[async_trait]
impl Decider for Recorded {
    type Event = RecordingStored;
    const NAME: &'static str = "recording-stored";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: RecordingStored,
    ) -> Result<Decision, HandlerError> {
        if let Some(recording) = event.recording {
            recorded(tx, &recording).await?;
        }
        Ok(Decision::nothing())
    }
}

/// Notes that a call was an interview.
async fn interviewed(tx: &mut Tx, interview: &Interview) -> Result<(), store::Error> {
    let call = Call {
        call_sid: interview.call_sid.clone(),
        tenant_id: interview.tenant_id.clone(),
        direction: interview.direction.clone(),
        from: interview.from.clone(),
        to: interview.to.clone(),
        started_at: interview.started_at.clone(),
        ended_at: interview.ended_at.clone(),
        ..Call::default()
    };
    let what = json!({ "interview": {
        "id": interview.id, "kind": interview.kind, "flow": interview.flow, "outcome": interview.outcome,
    } });
    note(tx, &call, what).await
}

/// Notes that there is a recording of a call.
async fn recorded(tx: &mut Tx, recording: &Recording) -> Result<(), store::Error> {
    let Some(mut entry) = db::entry_of_call(tx, &recording.call_sid).await? else {
        return Ok(());
    };
    if let Value::Object(detail) = &mut entry.detail.0 {
        detail.insert("recorded".to_owned(), true.into());
    }
    db::entry_put(tx, &entry).await
}

/// Notes how a call went, in the thread of its customer if there is one.
pub async fn ended(tx: &mut Tx, call: &Call) -> Result<(), store::Error> {
    let mut what = json!({ "duration_s": call.duration_s, "direction": call.direction });
    if !call.outcome.is_empty() {
        what["outcome"] = call.outcome.clone().into();
    }
    // Its file comes later, if it comes.
    if call.recording.as_ref().is_some_and(|it| it.enabled) {
        what["recorded"] = true.into();
    }
    note(tx, call, what).await
}

/// Adds to what stands of a call in the thread of its customer, if there is one.
async fn note(tx: &mut Tx, call: &Call, what: Value) -> Result<(), store::Error> {
    let (customer, number) = if call.direction.starts_with("outbound") {
        (&call.to, &call.from)
    } else {
        (&call.from, &call.to)
    };
    let thread = derive_id(&["conversation", &call.tenant_id, number, customer]);
    if db::conversation_find(tx, &thread).await?.is_none() {
        return Ok(());
    }
    db::opt_out_lock(tx, &call.tenant_id, customer).await?;
    let id = derive_id(&["call", &call.call_sid, &thread]);
    let before = db::entry_find(tx, &id).await?;
    let started = call.started_at.parse().ok().map(types::Time);
    let ended = call.ended_at.parse().ok().map(types::Time);
    let Some(at) = before.as_ref().map(|it| it.at).or(started).or(ended) else {
        return Ok(());
    };
    let mut detail = before.map_or_else(|| json!({}), |it| it.detail.0);
    if let (Value::Object(detail), Value::Object(what)) = (&mut detail, what) {
        detail.extend(what);
    }
    let entry = Entry {
        id,
        conversation_id: thread,
        kind: "call".to_owned(),
        at,
        call_id: Some(call.id.clone()).filter(|it| !it.is_empty()),
        call_sid: Some(call.call_sid.clone()),
        detail: Json(detail),
    };
    db::entry_put(tx, &entry).await
}
