//! The calls and recordings of the Twilio that misbehaves.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use clock::Clock;
use serde_json::{Value, json};

use crate::twilio::{State, refusal};

/// A call that was placed through the API.
#[derive(Debug, Clone)]
pub struct Placed {
    pub sid: String,
    pub form: HashMap<String, String>,
    pub created: DateTime<Utc>,
    /// Not listed before: Twilio's lists come late.
    pub listed: DateTime<Utc>,
    pub status: String,
    /// `outbound-api`, but for what a test puts there itself.
    pub direction: &'static str,
}

impl State {
    /// A call as of now.
    pub fn place(&mut self, form: HashMap<String, String>) -> &mut Placed {
        let sid = self.sid("CA");
        let created = Clock::system().now();
        let listed = created + self.lag;
        self.placed.push(Placed {
            sid,
            form,
            created,
            listed,
            status: "queued".to_owned(),
            direction: "outbound-api",
        });
        self.placed.last_mut().unwrap()
    }
}

/// What is asked of calls and recordings, if it is.
pub fn act(
    state: &mut State,
    method: &str,
    resource: &str,
    query: &HashMap<String, String>,
    form: &HashMap<String, String>,
) -> Option<(u16, Value)> {
    let sid = resource.rsplit('/').next()?.trim_end_matches(".json");
    Some(match (method, resource) {
        ("POST", "Calls.json") => {
            let placed = state.place(form.clone());
            (201, call_json(placed))
        }
        ("POST", r) if r.starts_with("Calls/") => update(state, sid, form),
        ("GET", "Calls.json") if query.contains_key("ParentCallSid") => {
            let parent = query["ParentCallSid"].as_str();
            let is_leg = |call: &&Value| call["parent_call_sid"].as_str() == Some(parent);
            let found: Vec<_> = state.calls.iter().filter(is_leg).collect();
            (200, json!({ "calls": found, "next_page_uri": null }))
        }
        ("GET", "Calls.json") => {
            let now = Clock::system().now();
            let is = |name: &str, call: &Placed| {
                query
                    .get(name)
                    .is_none_or(|v| call.form.get(name) == Some(v))
            };
            let shown = |call: &&Placed| call.listed <= now && is("To", call) && is("From", call);
            let found: Vec<_> = state
                .placed
                .iter()
                .rev()
                .filter(shown)
                .map(call_json)
                .collect();
            (200, json!({ "calls": found, "next_page_uri": null }))
        }
        ("GET", r) if r.starts_with("Calls/") => {
            let told = state.calls.iter().find(|call| call["sid"] == sid).cloned();
            let placed = || state.placed.iter().find(|call| call.sid == sid);
            let call = told.or_else(|| placed().map(call_json));
            call.map_or(refusal(404, 20404), |call| (200, call))
        }
        ("GET", "Recordings.json") => recordings(state, query),
        _ => return None,
    })
}

/// As strict with its words as Twilio's documentation: `canceled` before the answer, `completed` after it.
fn update(state: &mut State, sid: &str, form: &HashMap<String, String>) -> (u16, Value) {
    let (word, url) = (form.get("Status"), form.get("Url"));
    let word = word.or(url).unwrap();
    state.updates.push(format!("{sid} {word}"));
    let Some(call) = state.placed.iter_mut().find(|call| call.sid == sid) else {
        return refusal(404, 20404);
    };
    if url.is_some() && call.status == "in-progress" {
        return (200, call_json(call));
    }
    let fits = match call.status.as_str() {
        "queued" | "ringing" => word == "canceled",
        "in-progress" => word == "completed",
        _ => false,
    };
    if !fits {
        return refusal(400, 21220);
    }
    word.clone_into(&mut call.status);
    (200, call_json(call))
}

/// Two a page.
fn recordings(state: &State, query: &HashMap<String, String>) -> (u16, Value) {
    let of = query.get("CallSid");
    let of_call = |r: &&Value| of.is_none_or(|sid| r["call_sid"].as_str() == Some(sid));
    let from: usize = query.get("From").map_or(0, |n| n.parse().unwrap());
    let all: Vec<_> = state.recordings.iter().filter(of_call).collect();
    let page: Vec<_> = all.iter().skip(from).take(2).collect();
    let next = (all.len() > from + 2).then(|| {
        let of = of.map(|sid| format!("&CallSid={sid}")).unwrap_or_default();
        format!(
            "/2010-04-01/Accounts/AC/Recordings.json?From={}{of}",
            from + 2
        )
    });
    (200, json!({ "recordings": page, "next_page_uri": next }))
}

fn call_json(call: &Placed) -> Value {
    json!({
        "sid": call.sid,
        "from": call.form.get("From"),
        "to": call.form.get("To"),
        "direction": call.direction,
        "status": call.status,
        "duration": null,
        "date_created": call.created.to_rfc2822(),
        "start_time": null,
    })
}
