//! When nobody is called.

use chrono::{Days, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use clock::Time;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The hours in which nobody is called, in the candidate's own time zone. Over midnight when `from` is the later one. In the United
/// States solicitations are allowed from 8:00 to 21:00 at the called party's place (47 CFR 64.1200).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// `21:00`
    #[serde(serialize_with = "write", deserialize_with = "read")]
    #[schemars(with = "String")]
    pub from: NaiveTime,
    /// `08:00`
    #[serde(serialize_with = "write", deserialize_with = "read")]
    #[schemars(with = "String")]
    pub to: NaiveTime,
}

fn write<S: Serializer>(time: &NaiveTime, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&time.format("%H:%M"))
}

fn read<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(from)?;
    NaiveTime::parse_from_str(&text, "%H:%M")
        .map_err(|_| D::Error::custom("is no time of day such as 21:00"))
}

impl QuietHours {
    /// As they travel, in minutes since midnight; none where they are no hours.
    pub fn of_minutes(from: u32, to: u32) -> Option<Self> {
        let time =
            |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute % 1440 * 60, 0);
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(Self { from, to })
    }

    /// When they end, if `at` is within them. `zone` is an IANA name; one that is not known counts as UTC.
    pub fn end(&self, at: Time, zone: &str) -> Option<Time> {
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let local = at.with_timezone(&zone);
        let (time, over_midnight) = (local.time(), self.from > self.to);
        let quiet = if over_midnight {
            time >= self.from || time < self.to
        } else {
            time >= self.from && time < self.to
        };
        if !quiet {
            return None;
        }
        let tomorrow = over_midnight && time >= self.from;
        let day = local
            .date_naive()
            .checked_add_days(Days::new(u64::from(tomorrow)))?;
        instant(day.and_time(self.to), zone)
    }

    /// When they begin next, seen from a time outside of them. `zone` as for [`QuietHours::end`].
    pub fn next_start(&self, at: Time, zone: &str) -> Option<Time> {
        if self.from == self.to {
            return None;
        }
        let zone: Tz = zone.parse().unwrap_or(Tz::UTC);
        let today = at.with_timezone(&zone).date_naive();
        let days = [Some(today), today.checked_add_days(Days::new(1))];
        days.into_iter()
            .flatten()
            .filter_map(|day| instant(day.and_time(self.from), zone))
            .find(|start| *start > at)
    }
}

/// The moment of a local time. In an hour that the clocks skip it is when they have.
fn instant(mut local: NaiveDateTime, zone: Tz) -> Option<Time> {
    for _ in 0..4 {
        if let Some(found) = zone.from_local_datetime(&local).latest() {
            return Some(found.with_timezone(&Utc));
        }
        local += chrono::Duration::minutes(30);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    #[test]
    fn nights_end_in_the_morning_of_the_persons_zone() {
        let night: QuietHours =
            serde_json::from_str(r#"{"from": "21:00", "to": "08:00"}"#).unwrap();
        let end = |time: &str| night.end(at(time), "America/New_York");
        assert_eq!(end("2026-11-21T20:00:00Z"), None);
        assert_eq!(
            end("2026-11-22T02:00:00Z"),
            Some(at("2026-11-22T13:00:00Z"))
        );
        assert_eq!(
            end("2026-11-22T12:59:00Z"),
            Some(at("2026-11-22T13:00:00Z"))
        );
        assert_eq!(end("2026-11-22T13:00:00Z"), None);
        assert_eq!(
            serde_json::to_string(&night).unwrap(),
            r#"{"from":"21:00","to":"08:00"}"#
        );
    }

    #[test]
    fn quiet_hours_begin_next_today_or_tomorrow() {
        let night: QuietHours =
            serde_json::from_str(r#"{"from": "21:00", "to": "08:00"}"#).unwrap();
        let next = |time: &str| night.next_start(at(time), "America/New_York");
        assert_eq!(
            next("2026-11-21T20:00:00Z"),
            Some(at("2026-11-22T02:00:00Z"))
        );
        assert_eq!(
            next("2026-11-22T02:00:00Z"),
            Some(at("2026-11-23T02:00:00Z"))
        );
        let never = QuietHours {
            to: night.from,
            ..night
        };
        assert_eq!(never.next_start(at("2026-11-21T20:00:00Z"), "UTC"), None);
    }

    #[test]
    fn day_may_be_quiet_and_a_skipped_hour_ends() {
        let noon = QuietHours {
            from: NaiveTime::from_hms_opt(12, 0, 0).unwrap(),
            to: NaiveTime::from_hms_opt(14, 0, 0).unwrap(),
        };
        assert_eq!(
            noon.end(at("2026-11-21T13:00:00Z"), "UTC"),
            Some(at("2026-11-21T14:00:00Z"))
        );
        assert_eq!(noon.end(at("2026-11-21T15:00:00Z"), "nowhere"), None);
        let skipped = QuietHours {
            from: NaiveTime::from_hms_opt(1, 0, 0).unwrap(),
            to: NaiveTime::from_hms_opt(2, 30, 0).unwrap(),
        };
        // 2026-03-29, 2:00 becomes 3:00 in Berlin.
        assert_eq!(
            skipped.end(at("2026-03-29T00:30:00Z"), "Europe/Berlin"),
            Some(at("2026-03-29T01:00:00Z"))
        );
    }
}
