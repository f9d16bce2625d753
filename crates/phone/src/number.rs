//! Strict E.164.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::DOTS;

/// A phone number in E.164 form: `+` and 7 to 15 digits, the first not zero.
///
/// ITU-T E.164 allows at most 15 digits; the lower bound keeps short codes and fragments out.
/// `Display` and serde give the whole number, `Debug` and [`E164::redacted`] do not.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// Why a text is not an [`E164`] number. It never holds the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// The text does not begin with `+`.
    #[error("a phone number begins with + and the country code")]
    NoPlus,
    /// There is something else than the digits 0 to 9 after the `+`.
    #[error("only digits may follow the + of a phone number")]
    NotADigit,
    /// No country code begins with zero.
    #[error("the country code of a phone number does not begin with 0")]
    LeadingZero,
    /// Too few digits, or too many.
    #[error("a phone number has 7 to 15 digits, not {digits}")]
    Length {
        /// How many there are.
        digits: usize,
    },
}

impl E164 {
    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when it is anything but `+` and 7 to 15 digits; spaces and punctuation are not removed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        check(text)?;
        Ok(Self(text.to_owned()))
    }

    /// The whole number, such as `+15550100002`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number for logs: first digit and last four, such as `+1•••••0002`.
    ///
    /// Of a number with less than ten digits only the last two are left. The number of dots says nothing.
    #[must_use]
    pub fn redacted(&self) -> String {
        let keep = if self.0.len() > 10 { 4 } else { 2 };
        format!("{}{DOTS}{}", &self.0[..2], &self.0[self.0.len() - keep..])
    }
}

fn check(text: &str) -> Result<(), Invalid> {
    let digits = text.strip_prefix('+').ok_or(Invalid::NoPlus)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Invalid::NotADigit);
    }
    if digits.starts_with('0') {
        return Err(Invalid::LeadingZero);
    }
    if !(7..=15).contains(&digits.len()) {
        return Err(Invalid::Length {
            digits: digits.len(),
        });
    }
    Ok(())
}

impl FromStr for E164 {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl TryFrom<String> for E164 {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        check(&text)?;
        Ok(Self(text))
    }
}

impl TryFrom<&str> for E164 {
    type Error = Invalid;

    fn try_from(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl From<E164> for String {
    fn from(number: E164) -> Self {
        number.0
    }
}

impl AsRef<str> for E164 {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_strict_e164_only() {
        for good in ["+15550100002", "+1234567", "+123456789012345"] {
            assert_eq!(E164::parse(good).unwrap().as_str(), good);
        }
        for (bad, why) in [
            ("", Invalid::NoPlus),
            ("15550100002", Invalid::NoPlus),
            (" +15550100002", Invalid::NoPlus),
            ("+1 555 010 0002", Invalid::NotADigit),
            ("+1555010000²", Invalid::NotADigit),
            ("+١٢٣٤٥٦٧٨", Invalid::NotADigit),
            ("+05550100002", Invalid::LeadingZero),
            ("+", Invalid::Length { digits: 0 }),
            ("+123456", Invalid::Length { digits: 6 }),
            ("+1234567890123456", Invalid::Length { digits: 16 }),
        ] {
            assert_eq!(E164::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn debug_hides_and_display_shows() {
        let number = E164::parse("+15550100002").unwrap();
        assert_eq!(format!("{number:?}"), "+1•••••0002");
        assert_eq!(number.to_string(), "+15550100002");
        assert_eq!(E164::parse("+1234567").unwrap().redacted(), "+1•••••67");
    }

    #[test]
    fn serde_is_the_text() {
        let number = E164::parse("+15550100002").unwrap();
        assert_eq!(serde_json::to_string(&number).unwrap(), r#""+15550100002""#);
        assert_eq!(
            serde_json::from_str::<E164>(r#""+15550100002""#).unwrap(),
            number
        );
        let refused = serde_json::from_str::<E164>(r#""5550100002""#).unwrap_err();
        assert!(!refused.to_string().contains("5550100002"));
    }

    proptest! {
        #[test]
        fn never_panics_and_gives_back(text in "\\PC*|\\+[0-9]{0,20}") {
            if let Ok(number) = E164::parse(&text) {
                prop_assert_eq!(number.as_str(), &text);
                let shown = format!("{number:?}");
                prop_assert!(!shown.contains(&text));
            }
        }
    }
}
