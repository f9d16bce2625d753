//! Reading what a business offers, and telling it.

use chrono::NaiveDate;
use events::v1::{self, offer};
use serde_json::Value;

use super::read::Reader;
pub use crate::db::model::offer::{Calendar, Price, Service, ServiceArea};

/// The most services of a tenant: they travel with each of its texts.
pub const MOST_SERVICES: usize = 100;
/// The most postal codes.
const MOST_POSTAL_CODES: usize = 1_000;
/// The most days that are blocked.
const MOST_BLOCKED: usize = 400;

/// Reads a list, and refuses one that is too long to travel.
pub(super) fn bounded<T>(
    reader: &mut Reader<'_>,
    field: &'static str,
    most: usize,
    read: impl FnOnce(&mut Reader<'_>) -> Vec<T>,
) -> Vec<T> {
    let all = read(reader);
    if all.len() > most {
        reader.fault(field, format!("has more than {most} entries"));
    }
    all
}

pub(super) fn service(it: &mut Reader<'_>) -> Option<Service> {
    it.require("name");
    let name = it.words("name", 100);
    let (price_from, price_to) = (
        it.parse("price_from", Price::parse),
        it.parse("price_to", Price::parse),
    );
    let currency = it.text("currency", |text| {
        let good = text.len() == 3 && text.bytes().all(|b| b.is_ascii_alphabetic());
        if good {
            Ok(text.to_ascii_uppercase())
        } else {
            Err("must be three letters, such as USD")
        }
    });
    if let (Some(Price(from)), Some(Price(to))) = (price_from, price_to)
        && from > to
    {
        it.fault("price_to", "is less than price_from");
    }
    if currency.is_none() && it.value("currency").is_none() && price_from.or(price_to).is_some() {
        it.fault(
            "currency",
            "is missing beside a price; write one such as USD",
        );
    }
    let duration_min = it.number("duration_min", 1, 7 * 24 * 60);
    let emergency = it.flag("emergency").unwrap_or_default();
    Some(Service {
        name: name?,
        price_from,
        price_to,
        currency,
        duration_min,
        emergency,
    })
}

/// A text alone is the area's `text`.
pub(super) fn service_area(tenant: &mut Reader<'_>) -> Option<ServiceArea> {
    const LONGEST: usize = 500;
    if !tenant.value("service_area").is_some_and(Value::is_object) {
        let text = tenant.words("service_area", LONGEST)?;
        return Some(ServiceArea {
            text: Some(text),
            ..ServiceArea::default()
        });
    }
    tenant.object("service_area", |it| {
        let mut postal_codes = bounded(it, "postal_codes", MOST_POSTAL_CODES, |it| {
            it.texts("postal_codes", postal_code)
        });
        postal_codes.sort_unstable();
        postal_codes.dedup();
        ServiceArea {
            postal_codes,
            text: it.words("text", LONGEST),
        }
    })
}

fn postal_code(text: &str) -> Result<String, &'static str> {
    let text = text.trim().to_ascii_uppercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-');
    if (2..=12).contains(&text.len()) && text.chars().all(plain) {
        Ok(text)
    } else {
        Err("must be a postal code such as \"94110\"")
    }
}

pub(super) fn calendar(it: &mut Reader<'_>) -> Calendar {
    let plain = Calendar::default();
    let blocked = bounded(it, "blocked", MOST_BLOCKED, |it| {
        it.texts("blocked", |text| {
            NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .map_err(|_| "must be a day such as \"2026-12-25\"")
        })
    });
    Calendar {
        slot_min: it.number("slot_min", 5, 1_440).unwrap_or(plain.slot_min),
        days_ahead: it.number("days_ahead", 1, 365).unwrap_or(plain.days_ahead),
        capacity: it.number("capacity", 1, 1_000).unwrap_or(plain.capacity),
        blocked: blocked.into_iter().collect(),
    }
}

/// As it travels; none when nothing is said.
pub(super) fn offer(
    services: &[Service],
    area: Option<&ServiceArea>,
    calendar: Option<&Calendar>,
) -> Option<v1::Offer> {
    let services = services.iter().map(|it| offer::Service {
        name: it.name.clone(),
        price_from_cents: it.price_from.map(|price| price.0),
        price_to_cents: it.price_to.map(|price| price.0),
        currency: it.currency.clone().unwrap_or_default(),
        duration_min: it.duration_min,
        emergency: it.emergency,
    });
    let offer = v1::Offer {
        services: services.collect(),
        service_area: area.cloned().map(|it| offer::ServiceArea {
            postal_codes: it.postal_codes,
            text: it.text.unwrap_or_default(),
        }),
        calendar: calendar.map(|it| offer::Calendar {
            slot_min: it.slot_min,
            days_ahead: it.days_ahead,
            capacity: it.capacity,
            blocked: it.blocked.iter().map(NaiveDate::to_string).collect(),
        }),
    };
    (offer != v1::Offer::default()).then_some(offer)
}
