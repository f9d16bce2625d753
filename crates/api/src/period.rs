//! The query of what is counted: whose, and from when to when.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use clock::Time;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{ApiError, Caller};

/// The most days that are counted at a time.
const MOST_DAYS: i64 = 400;

/// Which of a tenant's things are counted.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// This time, or this day (as 2026-11-29, in UTC), or later; 30 days back unless said.
    pub from: Option<String>,
    /// Before this time, or on this day or before; until now unless said.
    pub to: Option<String>,
}

impl Period {
    /// The first moment, and the first one after it.
    ///
    /// # Errors
    ///
    /// What is neither a day nor a time, an end before its beginning, and more than 400 days.
    pub fn range(&self, now: Time) -> Result<(Time, Time), ApiError> {
        let moment = |field: &str, text: &Option<String>, days: i64| {
            let text = text.as_deref().map(str::trim).filter(|it| !it.is_empty());
            text.map(|text| moment(field, text, days)).transpose()
        };
        let until = moment("to", &self.to, 1)?.unwrap_or(now);
        let since = moment("from", &self.from, 0)?.unwrap_or(until - TimeDelta::days(30));
        if since >= until || until - since > TimeDelta::days(MOST_DAYS) {
            let message = format!("must be before to, by {MOST_DAYS} days at most");
            return Err(ApiError::invalid("from", message));
        }
        Ok((since, until))
    }

    /// The only tenant that is counted; none: all.
    ///
    /// # Errors
    ///
    /// 404 for a tenant that this caller may not see.
    pub fn tenant(&self, caller: &Caller) -> Result<Option<String>, ApiError> {
        caller.only_tenant(self.tenant.as_deref())
    }
}

/// A time, or a day: its beginning, and with `days` of 1 its end.
fn moment(field: &str, text: &str, days: i64) -> Result<Time, ApiError> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::days(days));
    }
    let time = DateTime::parse_from_rfc3339(text);
    time.map(|it| it.with_timezone(&Utc)).map_err(|_| {
        let message = "must be a day such as 2026-11-29, or a time such as 2026-11-29T10:00:00Z";
        ApiError::invalid(field, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_day_counts_whole() {
        let at = |text: &str| text.parse::<Time>().unwrap();
        let now = at("2026-12-05T12:00:00Z");
        let period = |from: &str, to: &str| Period {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            tenant: None,
        };
        let range = period("2026-11-29", "2026-11-30").range(now).unwrap();
        assert_eq!(
            range,
            (at("2026-11-29T00:00:00Z"), at("2026-12-01T00:00:00Z"))
        );
        let range = Period::default().range(now).unwrap();
        assert_eq!(range, (at("2026-11-05T12:00:00Z"), now));
        for (from, to) in [
            ("x", ""),
            ("2026-12-01", "2026-11-01"),
            ("2020-01-01", "2026-01-01"),
        ] {
            assert!(period(from, to).range(now).is_err(), "{from} {to}");
        }
    }
}
