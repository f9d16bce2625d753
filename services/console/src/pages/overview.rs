//! What happens now, what happened today, and what needs a person first.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::{join, join3};

use super::attention::{self, Attention, Found};
use super::days::Summary;
use super::html::{PageError, Shell, page};
use super::session::SignedIn;
use super::shapes::{Call, Interview, List};
use crate::state::State;

struct Tile {
    name: &'static str,
    value: i64,
    href: String,
}

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    tiles: Vec<Tile>,
    attention: Vec<Attention>,
    live: Vec<Call>,
    interviews: Vec<Interview>,
    calls: Vec<Call>,
    emulated: bool,
    public_url: String,
}

/// `/console/`.
pub async fn show(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, PageError> {
    let operator = &who.0;
    let now = state.clock.now();
    let today = now.format("%Y-%m-%d").to_string();
    let api = &state.api;
    let summary_path = format!("/calls/summary?from={today}");
    let ((calls, open), interviews, (summary, mut found)) = join3(
        join(
            api.get::<List<Call>>(operator, "/calls/?limit=50"),
            api.get::<List<Call>>(operator, "/calls/?outcome=open&limit=50"),
        ),
        api.get::<List<Interview>>(operator, "/api/interviews/?limit=20"),
        join(
            api.get::<Summary>(operator, &summary_path),
            attention::find(api, operator, &today),
        ),
    )
    .await;
    found.numbers = state.watch.known(api, operator);
    let mut shell = Shell::new(operator, "overview", "Overview")
        .live("call.# message.# interview.# sms.inbound conversation.# recording.stored");
    let mut calls = shell.or_missing("Calls", calls).items;
    let mut interviews = shell.or_missing("Interviews", interviews).items;
    shell.faults.extend(found.missing.iter().cloned());
    // Without counts by day, the latest page is counted.
    let summary = summary.unwrap_or_else(|_| Summary::of(&calls, &today));
    let mut live = open.unwrap_or_default().items;
    live.retain(Call::is_live);
    interviews.retain(Interview::is_live);
    let tiles = tiles(&summary, &today, live.len(), &found);
    let attention = attention::attention(&found, now);
    calls.truncate(12);
    page(&OverviewPage {
        shell,
        tiles,
        attention,
        live,
        interviews,
        calls,
        emulated: state.emulated(),
        public_url: state.public_url.clone(),
    })
}

fn tiles(summary: &Summary, today: &str, live: usize, found: &Found) -> Vec<Tile> {
    let of_today = |more: &str| format!("/console/calls?from={today}{more}");
    let threads = |filter: &str| format!("/console/conversations{filter}");
    vec![
        tile(
            "Live calls",
            count(live),
            "/console/calls?outcome=open".to_owned(),
        ),
        tile("Calls today", summary.total(), of_today("")),
        tile(
            "Answered",
            summary.answered(),
            of_today("&outcome=answered"),
        ),
        tile("Missed", summary.missed(), of_today("&outcome=missed")),
        tile("Texted back", found.texted_back(), threads("")),
        tile("Booked", found.booked(), threads("")),
        tile(
            "Need a person",
            count(found.need_a_person()),
            threads("?answering=human"),
        ),
        tile(
            "Dead letters",
            count(found.dead()),
            "/console/operating".to_owned(),
        ),
    ]
}

fn count(of: usize) -> i64 {
    i64::try_from(of).unwrap_or(i64::MAX)
}

fn tile(name: &'static str, value: i64, href: String) -> Tile {
    Tile { name, value, href }
}
