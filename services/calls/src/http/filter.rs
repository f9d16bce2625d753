//! What a list of calls is narrowed to, as it stands in the address.

use api::{ApiError, Caller, Limit, Page};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use clock::Time;
use phone::Address;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::db::Filter;

/// The longest text that is searched for.
const LONGEST_Q: usize = 64;
/// The words for an outcome; `open` is a call that has none yet.
const OUTCOMES: [&str; 4] = ["answered", "missed", "failed", "open"];

/// The query of a list of calls.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only `answered`, `missed`, `failed`, or `open`.
    pub outcome: Option<String>,
    /// Only calls with this in one of their numbers, or with this id or CallSid.
    pub q: Option<String>,
    /// Only calls that began then or later: RFC 3339, or a day in UTC. A phone number: only calls from it.
    pub from: Option<String>,
    /// Only calls that began before then: RFC 3339, or a day in UTC that counts as a whole. A phone number: only calls to it.
    pub to: Option<String>,
    /// How many at most, 1 to 200; 50 unless said.
    pub limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// The page that is asked for.
    pub fn page(&self) -> Page {
        Page {
            limit: self.limit,
            cursor: self.cursor.clone(),
        }
    }

    /// As the database takes it; a caller that is bound to a tenant sees that one's alone.
    pub fn filter(&self, caller: &Caller) -> Result<Filter, ApiError> {
        let mut filter = Filter {
            tenant: caller.only_tenant(text(&self.tenant).as_deref())?,
            outcome: outcome(text(&self.outcome))?,
            q: text(&self.q),
            ..Filter::default()
        };
        if filter.q.as_ref().is_some_and(|q| q.len() > LONGEST_Q) {
            return Err(ApiError::invalid("q", "must be 64 characters at most"));
        }
        match text(&self.from).map(|it| end("from", &it)).transpose()? {
            Some(End::Number(number)) => filter.from = Some(number),
            Some(End::At(time) | End::Day(time)) => filter.since = Some(time),
            None => {}
        }
        match text(&self.to).map(|it| end("to", &it)).transpose()? {
            Some(End::Number(number)) => filter.to = Some(number),
            Some(End::At(time)) => filter.until = Some(time),
            Some(End::Day(time)) => filter.until = Some(time + TimeDelta::days(1)),
            None => {}
        }
        Ok(filter)
    }
}

fn text(value: &Option<String>) -> Option<String> {
    let value = value.as_deref().map(str::trim).filter(|it| !it.is_empty());
    value.map(str::to_owned)
}

fn outcome(word: Option<String>) -> Result<Option<String>, ApiError> {
    match word.as_deref() {
        Some("open") => Ok(Some(String::new())),
        Some(word) if !OUTCOMES.contains(&word) => Err(ApiError::invalid(
            "outcome",
            "must be answered, missed, failed or open",
        )),
        _ => Ok(word),
    }
}

/// One end of a range, or of a call.
enum End {
    At(Time),
    Day(Time),
    Number(String),
}

fn end(field: &str, value: &str) -> Result<End, ApiError> {
    if let Ok(time) = DateTime::parse_from_rfc3339(&value.replace(' ', "+")) {
        return Ok(End::At(time.with_timezone(&Utc)));
    }
    if let Ok(day) = value.parse::<NaiveDate>() {
        return Ok(End::Day(day.and_time(chrono::NaiveTime::MIN).and_utc()));
    }
    // A plus that was not escaped has become a space, which is gone by now.
    let number = if value.starts_with(|c: char| c.is_ascii_digit()) {
        format!("+{value}")
    } else {
        value.to_owned()
    };
    match Address::parse(&number).as_e164() {
        Some(number) => Ok(End::Number(number.as_str().to_owned())),
        None => Err(ApiError::invalid(
            field,
            "must be a time such as 2026-11-29T10:00:00Z, a day such as 2026-11-29, or a phone number",
        )),
    }
}

/// The query of a summary.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SummaryQuery {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// The first day, as 2026-11-29, or a time; 30 days back unless said.
    pub from: Option<String>,
    /// The last day, counted as a whole, or a time; now unless said.
    pub to: Option<String>,
    /// Whose days and hours: an IANA name such as Europe/Berlin; UTC unless said.
    pub timezone: Option<String>,
}

/// The most days that are counted at a time.
const MOST_DAYS: i64 = 400;

impl SummaryQuery {
    /// The time zone, and the range in it.
    pub fn range(&self, now: Time) -> Result<(Tz, Time, Time), ApiError> {
        let zone = match text(&self.timezone) {
            Some(name) => name.parse::<Tz>().map_err(|_| {
                ApiError::invalid("timezone", "is not an IANA name such as Europe/Berlin")
            })?,
            None => Tz::UTC,
        };
        let moment = |field: &'static str, text: Option<String>, whole_day: bool| {
            let Some(text) = text else { return Ok(None) };
            match end(field, &text)? {
                End::At(time) => Ok(Some(time)),
                End::Day(day) => {
                    let days = TimeDelta::days(i64::from(whole_day));
                    Ok(Some(midnight(day + days, zone)))
                }
                End::Number(_) => Err(ApiError::invalid(field, "must be a day or a time")),
            }
        };
        let until = moment("to", text(&self.to), true)?.unwrap_or(now);
        let since = moment("from", text(&self.from), false)?
            .unwrap_or_else(|| midnight(until - TimeDelta::days(30), zone));
        if since >= until {
            return Err(ApiError::invalid("from", "must be before to"));
        }
        if until - since > TimeDelta::days(MOST_DAYS) {
            return Err(ApiError::invalid(
                "from",
                "must be 400 days before to at most",
            ));
        }
        Ok((zone, since, until))
    }
}

/// The beginning of a day by a clock on the wall; where it has none, the first moment after it.
fn midnight(day: Time, zone: Tz) -> Time {
    let midnight = day.date_naive().and_time(chrono::NaiveTime::MIN);
    let local = (0..4).find_map(|hour| {
        (midnight + TimeDelta::hours(hour))
            .and_local_timezone(zone)
            .earliest()
    });
    local.map_or(day, |local| local.with_timezone(&Utc))
}
