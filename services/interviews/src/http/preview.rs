//! What a caller hears of a flow, before it is stored.

use actix_web::web::{Data, Json};
use api::{ApiError, Body, Caller};
use flow::{Assistant, Definition, Flow as Kept, Heard, Kind, Party, rehearse};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::State;
use super::read::{Reader, invalid};

/// A flow that was judged, and played without anybody on the line.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Preview {
    name: String,
    /// `screener`, `coach`, `eligibility` or `conversation`.
    kind: String,
    /// With everything that was left out.
    definition: Value,
    /// What is heard by a caller who answers every question; those of yes and no with yes.
    heard: Vec<Line>,
    /// The same with no, where there are such questions.
    heard_with_no: Vec<Line>,
}

/// Something that is heard on the line.
#[derive(Debug, Serialize, JsonSchema)]
struct Line {
    /// `platform` or `caller`.
    voice: &'static str,
    text: String,
}

impl From<Heard> for Line {
    fn from(heard: Heard) -> Self {
        let voice = match heard.by {
            Party::Platform => "platform",
            Party::Caller => "caller",
        };
        Self {
            voice,
            text: heard.text,
        }
    }
}

pub(super) async fn show(
    _: Data<State>,
    caller: Caller,
    Body(body): Body<Value>,
) -> Result<Json<Preview>, ApiError> {
    let mut read = Reader::of(body)?;
    // Whose it is does not matter here, but a key names no other's.
    read.tenant(&caller);
    let flow = Kept::read(&read.rest()?).map_err(|faults| invalid(&faults))?;
    let (heard, heard_with_no) = match &flow {
        Kept::Interview(definition) => interview(definition),
        Kept::Assistant(assistant) => (conversation(assistant), Vec::new()),
    };
    Ok(Json(Preview {
        name: flow.name().to_owned(),
        kind: flow.kind().to_owned(),
        definition: flow.to_value(),
        heard,
        heard_with_no,
    }))
}

fn interview(definition: &Definition) -> (Vec<Line>, Vec<Line>) {
    // Callers are told that they are recorded, unless their tenant wants it otherwise.
    let play = |yes| {
        let heard = rehearse(definition, "", definition.records(), yes);
        heard.into_iter().map(Line::from).collect()
    };
    match definition.kind {
        Kind::Eligibility => (play(true), play(false)),
        Kind::Screener | Kind::Coach => (play(true), Vec::new()),
    }
}

fn conversation(assistant: &Assistant) -> Vec<Line> {
    let greeting = match assistant.greeting.as_str() {
        "" => "(The platform greets in the language of the call.)",
        own => own,
    };
    let line = |voice, text: &str| Line {
        voice,
        text: text.to_owned(),
    };
    let notice = assistant.recording_notice.as_str();
    let notice = (!notice.is_empty()).then(|| line("platform", notice));
    let first = [line("platform", greeting)];
    let rest = [
        line("caller", "speaks"),
        line("platform", "(The model answers, by its instructions.)"),
    ];
    first.into_iter().chain(notice).chain(rest).collect()
}
