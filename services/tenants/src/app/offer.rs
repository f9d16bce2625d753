//! What a business offers: its services with prices, where it works, when it can be booked.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use events::v1::{self, offer};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::read::Reader;

/// The most services of a tenant: they travel with each of its texts.
pub const MOST_SERVICES: usize = 100;
/// The most postal codes.
const MOST_POSTAL_CODES: usize = 1_000;
/// The most days that are blocked.
const MOST_BLOCKED: usize = 400;

/// An amount in hundredths; a number with at most two decimals where people read and write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(pub u32);

impl Price {
    fn parse(value: &Value) -> Result<Self, &'static str> {
        const WRONG: &str = "must be an amount such as 120 or 89.50";
        let text = match value {
            Value::Number(number) => number.to_string(),
            _ => return Err(WRONG),
        };
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let cents = match part.len() {
            0 => "00".to_owned(),
            1 => format!("{part}0"),
            2 => part.to_owned(),
            _ => return Err("has more than two decimals"),
        };
        let number = format!("{whole}{cents}");
        number.parse().map(Self).map_err(|_| WRONG)
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.0.is_multiple_of(100) {
            to.serialize_u32(self.0 / 100)
        } else {
            to.serialize_f64(f64::from(self.0) / 100.0)
        }
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(from)?;
        Self::parse(&value).map_err(serde::de::Error::custom)
    }
}

/// Something that a business does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Service {
    /// What it is called.
    pub name: String,
    /// The least that it costs.
    #[schemars(with = "Option<f64>")]
    pub price_from: Option<Price>,
    /// The most.
    #[schemars(with = "Option<f64>")]
    pub price_to: Option<Price>,
    /// ISO 4217, such as USD.
    pub currency: Option<String>,
    /// How long it takes.
    pub duration_min: Option<u32>,
    /// Whether it is done as an emergency.
    #[serde(default)]
    pub emergency: bool,
}

/// Where a business works; neither: everywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ServiceArea {
    /// In upper case, without doubles.
    pub postal_codes: Vec<String>,
    /// For people and prompts.
    pub text: Option<String>,
}

/// A service area as it may be stored: it was a text once.
#[derive(Deserialize)]
#[serde(untagged)]
enum StoredArea {
    Text(String),
    Area {
        #[serde(default)]
        postal_codes: Vec<String>,
        #[serde(default)]
        text: Option<String>,
    },
}

impl<'de> Deserialize<'de> for ServiceArea {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        StoredArea::deserialize(from).map(Self::from)
    }
}

impl From<StoredArea> for ServiceArea {
    fn from(stored: StoredArea) -> Self {
        match stored {
            StoredArea::Text(text) => Self {
                postal_codes: Vec::new(),
                text: Some(text),
            },
            StoredArea::Area { postal_codes, text } => Self { postal_codes, text },
        }
    }
}

/// When a business can be booked, within its hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Calendar {
    /// The length of a slot.
    pub slot_min: u32,
    /// How far ahead.
    pub days_ahead: u32,
    /// How many bookings fit in one slot.
    pub capacity: u32,
    /// Days without any.
    #[schemars(with = "Vec<String>")]
    pub blocked: BTreeSet<NaiveDate>,
}

impl Default for Calendar {
    fn default() -> Self {
        Self {
            slot_min: 120,
            days_ahead: 14,
            capacity: 1,
            blocked: BTreeSet::new(),
        }
    }
}

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
        return Some(ServiceArea::from(StoredArea::Text(text)));
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn prices_have_at_most_two_decimals() {
        for (written, cents) in [(json!(120), 12_000), (json!(89.5), 8_950), (json!(0.05), 5)] {
            let price = Price::parse(&written).unwrap();
            assert_eq!(price, Price(cents));
            assert_eq!(serde_json::to_value(price).unwrap(), written);
        }
        for bad in [
            json!("120"),
            json!(-1),
            json!(1.005),
            json!(1e12),
            json!(null),
        ] {
            assert!(Price::parse(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn service_area_stored_as_text_is_read() {
        let area: ServiceArea = serde_json::from_value(json!("San Francisco")).unwrap();
        assert_eq!(area.text.as_deref(), Some("San Francisco"));
        let again: ServiceArea = serde_json::from_value(json!(area)).unwrap();
        assert_eq!(again, area);
    }
}
