//! What a business offers: its services with prices, where it works, when it can be booked.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// An amount in hundredths; a number with at most two decimals where people read and write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price(pub u32);

impl Price {
    /// Reads it as people write it.
    pub(crate) fn parse(value: &Value) -> Result<Self, &'static str> {
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
