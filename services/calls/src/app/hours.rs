//! Whether a business is open.

use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use clock::Time;
use events::v1::TenantContext;

/// Whether the business is open at this time, by its own clock on the wall. A business without hours is always
/// open, and so is one whose time zone we cannot read: a caller is better forwarded than turned away.
pub fn is_open(tenant: &TenantContext, at: Time) -> bool {
    if tenant.hours.is_empty() {
        return true;
    }
    let Ok(zone) = tenant.timezone.parse::<Tz>() else {
        return true;
    };
    let local = at.with_timezone(&zone);
    let (weekday, minute) = (
        local.weekday().number_from_monday(),
        local.hour() * 60 + local.minute(),
    );
    tenant
        .hours
        .iter()
        .any(|open| open.weekday == weekday && (open.from_minute..open.to_minute).contains(&minute))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::v1::OpenHours;

    fn smith() -> TenantContext {
        // Monday 07:00-18:00 in Los Angeles.
        let monday = OpenHours {
            weekday: 1,
            from_minute: 7 * 60,
            to_minute: 18 * 60,
        };
        TenantContext {
            timezone: "America/Los_Angeles".into(),
            hours: vec![monday],
            ..Default::default()
        }
    }

    #[track_caller]
    fn open_at(tenant: &TenantContext, at: &str) -> bool {
        is_open(tenant, at.parse().unwrap())
    }

    #[test]
    fn by_the_tenants_own_clock() {
        // 2026-11-23 is a Monday; Los Angeles is eight hours behind in winter, seven in summer.
        assert!(!open_at(&smith(), "2026-11-23T14:59:59Z"));
        assert!(open_at(&smith(), "2026-11-23T15:00:00Z"));
        assert!(open_at(&smith(), "2026-11-24T01:59:59Z"));
        assert!(!open_at(&smith(), "2026-11-24T02:00:00Z"));
        assert!(open_at(&smith(), "2026-07-06T14:00:00Z"));
        assert!(
            !open_at(&smith(), "2026-11-22T20:00:00Z"),
            "no hours on Sunday"
        );
    }

    #[test]
    fn without_hours_or_with_an_unknown_zone_always() {
        assert!(open_at(&TenantContext::default(), "2026-11-22T03:00:00Z"));
        let lost = TenantContext {
            timezone: "Mars/Olympus".into(),
            ..smith()
        };
        assert!(open_at(&lost, "2026-11-22T03:00:00Z"));
    }
}
