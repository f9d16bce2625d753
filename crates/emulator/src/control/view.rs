//! A call as the controls show it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::state::{Call, Moment, State};

/// A call as `GET /emulator/calls/{sid}` shows it.
#[derive(Clone, Debug, Serialize)]
pub struct CallView {
    /// The call's id.
    pub sid: String,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// `inbound`, `outbound-api` or `outbound-dial`.
    pub direction: &'static str,
    /// Twilio's word for where it is.
    pub status: &'static str,
    /// Twilio's word for how it ended; `None` while it goes on.
    pub outcome: Option<&'static str>,
    /// Seconds from the answer to the end.
    pub duration_s: i64,
    /// When it was placed.
    pub created: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// True once the call is over and its script, if it has one, is at its end.
    pub done: bool,
    /// Whether it ended as the script expected; `None` while that is open or when nothing was expected.
    pub as_expected: Option<bool>,
    /// What stopped the script or went against what it expected.
    pub problem: Option<String>,
    /// What reached the ear of the person on the phone: `{at, kind, text}`.
    pub heard: Vec<Value>,
    /// The keys they pressed.
    pub pressed: String,
    /// What they said.
    pub said: Vec<String>,
    /// What followed each answer that `<Record>` took, and each that was spoken to a `<Gather>`: `{recording_sid, ended_by, ended_at, own_timeout_ms, next_at, next, silence_ms,
    /// real_ms}`; `silence_ms` is from the recording's end to the beginning of the next sound, `real_ms` the same in real time.
    pub waits: Vec<Value>,
    /// What was recorded of it: `{sid, status, source, duration_s, words}`; `words` are those of a simulated voice.
    pub recorded: Vec<Value>,
    /// Each TwiML document it ran on: `{at, url, status, error_code, body}`.
    pub twiml: Vec<Value>,
    /// The legs that it dialled.
    pub legs: Vec<CallView>,
    /// Everything, in order.
    pub timeline: Vec<Moment>,
}

impl CallView {
    pub(crate) fn of(state: &State, sid: &str) -> Option<Self> {
        let call = state.call(sid)?;
        let legs = state
            .calls
            .iter()
            .filter(|leg| leg.parent.as_deref() == Some(sid));
        let over = call.status.is_final();
        let done = over && call.script.as_ref().is_none_or(|script| script.finished);
        let problem = done.then(|| problem(call)).flatten();
        Some(Self {
            sid: call.sid.clone(),
            from: call.from.clone(),
            to: call.to.clone(),
            direction: call.direction.as_str(),
            status: call.status.as_str(),
            outcome: over.then(|| call.status.as_str()),
            duration_s: call.duration_s(),
            created: call.created,
            ended: call.ended,
            done,
            as_expected: (done && (call.expect.is_some() || problem.is_some()))
                .then(|| problem.is_none()),
            problem,
            heard: values(&call.heard),
            pressed: call.pressed.clone(),
            said: call.said.clone(),
            waits: values(&call.waits),
            recorded: recorded(state, sid),
            twiml: values(&call.twiml),
            legs: legs.filter_map(|leg| Self::of(state, &leg.sid)).collect(),
            timeline: call.timeline.clone(),
        })
    }

    /// Whether this text was heard, in a Say, as the name of a Play, or in a text message.
    pub fn has_heard(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.heard.iter().any(|heard| {
            heard["text"]
                .as_str()
                .is_some_and(|heard| heard.to_lowercase().contains(&text))
        })
    }
}

fn recorded(state: &State, sid: &str) -> Vec<Value> {
    let of_this = state.recordings.iter().filter(|it| it.call_sid == sid);
    let shown = of_this.map(|recording| {
        serde_json::json!({
            "sid": recording.sid,
            "status": recording.status.as_str(),
            "source": recording.source,
            "channels": recording.channels,
            "duration_s": recording.duration_s,
            "words": recording.words,
        })
    });
    shown.collect()
}

fn values<T: Serialize>(items: &[T]) -> Vec<Value> {
    items.iter().map(|item| serde_json::json!(item)).collect()
}

fn problem(call: &Call) -> Option<String> {
    if let Some(problem) = call
        .script
        .as_ref()
        .and_then(|script| script.problem.clone())
    {
        return Some(problem);
    }
    let expect = call.expect.as_ref()?;
    let outcome = call.status.as_str();
    if let Some(expected) = expect
        .outcome
        .as_deref()
        .filter(|expected| *expected != outcome)
    {
        return Some(format!(
            "the call should have ended {expected} and ended {outcome}"
        ));
    }
    let took = (call.ended? - call.created).num_milliseconds() as f64 / 1000.0;
    let within = expect.within_s.filter(|within| took > *within)?;
    Some(format!(
        "the call should have ended within {within} s and took {took:.1} s"
    ))
}
