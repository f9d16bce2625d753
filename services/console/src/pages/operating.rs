//! Health, what `doctor` knows, dead letters, effects, Twilio, queues and outboxes.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use futures::future::{join, join4};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::audit::note;
use super::doctor::{self, Check};
use super::flash::Flash;
use super::format::{When, tone};
use super::html::{PageError, Shell, page, see};
use super::session::{Sent, SignedIn};
use super::shapes::List;
use crate::api::segment;
use crate::state::State;

/// An event that could not be handled.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DeadLetter {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub queue: String,
    pub reason: String,
    pub attempts: i64,
    pub died_at: Option<DateTime<Utc>>,
    pub event: Value,
}

impl DeadLetter {
    fn when(&self) -> Option<When> {
        self.died_at.map(When)
    }

    /// The CallSid or conversation that it belongs to.
    pub fn key(&self) -> &str {
        self.event["key"].as_str().unwrap_or_default()
    }

    /// The event, for people.
    pub fn shown(&self) -> String {
        serde_json::to_string_pretty(&self.event).unwrap_or_default()
    }
}

/// Something that was asked of Twilio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Effect {
    pub kind: String,
    pub to: String,
    pub state: String,
    pub reason: Option<String>,
    pub sid: Option<String>,
    pub code: i64,
    pub attempts: i64,
    pub started_at: Option<DateTime<Utc>>,
}

impl Effect {
    fn tone(&self) -> &'static str {
        tone(&self.state)
    }

    fn when(&self) -> Option<When> {
        self.started_at.map(When)
    }

    /// Whether it is a text that will never be sent.
    pub fn is_failed_text(&self) -> bool {
        self.kind == "message.send" && self.state == "refused"
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Twilio {
    base_url: String,
    public_url: String,
    accounts: Vec<Account>,
    last_errors: Vec<Refusal>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Account {
    account_sid: String,
    credentials: String,
}

impl Account {
    fn tone(&self) -> &'static str {
        tone(&self.credentials)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    at: Option<DateTime<Utc>>,
    operation: String,
    code: Option<u32>,
}

impl Refusal {
    fn when(&self) -> Option<When> {
        self.at.map(When)
    }
}

#[derive(Template)]
#[template(path = "operating.html")]
struct OperatingPage {
    shell: Shell,
    checks: Vec<Check>,
    /// How many of them are no fault.
    well: usize,
    versions: Vec<(String, String)>,
    /// Queues, outboxes and spools that hold something, the fullest first.
    waiting: Vec<(String, i64)>,
    /// And those that hold nothing.
    empty: Vec<String>,
    dead: Vec<DeadLetter>,
    /// Kinds of which there are several.
    kinds: Vec<(String, usize)>,
    effects: Vec<Effect>,
    twilio: Twilio,
    emulated: bool,
}

const MESSAGES: [(&str, &str); 1] = [("replayed", "The event was given back to its queue.")];

/// `/console/operating`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let owner = operator.may_administer();
    let dead = async {
        match owner {
            true => {
                let path = "/api/dead-letters/?limit=100";
                api.get::<List<DeadLetter>>(operator, path).await
            }
            false => Ok(List::default()),
        }
    };
    let figures = async {
        match owner {
            true => api.get::<Value>(operator, "/api/operating/").await,
            false => Ok(Value::Null),
        }
    };
    let (health, (figures, dead), effects, twilio) = join4(
        api.get::<Value>(operator, "/health/ready"),
        join(figures, dead),
        api.get::<List<Effect>>(operator, "/api/effects/?limit=50"),
        api.get::<Value>(operator, "/api/twilio/debug/"),
    )
    .await;
    // Not at every webhook: Twilio is asked each time.
    let mut shell =
        Shell::new(operator, "operating", "Operating").live("message.# call.# number.#");
    shell.done = flash.among(&MESSAGES);
    let health = shell.or_missing("Health", health);
    let dead = shell.or_missing("Dead letters", dead).items;
    // A tenant's owner has no queues of the platform.
    let figures = figures.unwrap_or_default();
    let twilio = shell.or_missing("Twilio", twilio);
    let checks = doctor::checks(api, operator, &health, &twilio).await;
    let (waiting, empty): (Vec<_>, Vec<_>) = depths(&figures)
        .into_iter()
        .partition(|(_, depth)| *depth > 0);
    page(&OperatingPage {
        well: checks.iter().filter(|it| it.verdict != "fault").count(),
        checks,
        versions: versions(&figures),
        waiting,
        empty: empty.into_iter().map(|(name, _)| name).collect(),
        kinds: kinds(&dead),
        dead,
        effects: shell.or_missing("Effects", effects).items,
        twilio: serde_json::from_value(twilio).unwrap_or_default(),
        shell,
        emulated: state.emulated(),
    })
}

/// The kinds of which there are several, with how many.
fn kinds(dead: &[DeadLetter]) -> Vec<(String, usize)> {
    let mut counts = BTreeMap::new();
    for letter in dead {
        *counts.entry(letter.kind.clone()).or_insert(0) += 1;
    }
    counts.into_iter().filter(|(_, count)| *count > 1).collect()
}

/// What runs: the console's own version, and that of the process that answered.
fn versions(figures: &Value) -> Vec<(String, String)> {
    let mut versions = vec![("console".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
    for (name, field) in [
        ("platform", "version"),
        ("commit", "commit"),
        ("status", "status"),
    ] {
        if let Some(value) = figures[field].as_str().filter(|it| !it.is_empty()) {
            versions.push((name.to_owned(), value.to_owned()));
        }
    }
    versions
}

/// What waits in each queue and on each disk.
fn depths(figures: &Value) -> Vec<(String, i64)> {
    let list = |name: &str| figures[name].as_array().cloned().unwrap_or_default();
    let queue = |it: &Value| Some((it["name"].as_str()?.to_owned(), it["ready"].as_i64()?));
    let outbox = |it: &Value| {
        let role = it["role"].as_str()?;
        Some((format!("outbox of {role}"), it["waiting"].as_i64()?))
    };
    let spool = |it: &Value| {
        let role = it["role"].as_str()?;
        Some((format!("spool of {role}"), it["waiting"].as_i64()?))
    };
    let mut depths: Vec<(String, i64)> = list("queues").iter().filter_map(queue).collect();
    depths.extend(list("outboxes").iter().filter_map(outbox));
    depths.extend(list("spools").iter().filter_map(spool));
    // What waits stands first.
    depths.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    depths
}

/// `POST /console/operating/replay`: one, or all of a kind; `call`: the page it was sent from.
pub async fn replay(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    if !sent.operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let kind = sent.field("kind");
    let ids = match kind {
        "" => vec![sent.field("id").to_owned()],
        _ => {
            let path = "/api/dead-letters/?limit=200";
            let dead: List<DeadLetter> = state.api.get(&sent.operator, path).await?;
            let of_kind = dead.items.into_iter().filter(|it| it.kind == kind);
            of_kind.map(|it| it.id).collect()
        }
    };
    for id in &ids {
        let path = format!("/api/dead-letters/{}/replay", segment(id));
        state
            .api
            .send(&sent.operator, Method::POST, &path, None)
            .await?;
        note(&state, &sent.operator, "dead_letter.replay", id).await;
    }
    Ok(match sent.field("call") {
        "" => see("/console/operating?said=replayed"),
        call => see(&format!("/console/calls/{}?said=replayed", segment(call))),
    })
}
