//! What a business says of itself, as far as answers rest on it.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use chrono_tz::Tz;
use clock::Time;
use events::v1::TenantContext;
use events::v1::offer::{Calendar, Service};

/// The hours of a business that has told none.
const USUAL: (u32, u32) = (8 * 60, 18 * 60);

/// A view of a tenant.
#[derive(Clone, Copy)]
pub struct Business<'a> {
    /// The tenant.
    pub tenant: &'a TenantContext,
}

impl<'a> Business<'a> {
    /// Of this tenant.
    pub fn of(tenant: &'a TenantContext) -> Self {
        Self { tenant }
    }

    /// Whether the operator of the platform has suspended it, or its number: nothing new is sent for it.
    pub fn is_suspended(&self) -> bool {
        let number = self.tenant.number.as_ref();
        number.is_some_and(|number| number.status == "suspended")
    }

    /// Where its clock stands.
    pub fn zone(&self) -> Tz {
        self.tenant.timezone.parse().unwrap_or(Tz::UTC)
    }

    /// Its own time.
    pub fn local(&self, at: Time) -> DateTime<Tz> {
        at.with_timezone(&self.zone())
    }

    /// What it offers.
    pub fn services(&self) -> &'a [Service] {
        self.tenant
            .offer
            .as_ref()
            .map_or(&[], |offer| offer.services.as_slice())
    }

    /// Its calendar; none: nothing can be booked.
    pub fn calendar(&self) -> Option<&'a Calendar> {
        let calendar = self.tenant.offer.as_ref()?.calendar.as_ref()?;
        Some(calendar).filter(|it| it.slot_min > 0 && it.capacity > 0)
    }

    /// Where it works, in words.
    pub fn area(&self) -> &'a str {
        let area = self
            .tenant
            .offer
            .as_ref()
            .and_then(|offer| offer.service_area.as_ref());
        area.map_or("", |area| area.text.as_str())
    }

    /// Whether it works at an address; none: the address does not say.
    pub fn covers(&self, address: &str) -> Option<bool> {
        let area = self.tenant.offer.as_ref()?.service_area.as_ref()?;
        if area.postal_codes.is_empty() {
            return None;
        }
        let words = address.split(|c: char| !c.is_alphanumeric());
        // The first number of an address is the house's, the last its postal code.
        let last = words
            .filter(|word| {
                let mut codes = area.postal_codes.iter();
                codes.any(|code| code.len() == word.len())
            })
            .rfind(|word| word.chars().any(|c| c.is_ascii_digit()))?;
        let is_house = address.trim_start().starts_with(last);
        (!is_house).then(|| {
            area.postal_codes
                .iter()
                .any(|code| code.eq_ignore_ascii_case(last))
        })
    }

    /// Whether it is open. One that has told no hours always is.
    pub fn is_open(&self, at: Time) -> bool {
        if self.tenant.hours.is_empty() {
            return true;
        }
        let local = self.local(at);
        let minute = local.hour() * 60 + local.minute();
        self.hours_on(local.date_naive())
            .iter()
            .any(|(from, to)| (*from..*to).contains(&minute))
    }

    /// When it is open on a day, in minutes since midnight.
    pub fn hours_on(&self, day: NaiveDate) -> Vec<(u32, u32)> {
        if self.tenant.hours.is_empty() {
            return vec![USUAL];
        }
        let weekday = day.weekday().number_from_monday();
        let of_day = self.tenant.hours.iter().filter(|it| it.weekday == weekday);
        of_day.map(|it| (it.from_minute, it.to_minute)).collect()
    }

    /// Whether it does a job: by the words of its services. None: it has told no services.
    pub fn offers(&self, job: &str) -> Option<bool> {
        let services = self.services();
        (!services.is_empty()).then(|| self.service_for(job).is_some())
    }

    /// The service that a job's words name.
    pub fn service_for(&self, job: &str) -> Option<&'a Service> {
        let job = job.to_lowercase();
        let named = |service: &&Service| {
            let name = service.name.to_lowercase();
            let mut words = name
                .split(|c: char| !c.is_alphanumeric())
                .filter(|word| word.len() >= 4);
            name == job || words.any(|word| !PLAIN.contains(&word) && job.contains(word))
        };
        self.services().iter().find(named)
    }
}

/// Words of a service's name that say nothing of the job.
const PLAIN: &[&str] = &[
    "service",
    "repair",
    "repairs",
    "installation",
    "call",
    "visit",
    "general",
];

/// A minute of a local day as a time; none where the clock is put forward over it.
pub fn moment(zone: Tz, day: NaiveDate, minute: u32) -> Option<Time> {
    let (day, minute) = if minute >= 1440 {
        (day.succ_opt()?, minute - 1440)
    } else {
        (day, minute)
    };
    let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0)?;
    let local = day.and_time(time).and_local_timezone(zone).earliest()?;
    Some(local.to_utc())
}
