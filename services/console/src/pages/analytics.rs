//! Counts by day, as a chart, a table and a file.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{Duration, NaiveDate};
use futures::future::{join3, join4};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::chart;
use super::days::{Day, Summary, begin_of, end_of};
use super::figure::{self, Figure};
use super::figures::{self, Counts};
use super::format::{address, duration};
use super::html::{PageError, Shell, page};
use super::session::SignedIn;
use super::tenants::{Tenant, choices};
use crate::state::State;

/// The period; unset: the last four weeks.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Period {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// Only this tenant's.
    tenant: String,
}

#[derive(Template)]
#[template(path = "analytics.html")]
struct AnalyticsPage {
    shell: Shell,
    from: String,
    to: String,
    tenant: String,
    tenants: Vec<Tenant>,
    days: Vec<Day>,
    chart: String,
    totals: Vec<(&'static str, String)>,
    csv: String,
    figures: Vec<Figure>,
    all_csv: String,
}

fn bounds(state: &State, period: &Period) -> (String, String) {
    let today = state.clock.now().date_naive();
    let day = |text: &str, unset: NaiveDate| text.parse::<NaiveDate>().unwrap_or(unset).to_string();
    let from = day(&period.from, today - Duration::days(27));
    (from, day(&period.to, today))
}

/// `/console/analytics`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    period: web::Query<Period>,
) -> Result<HttpResponse, PageError> {
    let (from, to) = bounds(&state, &period);
    let path = path(&from, &to, &period.tenant);
    let mut shell = Shell::new(&who.0, "analytics", "Analytics");
    let summary = state.api.get::<Value>(&who.0, &path);
    let counts = counts(&state, &who, &period);
    let (summary, counts, tenants) = join3(summary, counts, choices(&state.api, &who.0)).await;
    let (mut counts, missing) = counts;
    shell.faults.extend(missing);
    counts.calls = shell.or_missing("Counts by day", summary);
    let summary = Summary::deserialize(&counts.calls);
    let mut summary = summary.unwrap_or_default();
    if summary.total() == 0 {
        // Days without a call are counted, too.
        summary.days.clear();
    }
    let filters = [
        ("from", from.as_str()),
        ("to", &to),
        ("tenant", &period.tenant),
    ];
    page(&AnalyticsPage {
        shell,
        chart: chart::days(&summary.days),
        totals: totals(&summary),
        csv: address("/console/analytics/calls.csv", &filters),
        all_csv: address("/console/analytics/all.csv", &filters),
        figures: figures::all(&counts),
        days: summary.days,
        tenant: period.tenant.clone(),
        tenants,
        from,
        to,
    })
}

/// What the other roles count, and what could not be counted.
async fn counts(state: &State, who: &SignedIn, period: &Period) -> (Counts, Vec<String>) {
    let (from, to) = bounds(state, period);
    let filters = [
        ("from", from.as_str()),
        ("to", &to),
        ("tenant", &period.tenant),
    ];
    let of = async |what: &str, path: &str| {
        let found = state
            .api
            .get::<Value>(&who.0, &address(path, &filters))
            .await;
        found.map_err(|missing| format!("{what}: {}", missing.words()))
    };
    let (latency, conversations, interviews, recordings) = join4(
        of("Latency", "/calls/latency"),
        of("Conversations", "/conversations/summary"),
        of("Interviews", "/api/interviews/summary"),
        of("Recordings", "/api/recordings/summary"),
    )
    .await;
    let mut missing = Vec::new();
    let mut or_said = |found: Result<Value, String>| {
        found.unwrap_or_else(|why| {
            missing.push(why);
            Value::Null
        })
    };
    let counts = Counts {
        calls: Value::Null,
        latency: or_said(latency),
        conversations: or_said(conversations),
        interviews: or_said(interviews),
        recordings: or_said(recordings),
    };
    (counts, missing)
}

/// `/console/analytics/all.csv`: every table of the page.
pub async fn all(
    state: web::Data<State>,
    who: SignedIn,
    period: web::Query<Period>,
) -> Result<HttpResponse, PageError> {
    let (from, to) = bounds(&state, &period);
    let (mut counts, _) = counts(&state, &who, &period).await;
    let calls = state
        .api
        .get(&who.0, &path(&from, &to, &period.tenant))
        .await;
    counts.calls = calls.unwrap_or_default();
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("cache-control", "private, no-store"))
        .insert_header(("content-disposition", "attachment; filename=analytics.csv"))
        .insert_header(("x-content-type-options", "nosniff"))
        .body(figure::csv(&figures::all(&counts))))
}

fn path(from: &str, to: &str, tenant: &str) -> String {
    let filters = [
        ("from", &*begin_of(from)),
        ("to", &*end_of(to)),
        ("tenant", tenant),
    ];
    address("/calls/summary", &filters)
}

fn totals(summary: &Summary) -> Vec<(&'static str, String)> {
    let (total, answered) = (summary.total(), summary.answered());
    let settled = answered + summary.missed();
    let rate = match settled {
        0 => "—".to_owned(),
        _ => format!("{} %", answered * 100 / settled),
    };
    let talked: i64 = summary.days.iter().map(|it| it.duration_s).sum();
    let mut totals = vec![
        ("Calls", total.to_string()),
        ("Answered", answered.to_string()),
        ("Missed", summary.missed().to_string()),
        ("Answer rate", rate),
    ];
    if talked > 0 {
        totals.push(("Time on the line", duration(talked)));
    }
    totals
}

/// `/console/analytics/calls.csv`.
pub async fn csv(
    state: web::Data<State>,
    who: SignedIn,
    period: web::Query<Period>,
) -> Result<HttpResponse, PageError> {
    let (from, to) = bounds(&state, &period);
    let path = path(&from, &to, &period.tenant);
    let summary: Summary = state.api.get(&who.0, &path).await?;
    let row = |it: &Day| {
        let day: String = it
            .day
            .chars()
            .filter(|c| c.is_ascii_digit() || *c == '-')
            .collect();
        format!(
            "{day},{},{},{},{}\r\n",
            it.answered,
            it.missed,
            it.other(),
            it.total
        )
    };
    let rows: String = summary.days.iter().map(row).collect();
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("cache-control", "private, no-store"))
        .insert_header(("content-disposition", "attachment; filename=calls.csv"))
        .body(format!("day,answered,missed,other,total\r\n{rows}")))
}
