//! An interview: what was asked, answered and found, by AI and beside it by people.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use futures::future::{join, join3};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::flash::Flash;
use super::format::{When, phone, tone, words};
use super::html::{PageError, Shell, page};
use super::order::Order;
use super::session::{Sent, SignedIn};
use super::shapes::{Call, Interview, or_default};
use crate::api::segment;
use crate::state::State;

/// What a person says beside AI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Review {
    pub id: String,
    pub question_number: Option<u32>,
    pub note: String,
    pub score: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub recommendation: String,
    pub by: String,
    pub at: Option<DateTime<Utc>>,
}

/// An answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub question_number: u32,
    pub question: String,
    pub transcript: Option<String>,
    pub transcript_status: String,
    pub score: Option<u32>,
    pub feedback: String,
    pub quote: String,
    pub yes: Option<bool>,
    pub recording: Option<Sound>,
    pub simulated: bool,
    pub review: Option<Review>,
}

/// Where the sound of an answer is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Sound {
    pub recording_sid: String,
    pub duration_s: Option<u32>,
}

/// How far an interview has come.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct FlowState {
    pub stage: String,
    pub current_question: u32,
    pub questions: Vec<String>,
    pub answers: Vec<Answer>,
}

/// Who was interviewed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    pub name: String,
}

/// What it came to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Results {
    pub interview_id: String,
    pub tenant_id: String,
    pub outcome: String,
    pub status: String,
    pub candidate: Option<Person>,
    pub position: Option<String>,
    pub overall_score: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub recommendation: String,
    pub strengths: Vec<String>,
    pub areas_for_improvement: Vec<String>,
    pub feedback: String,
    pub answers: Vec<Answer>,
    pub simulated: bool,
    pub review: Option<Review>,
}

impl Review {
    /// When it was written.
    pub fn when(&self) -> Option<When> {
        self.at.map(When)
    }

    /// The recommendation for people.
    pub fn word(&self) -> String {
        words(&self.recommendation)
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        tone(&self.recommendation)
    }

    /// What it is about.
    pub fn about(&self) -> String {
        let whole = || "the interview".to_owned();
        self.question_number
            .map_or_else(whole, |number| format!("question {number}"))
    }
}

impl Answer {
    /// What stands where no words are known.
    pub fn state(&self) -> String {
        words(&self.transcript_status)
    }

    /// The words around the quote that the score rests on, if it is there word for word.
    pub fn marked(&self) -> Option<(&str, &str, &str)> {
        let text = self.transcript.as_deref()?;
        let at = text.find(&self.quote).filter(|_| !self.quote.is_empty())?;
        let (before, rest) = text.split_at(at);
        let (quote, after) = rest.split_at(self.quote.len());
        Some((before, quote, after))
    }

    /// The review that a new one takes the place of.
    pub fn seen(&self) -> &str {
        self.review.as_ref().map_or("", |it| it.id.as_str())
    }

    /// What is written already.
    pub fn note(&self) -> &str {
        self.review.as_ref().map_or("", |it| it.note.as_str())
    }

    /// A person's score.
    pub fn own_score(&self) -> Option<u32> {
        self.review.as_ref()?.score
    }

    /// Twilio's id of its sound.
    pub fn sound(&self) -> Option<&str> {
        let sid = self.recording.as_ref()?.recording_sid.as_str();
        Some(sid).filter(|sid| !sid.is_empty())
    }
}

impl Results {
    /// Who was interviewed.
    pub fn name(&self) -> &str {
        self.candidate
            .as_ref()
            .map_or("Interview", |it| it.name.as_str())
    }

    /// The recommendation for people.
    pub fn word(&self) -> String {
        words(&self.recommendation)
    }

    /// The colour of the recommendation.
    pub fn tone(&self) -> &'static str {
        tone(&self.recommendation)
    }

    /// The review that a new one takes the place of.
    fn seen(&self) -> &str {
        self.review.as_ref().map_or("", |it| it.id.as_str())
    }
}

/// An answer as it is shown: with the address of its sound, where it is kept here.
struct Shown {
    answer: Answer,
    play: Option<String>,
}

#[derive(Template)]
#[template(path = "interview.html")]
struct InterviewPage {
    shell: Shell,
    it: Interview,
    flow: FlowState,
    results: Results,
    answers: Vec<Shown>,
    reviews: Vec<Review>,
    asked_now: Option<String>,
    ended: bool,
    once: String,
}

const CHOICES: [&str; 4] = ["strong_yes", "yes", "maybe", "no"];

impl InterviewPage {
    fn choices(&self) -> Vec<(&'static str, String, bool)> {
        let own = self.results.review.as_ref();
        let chosen = own.map_or("", |it| it.recommendation.as_str());
        let choice = |it: &'static str| (it, words(it), it == chosen);
        CHOICES.into_iter().map(choice).collect()
    }

    fn whole_note(&self) -> &str {
        let own = self.results.review.as_ref();
        own.map_or("", |it| it.note.as_str())
    }

    fn whole_score(&self) -> Option<u32> {
        self.results.review.as_ref()?.score
    }

    fn seen(&self) -> &str {
        self.results.seen()
    }
}

const MESSAGES: [(&str, &str); 2] = [
    ("review", "Your note stands beside the AI's."),
    ("next", "The next question is asked."),
];

/// `/console/interviews/{id}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let path = format!("/api/interviews/{}", segment(&id));
    let (flow_path, results_path) = (format!("{path}/flow/"), format!("{path}/results/"));
    let reviews_path = format!("{path}/reviews/?limit=200");
    let interview = api.get::<Interview>(operator, &path);
    let flow = api.get::<FlowState>(operator, &flow_path);
    let results = api.get::<Results>(operator, &results_path);
    let reviews = api.get::<super::shapes::List<Review>>(operator, &reviews_path);
    let (it, (flow, results, reviews)) = join(interview, join3(flow, results, reviews)).await;
    let it = it?;
    let title = match it.person.as_str() {
        "" => "Interview".to_owned(),
        person => format!("Interview of {}", phone(person)),
    };
    let mut shell = Shell::new(operator, "interviews", title)
        .live("interview.# answer.# question.# turn.# call.ended recording.stored");
    shell.done = flash.among(&MESSAGES);
    let flow = shell.or_missing("Answers", flow);
    // Before the end there are none.
    let results = results.unwrap_or_default();
    let answers = match results.answers.is_empty() {
        true => flow.answers.clone(),
        false => results.answers.clone(),
    };
    let kept = sounds(&state, &who, &it, &answers).await;
    let asked = usize::try_from(flow.current_question).unwrap_or_default();
    let asked_now = asked.checked_sub(1).and_then(|n| flow.questions.get(n));
    page(&InterviewPage {
        asked_now: asked_now.filter(|_| it.is_live()).cloned(),
        ended: it.status == "ended",
        answers: answers.into_iter().map(|it| shown(it, &kept)).collect(),
        reviews: reviews.unwrap_or_default().items,
        once: state.clock.id(),
        shell,
        it,
        flow,
        results,
    })
}

/// The sounds of these answers that are kept here: Twilio's id, and where each is played.
async fn sounds(
    state: &State,
    who: &SignedIn,
    it: &Interview,
    answers: &[Answer],
) -> Vec<(String, String)> {
    let Some(sid) = it.call_sid.as_deref() else {
        return Vec::new();
    };
    if answers.iter().all(|it| it.sound().is_none()) {
        return Vec::new();
    }
    let path = format!("/calls/{}", segment(sid));
    // Without the call the words are shown all the same.
    let call: Call = state.api.get(&who.0, &path).await.unwrap_or_default();
    let stored = call
        .recordings
        .into_iter()
        .filter(|it| it.status == "completed");
    let address = |it: super::shapes::Recording| {
        let sid = it.recording_sid?;
        let play = format!("{path}/recording/{}/play", segment(&it.id));
        Some((sid, play))
    };
    stored.filter_map(address).collect()
}

fn shown(answer: Answer, kept: &[(String, String)]) -> Shown {
    let sid = answer.sound().unwrap_or_default();
    let found = kept.iter().find(|(known, _)| known == sid);
    let play = found.map(|(_, play)| play.clone());
    Shown { answer, play }
}

/// `POST /console/interviews/{id}/review`: a person's note and score, beside AI's.
pub async fn review(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/api/interviews/{}/reviews/", segment(&id));
    let mut body = json!({ "note": sent.field("note"), "replaces": sent.field("seen") });
    for name in ["question_number", "score"] {
        let text = sent.field(name);
        if !text.is_empty() {
            // What is no number is refused by the API, in its own words.
            body[name] = text
                .parse::<u32>()
                .map_or(json!(text), |number| json!(number));
        }
    }
    if !sent.field("recommendation").is_empty() {
        body["recommendation"] = json!(sent.field("recommendation"));
    }
    let order = Order {
        method: Method::POST,
        path: &path,
        body: Some(&body),
        once: sent.field("once"),
        action: "interview.review",
        subject: &id,
    };
    let back = format!("/console/interviews/{}?said=review", segment(&id));
    order.carry_out(&state, &sent, &back).await
}

/// `POST /console/interviews/{id}/next`: moves a live one on by hand.
pub async fn next(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let order = Order {
        method: Method::POST,
        path: &format!("/api/interviews/{}/flow/", segment(&id)),
        body: Some(&json!({})),
        once: "",
        action: "interview.next",
        subject: &id,
    };
    let back = format!("/console/interviews/{}?said=next", segment(&id));
    order.carry_out(&state, &sent, &back).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quote_is_marked_where_it_stands() {
        let mut answer = Answer {
            transcript: Some("I led a team. It went well.".to_owned()),
            quote: "a team".to_owned(),
            ..Answer::default()
        };
        assert_eq!(
            answer.marked(),
            Some(("I led ", "a team", ". It went well."))
        );
        "two teams".clone_into(&mut answer.quote);
        assert_eq!(answer.marked(), None);
        answer.quote.clear();
        assert_eq!(answer.marked(), None);
    }
}
