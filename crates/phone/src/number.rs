//! Strict E.164.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DOTS, plan};

/// A phone number in E.164 form: `+` and 7 to 15 digits, the first not zero, as many as the country's plan has.
///
/// ITU-T E.164 allows at most 15 digits; the lower bound keeps short codes and fragments out. A number that was stored
/// or travels between parts of the platform (serde, `TryFrom<String>`) was judged when it came in: of it, only the form is
/// looked at, so that a plan that changes does not make what is stored unreadable.
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
    /// Too few digits for its country, or too many.
    #[error("a number of +{code} has {} digits after the country code, not {digits}", span(*.least, *.most))]
    National {
        /// The country code.
        code: &'static str,
        /// The least that there may be.
        least: usize,
        /// The most.
        most: usize,
        /// How many there are.
        digits: usize,
    },
    /// A North American number has another length than its plan.
    #[error("a number of +1 has ten digits after it, not {digits}")]
    NorthAmerican {
        /// How many there are.
        digits: usize,
    },
    /// No North American area code begins with 0 or 1.
    #[error("an area code of +1 begins with 2 to 9")]
    AreaCode,
}

fn span(least: usize, most: usize) -> String {
    match least == most {
        true => least.to_string(),
        false => format!("{least} to {most}"),
    }
}

impl E164 {
    /// Checks a text.
    ///
    /// # Errors
    ///
    /// [`Invalid`] when it is anything but `+` and as many digits as the numbering plan has, 7 to 15; spaces and
    /// punctuation are not removed.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        check(text)?;
        check_plan(&text[1..])?;
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

fn check_plan(digits: &str) -> Result<(), Invalid> {
    let Some((code, least, most)) = plan::of(digits) else {
        return Ok(());
    };
    let national = &digits[code.len()..];
    let digits = national.len();
    match (code, (least..=most).contains(&digits)) {
        ("1", false) => Err(Invalid::NorthAmerican { digits }),
        ("1", true) if national.starts_with(['0', '1']) => Err(Invalid::AreaCode),
        (_, false) => Err(Invalid::National {
            code,
            least,
            most,
            digits,
        }),
        _ => Ok(()),
    }
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
        for good in ["+15550100002", "+3581234", "+358123456789012"] {
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
    fn number_has_the_digits_of_its_plan() {
        for good in [
            "+12125551234",
            "+15005550001",
            "+442071838750",
            "+4930901820",
            "+33123456789",
            "+919876543210",
            "+5511987654321",
            "+61412345678",
            "+818012345678",
            "+3726551234",
        ] {
            assert!(E164::parse(good).is_ok(), "{good}");
        }
        for (bad, digits) in [("+12125551", 7), ("+15550151", 7), ("+155501000021", 11)] {
            assert_eq!(E164::parse(bad), Err(Invalid::NorthAmerican { digits }));
        }
        for bad in ["+10125551234", "+11125551234"] {
            assert_eq!(E164::parse(bad), Err(Invalid::AreaCode), "{bad}");
        }
        let short = E164::parse("+91987654321").unwrap_err();
        assert_eq!(
            short.to_string(),
            "a number of +91 has 10 digits after the country code, not 9"
        );
        for bad in ["+331234567", "+78005553", "+4412345678901"] {
            assert!(E164::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn stored_number_is_read_whatever_its_plan_says_now() {
        let stored: E164 = serde_json::from_str(r#""+12125551""#).unwrap();
        assert_eq!(stored.as_str(), "+12125551");
        assert!(E164::try_from("12125551".to_owned()).is_err());
    }

    #[test]
    fn debug_hides_and_display_shows() {
        let number = E164::parse("+15550100002").unwrap();
        assert_eq!(format!("{number:?}"), "+1•••••0002");
        assert_eq!(number.to_string(), "+15550100002");
        assert_eq!(E164::parse("+3581234").unwrap().redacted(), "+3•••••34");
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
