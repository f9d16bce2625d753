//! How many calls there were, and how they went.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller, Query};
use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use super::filter::SummaryQuery;
use crate::app::call_update::quarter_of;
use crate::db;

/// Calls by day, and by hour and weekday.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    /// The time zone of the days and hours.
    timezone: String,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// All days together.
    total: Counts,
    /// Every day of the range, also those without calls.
    days: Vec<Day>,
    /// Every hour of a week in which there were calls.
    hours: Vec<Hour>,
}

/// How many calls, by outcome.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Counts {
    calls: i64,
    answered: i64,
    missed: i64,
    failed: i64,
    /// Not settled yet.
    open: i64,
}

/// One day.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Day {
    /// As 2026-11-29.
    day: String,
    #[serde(flatten)]
    counts: Counts,
}

/// One hour of the week, all weeks together.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Hour {
    /// 1 is Monday, 7 is Sunday.
    weekday: u32,
    /// 0 to 23.
    hour: u32,
    answered: i64,
    missed: i64,
}

impl Counts {
    fn add(&mut self, outcome: &str, count: i64) {
        self.calls += count;
        match outcome {
            "answered" => self.answered += count,
            "missed" => self.missed += count,
            "failed" => self.failed += count,
            _ => self.open += count,
        }
    }
}

pub async fn show(
    state: web::Data<State>,
    caller: Caller,
    query: Query<SummaryQuery>,
) -> Result<HttpResponse, ApiError> {
    let (zone, since, until) = query.range(state.clock.now())?;
    let tenant = caller.only_tenant(query.tenant.as_deref())?;
    // A quarter that has begun counts as a whole.
    let last = quarter_of(until - TimeDelta::milliseconds(1)) + 1;
    let mut tx = state.store.read().await?;
    let rows = db::call_counts(&mut tx, tenant.as_deref(), quarter_of(since), last).await?;
    Ok(HttpResponse::Ok().json(summary(zone, since, until, &rows)))
}

fn summary(
    zone: Tz,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    rows: &[(i64, String, i64)],
) -> Summary {
    let mut total = Counts::default();
    let mut days: BTreeMap<NaiveDate, Counts> = BTreeMap::new();
    let last = (to - TimeDelta::milliseconds(1))
        .with_timezone(&zone)
        .date_naive();
    let first = from.with_timezone(&zone).date_naive();
    for day in first.iter_days().take_while(|day| *day <= last) {
        days.insert(day, Counts::default());
    }
    let mut hours: BTreeMap<(u32, u32), Counts> = BTreeMap::new();
    for (quarter, outcome, count) in rows {
        let Some(at) = DateTime::from_timestamp(quarter * 900, 0) else {
            continue;
        };
        let at = at.with_timezone(&zone);
        total.add(outcome, *count);
        days.entry(at.date_naive())
            .or_default()
            .add(outcome, *count);
        let hour = (at.weekday().number_from_monday(), at.hour());
        hours.entry(hour).or_default().add(outcome, *count);
    }
    Summary {
        timezone: zone.name().to_owned(),
        from,
        to,
        total,
        days: days
            .into_iter()
            .map(|(day, counts)| Day {
                day: day.to_string(),
                counts,
            })
            .collect(),
        hours: hours
            .into_iter()
            .map(|((weekday, hour), counts)| Hour {
                weekday,
                hour,
                answered: counts.answered,
                missed: counts.missed,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_fall_on_the_days_and_hours_of_the_time_zone() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        // 19:45 UTC on Sunday is 01:15 on Monday in Kolkata.
        let rows = [
            (
                quarter_of(at("2026-11-29T19:45:00Z")),
                "missed".to_owned(),
                2,
            ),
            (
                quarter_of(at("2026-11-29T10:00:00Z")),
                "answered".to_owned(),
                3,
            ),
            (quarter_of(at("2026-11-29T10:00:00Z")), String::new(), 1),
        ];
        let zone: Tz = "Asia/Kolkata".parse().unwrap();
        let it = summary(
            zone,
            at("2026-11-28T18:30:00Z"),
            at("2026-11-30T18:30:00Z"),
            &rows,
        );
        let days: Vec<_> = it
            .days
            .iter()
            .map(|it| (it.day.as_str(), it.counts.calls, it.counts.missed))
            .collect();
        assert_eq!(days, [("2026-11-29", 4, 0), ("2026-11-30", 2, 2)]);
        assert_eq!((it.total.calls, it.total.open), (6, 1));
        let hours: Vec<_> = it.hours.iter().map(|it| (it.weekday, it.hour)).collect();
        assert_eq!(hours, [(1, 1), (7, 15)]);
    }
}
