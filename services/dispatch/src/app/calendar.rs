//! Which appointments are free, and how a text says them.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Weekday};
use chrono_tz::Tz;
use clock::Time;
use events::v1::Slot;
use role::Tx;

use super::business::{Business, moment};
use super::human::rfc3339;
use crate::db;

/// How soon an appointment may begin.
const LEAD_TIME: TimeDelta = TimeDelta::minutes(60);
/// How long a proposal keeps its place.
pub const PROPOSED: TimeDelta = TimeDelta::hours(24);
/// How many are offered.
const MOST: usize = 12;
/// How far a calendar may look.
const MOST_DAYS: u32 = 90;

/// An appointment that may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    /// When it begins.
    pub starts_at: Time,
    /// When it ends.
    pub ends_at: Time,
}

/// The free appointments, those first that fit what the customer wishes; `thread` does not stand in its own way.
pub async fn free(
    tx: &mut Tx,
    business: Business<'_>,
    at: Time,
    wish: &str,
    thread: &str,
) -> Result<Vec<Free>, store::Error> {
    let all = all(business, at);
    let (Some(first), Some(last)) = (all.first(), all.last()) else {
        return Ok(all);
    };
    let between = (first.starts_at - TimeDelta::days(1), last.ends_at);
    let tenant = &business.tenant.tenant_id;
    let taken = db::bookings_between(tx, tenant, between, at - PROPOSED).await?;
    let capacity = business.calendar().map_or(0, |it| it.capacity as usize);
    let is_free = |slot: &Free| {
        let overlaps = taken.iter().filter(|it| {
            let own = it.conversation_id == thread && it.status == "tentative";
            !own && it.starts_at.0 < slot.ends_at && it.ends_at.0 > slot.starts_at
        });
        overlaps.count() < capacity
    };
    let mut free: Vec<Free> = all.into_iter().filter(is_free).collect();
    let wish = Wish::read(wish, business.local(at));
    // Stable: among equals the earlier comes first.
    free.sort_by_key(|slot| std::cmp::Reverse(wish.fit(business.local(slot.starts_at))));
    free.truncate(MOST);
    Ok(free)
}

/// Every appointment of the calendar from now on.
fn all(business: Business<'_>, at: Time) -> Vec<Free> {
    let Some(calendar) = business.calendar() else {
        return Vec::new();
    };
    let zone = business.zone();
    let today = business.local(at).date_naive();
    let days = today
        .iter_days()
        .take(calendar.days_ahead.min(MOST_DAYS) as usize + 1);
    let blocked = |day: &chrono::NaiveDate| calendar.blocked.contains(&day.to_string());
    let mut slots = Vec::new();
    for day in days.filter(|day| !blocked(day)) {
        for (from, to) in business.hours_on(day) {
            let starts = (from..to).step_by(calendar.slot_min as usize);
            for start in starts.filter(|start| start + calendar.slot_min <= to) {
                let begins = moment(zone, day, start);
                let ends = moment(zone, day, start + calendar.slot_min);
                if let (Some(starts_at), Some(ends_at)) = (begins, ends)
                    && starts_at >= at + LEAD_TIME
                {
                    slots.push(Free { starts_at, ends_at });
                }
            }
        }
    }
    slots
}

impl Free {
    /// As a model gets it.
    pub fn to_slot(self, zone: Tz) -> Slot {
        Slot {
            starts_at: rfc3339(self.starts_at),
            ends_at: rfc3339(self.ends_at),
            label: label(self.starts_at, self.ends_at, zone),
        }
    }
}

/// `Tue Dec 1, 8-10 AM`.
pub fn label(starts_at: Time, ends_at: Time, zone: Tz) -> String {
    let (start, end) = (starts_at.with_timezone(&zone), ends_at.with_timezone(&zone));
    let hour = |at: &DateTime<Tz>| {
        let (_, hour) = at.hour12();
        if at.minute() == 0 {
            hour.to_string()
        } else {
            format!("{hour}:{:02}", at.minute())
        }
    };
    let half = |at: &DateTime<Tz>| if at.hour12().0 { "PM" } else { "AM" };
    let from = if half(&start) == half(&end) {
        hour(&start)
    } else {
        format!("{} {}", hour(&start), half(&start))
    };
    format!(
        "{}, {from}-{} {}",
        start.format("%a %b %-d"),
        hour(&end),
        half(&end)
    )
}

/// What a customer says about the time.
#[derive(Debug, Default)]
struct Wish {
    day: Option<chrono::NaiveDate>,
    weekday: Option<Weekday>,
    hours: Option<(u32, u32)>,
}

impl Wish {
    fn read(text: &str, now: DateTime<Tz>) -> Self {
        let text = text.to_lowercase();
        let words: Vec<&str> = text
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        let mut wish = Self::default();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            match *word {
                "today" | "tonight" => wish.day = Some(now.date_naive()),
                "tomorrow" => wish.day = now.date_naive().succ_opt(),
                "morning" => wish.hours = Some((0, 12)),
                "noon" => wish.hours = Some((11, 14)),
                "afternoon" => wish.hours = Some((12, 17)),
                "evening" => wish.hours = Some((16, 24)),
                _ => {}
            }
            // "may" and "sat" are words of their own; a weekday has six letters at least.
            if word.len() >= 6
                && let Ok(day) = word.parse::<Weekday>()
            {
                wish.weekday = Some(day);
            }
            if let Some(hour) = hour(word, next) {
                wish.hours = Some((hour, hour + 1));
            }
        }
        wish
    }

    /// How well an appointment fits.
    fn fit(&self, start: DateTime<Tz>) -> u32 {
        let day = match (self.day, self.weekday) {
            (Some(day), _) => Some(start.date_naive() == day),
            (None, Some(weekday)) => Some(start.weekday() == weekday),
            (None, None) => None,
        };
        let hours = self
            .hours
            .map(|(from, to)| (from..to).contains(&start.hour()));
        let points = |fits: Option<bool>, worth: u32| if fits == Some(true) { worth } else { 0 };
        points(day, 2) + points(hours, 1)
    }
}

/// `5pm`, `5 pm`, `10am`.
fn hour(word: &str, next: &str) -> Option<u32> {
    let (digits, half) = match word.strip_suffix("pm").or_else(|| word.strip_suffix("am")) {
        Some(digits) => (digits, word.get(digits.len()..)?),
        None => (word, next),
    };
    let hour: u32 = digits.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    match half {
        "am" => Some(hour % 12),
        "pm" => Some(hour % 12 + 12),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::v1::offer::Calendar;
    use events::v1::{Offer, OpenHours, TenantContext};

    fn tenant() -> TenantContext {
        let weekdays = (1..=5).map(|weekday| OpenHours {
            weekday,
            from_minute: 480,
            to_minute: 720,
        });
        TenantContext {
            timezone: "America/Los_Angeles".into(),
            hours: weekdays.collect(),
            offer: Some(Offer {
                calendar: Some(Calendar {
                    slot_min: 120,
                    days_ahead: 7,
                    capacity: 1,
                    blocked: vec!["2026-12-02".into()],
                }),
                ..Offer::default()
            }),
            ..TenantContext::default()
        }
    }

    #[test]
    fn appointments_keep_hours_blocked_days_and_lead_time() {
        let tenant = tenant();
        let business = Business::of(&tenant);
        // Monday November 30, 9:30 there.
        let at = "2026-11-30T17:30:00Z".parse().unwrap();
        let labels: Vec<String> = all(business, at)
            .into_iter()
            .map(|slot| slot.to_slot(business.zone()).label)
            .collect();
        assert_eq!(
            labels,
            [
                "Tue Dec 1, 8-10 AM",
                "Tue Dec 1, 10 AM-12 PM",
                "Thu Dec 3, 8-10 AM",
                "Thu Dec 3, 10 AM-12 PM",
                "Fri Dec 4, 8-10 AM",
                "Fri Dec 4, 10 AM-12 PM",
                "Mon Dec 7, 8-10 AM",
                "Mon Dec 7, 10 AM-12 PM",
            ]
        );
    }

    #[test]
    fn wish_prefers_its_day_then_its_hour() {
        let tenant = tenant();
        let business = Business::of(&tenant);
        let at: Time = "2026-11-30T17:30:00Z".parse().unwrap();
        for (text, best) in [
            ("", "Tue Dec 1, 8-10 AM"),
            ("friday morning please", "Fri Dec 4, 8-10 AM"),
            ("Thursday at 10 am?", "Thu Dec 3, 10 AM-12 PM"),
            ("10am", "Tue Dec 1, 10 AM-12 PM"),
        ] {
            let wish = Wish::read(text, business.local(at));
            let mut slots = all(business, at);
            slots.sort_by_key(|slot| std::cmp::Reverse(wish.fit(business.local(slot.starts_at))));
            assert_eq!(slots[0].to_slot(business.zone()).label, best, "{text}");
        }
    }
}
