//! Date filters: `StartTime`, `StartTime<`, `StartTime>`, with a day or a time.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use crate::http::{Exchange, Reply};

/// The wanted span of one date field.
#[derive(Debug, Default)]
pub(super) struct Span {
    from: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
}

impl Span {
    /// Reads the three filters of a field. Both `StartTime<` and the SDKs' way of writing it mean "at or before".
    pub(super) fn read(exchange: &Exchange, field: &str) -> Result<Self, Reply> {
        let read = |name: String| exchange.query.get(&name).map(parse).transpose();
        let mut span = Self {
            from: read(format!("{field}>"))?.map(|(from, _)| from),
            until: read(format!("{field}<"))?.map(|(_, end)| end),
        };
        if let Some((from, until)) = read(field.to_owned())? {
            span = Self {
                from: Some(from),
                until: Some(until),
            };
        }
        Ok(span)
    }

    /// Nothing is wanted, or the date lies within.
    pub(super) fn has(&self, date: Option<DateTime<Utc>>) -> bool {
        match date {
            Some(date) => {
                self.from.is_none_or(|from| date >= from)
                    && self.until.is_none_or(|until| date <= until)
            }
            None => self.from.is_none() && self.until.is_none(),
        }
    }
}

/// The first and the last moment of a day; twice the same for a time.
fn parse(text: &str) -> Result<(DateTime<Utc>, DateTime<Utc>), Reply> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        let start = day.and_time(NaiveTime::MIN).and_utc();
        let end = start.checked_add_days(Days::new(1)).unwrap_or(start);
        return Ok((start, end));
    }
    let time = DateTime::parse_from_rfc3339(text).or_else(|_| DateTime::parse_from_rfc2822(text));
    match time {
        Ok(time) => Ok((time.with_timezone(&Utc), time.with_timezone(&Utc))),
        Err(_) => Err(Reply::refused(
            400,
            20001,
            format!("{text:?} is not a date: use YYYY-MM-DD or RFC 3339"),
        )),
    }
}
