//! What every tenant may spend at most.

use super::Reader;

/// The platform's cap for each tenant. None, and no countries: no limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpendSettings {
    /// Texts that leave in an hour.
    pub texts_per_hour: Option<u32>,
    /// Calls that are placed in an hour.
    pub calls_per_hour: Option<u32>,
    /// Beginnings of the numbers that may be called and texted: `+1`, `+44`.
    pub countries: Vec<String>,
    /// What AI providers may cost in a day, in hundredths of a US dollar.
    pub ai_cents_per_day: Option<u32>,
}

/// Twilio's list price of a segment in the United States, without what carriers add.
const TEXT_PRICE_MICRO_USD: u32 = 8_300;

impl Reader<'_> {
    pub fn text_price_micro_usd(&mut self) -> u32 {
        let name = "TRUNKLINE_TEXT_PRICE";
        let Some(value) = self.get(name) else {
            return TEXT_PRICE_MICRO_USD;
        };
        let price = micro(&value);
        if price.is_none() {
            self.fault(name, "is not an amount of US dollars; write 0.0083");
        }
        price.unwrap_or(TEXT_PRICE_MICRO_USD)
    }

    pub fn spend(&mut self) -> SpendSettings {
        SpendSettings {
            texts_per_hour: self.amount("TRUNKLINE_SPEND_TEXTS"),
            calls_per_hour: self.amount("TRUNKLINE_SPEND_CALLS"),
            countries: self.countries("TRUNKLINE_SPEND_COUNTRIES"),
            ai_cents_per_day: self.amount("TRUNKLINE_SPEND_AI_CENTS"),
        }
    }

    fn amount(&mut self, name: &str) -> Option<u32> {
        let value = self.get(name)?;
        let number = value.parse().ok();
        if number.is_none() {
            self.fault(name, "is not a whole number; 0 is none at all");
        }
        number
    }

    fn countries(&mut self, name: &str) -> Vec<String> {
        let value = self.get(name).unwrap_or_default();
        let all: Vec<String> = value
            .split(',')
            .map(|it| it.trim().to_owned())
            .filter(|it| !it.is_empty())
            .collect();
        if !all.iter().all(|it| is_calling_code(it)) {
            self.fault(
                name,
                "holds something else than calling codes; write +1,+44",
            );
        }
        all
    }
}

/// Dollars with at most six decimals, in millionths; up to a hundred.
fn micro(text: &str) -> Option<u32> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_plain(whole) || !is_plain(decimals) || decimals.len() > 6 {
        return None;
    }
    let decimals: u32 = format!("{decimals:0<6}").parse().ok()?;
    let whole: u32 = whole.parse().ok().filter(|it| *it < 100)?;
    Some(whole * 1_000_000 + decimals)
}

/// Whether a text is the beginning of an E.164 number: `+`, and one to seven digits of which the first is no zero.
pub fn is_calling_code(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (1..=7).contains(&digits.len())
        && digits.bytes().all(|b| b.is_ascii_digit())
        && !digits.starts_with('0')
}
