//! The page of a call: what happened, what was said, how fast it was answered, and what can be done with it while it goes on.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::{join, join_all, join3};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::audit::note;
use super::chart;
use super::flash::Flash;
use super::html::{PageError, Shell, page};
use super::operating::DeadLetter;
use super::order::Order;
use super::session::{Sent, SignedIn};
use super::shapes::{Call, Line, List};
use super::timeline::{ShownLine, lines};
use super::transcript::{Answered, Spoken, Stream, Transcript, of_recording, of_streams, spoken};
use super::turns::{Turn, bars, turns};
use crate::api::{Api, segment};
use crate::operator::Operator;
use crate::state::State;

#[derive(Template)]
#[template(path = "call.html")]
struct CallPage {
    shell: Shell,
    call: Call,
    lines: Vec<ShownLine>,
    webhooks: Vec<ShownLine>,
    waves: Vec<String>,
    spoken: Vec<Spoken>,
    /// Whether any of it can be heard.
    has_sound: bool,
    /// Whether the place of some of it is estimated.
    has_estimates: bool,
    turns: Vec<Turn>,
    bars: String,
    dead: Vec<DeadLetter>,
    now: Now,
}

/// What happens in a call that goes on.
#[derive(Debug, Default)]
struct Now {
    /// Who speaks, as far as it is told.
    speaks: String,
    /// Where the interview or the stream is.
    stage: String,
    /// Whether it is on a media stream.
    streamed: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Timeline {
    items: Vec<Line>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Flow {
    stage: String,
    current_question: u32,
    questions: Vec<String>,
    answers: Vec<Answered>,
}

const MESSAGES: [(&str, &str); 3] = [
    ("hang-up", "The call is being hung up."),
    ("transfer", "The call is being passed on."),
    ("replayed", "The event was given back to its queue."),
];

/// `/console/calls/{id}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let path = format!("/calls/{}", segment(&id));
    let timeline_path = format!("{path}/timeline");
    let (call, timeline) = join(
        api.get::<Call>(operator, &path),
        api.get::<Timeline>(operator, &timeline_path),
    )
    .await;
    let call = call?;
    let title = format!("Call with {}", call.party());
    let mut shell = Shell::new(operator, "calls", title).live(
        "call.# message.# interview.# answer.# recording.# dial.# stream.# turn.taken timeline.noted",
    );
    shell.done = flash.among(&MESSAGES);
    let timeline = shell.or_missing("Timeline", timeline).items;
    let flow = async {
        let Some(interview) = &call.interview else {
            return Flow::default();
        };
        let path = format!("/api/interviews/{}/flow/", segment(&interview.id));
        api.get::<Flow>(operator, &path).await.unwrap_or_default()
    };
    let waves = join_all(call.recordings.iter().map(|recording| {
        let path = format!(
            "/calls/{}/recording/{}/peaks",
            segment(&call.id),
            segment(&recording.id)
        );
        async move {
            if !recording.is_playable() {
                return String::new();
            }
            let peaks = api.get::<Value>(operator, &path).await;
            peaks.map(|it| chart::wave(&it)).unwrap_or_default()
        }
    }));
    let dead = async {
        if !operator.may_administer() {
            return Vec::new();
        }
        let dead = api.get::<List<DeadLetter>>(operator, "/api/dead-letters/?limit=200");
        let mut dead = dead.await.unwrap_or_default().items;
        dead.retain(|it| it.key() == call.call_sid);
        dead
    };
    let words = words(api, operator, &call);
    let ((flow, words), waves, dead) = join3(join(flow, words), waves, dead).await;
    let turns = turns(&timeline);
    let now = now(&call, &flow, &timeline);
    let mut webhooks = lines(timeline.clone());
    webhooks.retain(|it| it.kind == "webhook" && it.noted);
    let mut spoken = spoken(flow.answers, &call.recordings);
    spoken.extend(words);
    page(&CallPage {
        shell,
        lines: lines(timeline),
        webhooks,
        waves,
        has_sound: spoken.iter().any(|it| !it.sound.is_empty()),
        has_estimates: spoken.iter().any(|it| it.estimated),
        spoken,
        bars: bars(&turns),
        turns,
        dead,
        now,
        call,
    })
}

/// So many recordings of a call are looked through for a transcript.
const TRANSCRIBED: usize = 3;

/// What was said, as recordings and streams know it.
async fn words(api: &Api, operator: &Operator, call: &Call) -> Vec<Spoken> {
    let recorded = call.recordings.iter().filter(|it| it.is_playable());
    let transcripts = join_all(recorded.take(TRANSCRIBED).map(|recording| {
        let path = format!(
            "/calls/{}/recording/{}/transcript",
            segment(&call.id),
            segment(&recording.id)
        );
        async move { api.get::<Transcript>(operator, &path).await.ok() }
    }));
    let path = format!("/api/streams/calls/{}", segment(&call.call_sid));
    let streams = api.get::<List<Stream>>(operator, &path);
    let (transcripts, streams) = join(transcripts, streams).await;
    // What was heard in the sound says it better than what was understood meanwhile.
    match transcripts.into_iter().flatten().next() {
        Some(transcript) => of_recording(transcript),
        None => of_streams(streams.unwrap_or_default().items),
    }
}

/// What the timeline and the interview say of this moment.
fn now(call: &Call, flow: &Flow, timeline: &[Line]) -> Now {
    if !call.is_live() {
        return Now::default();
    }
    let is = |line: &&Line, what: &str| line.detail["what"] == what;
    let began = timeline.iter().rev().find(|it| is(it, "a stream began"));
    let ended = timeline.iter().rev().find(|it| is(it, "the stream ended"));
    let streamed = began.is_some() && began.and_then(|it| it.at) > ended.and_then(|it| it.at);
    let last = timeline.iter().rev().find(|it| it.kind == "turn");
    let speaks = last.and_then(|it| it.detail["what"].as_str());
    let question = usize::try_from(flow.current_question).ok();
    let question = question.and_then(|it| flow.questions.get(it.checked_sub(1)?));
    let stage = match (flow.stage.as_str(), question) {
        ("", _) if streamed => "conversation".to_owned(),
        ("", _) => call.word(),
        (stage, Some(question)) => format!("{}: {question}", super::format::words(stage)),
        (stage, None) => super::format::words(stage),
    };
    Now {
        speaks: speaks.unwrap_or_default().to_owned(),
        stage,
        streamed,
    }
}

#[derive(Template)]
#[template(path = "listen.html")]
struct ListenPage {
    shell: Shell,
    call: Call,
}

/// `/console/calls/{id}/listen`.
pub async fn listen(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    if !who.0.may_write() {
        return Err(PageError::Forbidden);
    }
    let path = format!("/calls/{}", segment(&id));
    let call = state.api.get::<Call>(&who.0, &path).await?;
    if call.is_live() {
        note(&state, &who.0, "call.listen", &call.id).await;
    }
    let shell = Shell::new(&who.0, "calls", format!("Listen in on {}", call.party()));
    page(&ListenPage { shell, call })
}

/// `POST /console/calls/{id}/hang-up`.
pub async fn hang_up(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    order(&state, &sent, &id, "hang-up", None).await
}

/// `POST /console/calls/{id}/transfer`: to the phone of the field `to`.
pub async fn transfer(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let to: String = sent
        .field("to")
        .chars()
        .filter(|c| !" ()-".contains(*c))
        .collect();
    order(&state, &sent, &id, "transfer", Some(&json!({ "to": to }))).await
}

async fn order(
    state: &State,
    sent: &Sent,
    id: &str,
    what: &str,
    body: Option<&Value>,
) -> Result<HttpResponse, PageError> {
    if !sent.operator.may_write() {
        return Err(PageError::Forbidden);
    }
    let order = Order {
        method: Method::POST,
        path: &format!("/calls/{}/{what}", segment(id)),
        body,
        once: "",
        action: &format!("call.{what}"),
        subject: id,
    };
    let back = format!("/console/calls/{}?said={what}", segment(id));
    order.carry_out(state, sent, &back).await
}
