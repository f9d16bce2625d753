//! What a business allows itself to spend.

use events::v1::SpendLimits;
use settings::is_calling_code;

use super::read::Reader;
pub use crate::db::model::Spend;

/// The most countries.
const MOST_COUNTRIES: usize = 50;
/// The most texts or calls in an hour.
const MOST_EACH_HOUR: u32 = 1_000_000;
/// The most cents in a day.
const MOST_CENTS: u32 = 10_000_000;

impl Spend {
    /// As the edge knows it; none where nothing is said.
    pub fn told(&self) -> Option<SpendLimits> {
        (*self != Self::default()).then(|| SpendLimits {
            texts_per_hour: self.texts_per_hour,
            calls_per_hour: self.calls_per_hour,
            countries: self.countries.clone(),
            ai_cents_per_day: self.ai_cents_per_day,
        })
    }
}

/// Reads the limits.
pub fn spend(it: &mut Reader<'_>) -> Spend {
    let countries = it.texts("countries", |text| match is_calling_code(text) {
        true => Ok(text.to_owned()),
        false => Err("must be a calling code such as \"+1\", in quotes"),
    });
    if countries.len() > MOST_COUNTRIES {
        it.fault("countries", format!("has more than {MOST_COUNTRIES}"));
    }
    Spend {
        texts_per_hour: it.number("texts_per_hour", 0, MOST_EACH_HOUR),
        calls_per_hour: it.number("calls_per_hour", 0, MOST_EACH_HOUR),
        countries,
        ai_cents_per_day: it.number("ai_cents_per_day", 0, MOST_CENTS),
    }
}
