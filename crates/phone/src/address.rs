//! Whatever Twilio puts in `From` and `To`.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DOTS, E164};

/// Words that carriers and Twilio send for a caller who hides.
const HIDDEN: [&str; 8] = [
    "anonymous",
    "unknown",
    "restricted",
    "unavailable",
    "private",
    "blocked",
    "withheld",
    "none",
];

/// Numbers that spell such a word on a telephone's keypad: blocked, anonymous, unknown (in two spellings), restricted and
/// unavailable. They come with a plus before them and without.
///
/// They look like E.164, belong to nobody, and must not be called back or texted.
const SPELLED: [&str; 6] = [
    "2562533",
    "266696687",
    "8656696",
    "8566696",
    "7378742833",
    "86282452253",
];

/// Who is at one end of a call or a message, as Twilio wrote it.
///
/// Parsing never fails, and [`Address::as_str`] gives back exactly what came. `Debug` is redacted.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Address {
    /// A phone number.
    Number(E164),
    /// A Voice SDK client, `client:alice`.
    Client(Prefixed),
    /// A SIP address, `sip:alice@example.com` or `sips:..`.
    Sip(Prefixed),
    /// Three to six digits.
    ShortCode(String),
    /// A messaging channel's address, such as `whatsapp:+15550100002`.
    Channel(Prefixed),
    /// A caller who hides: `anonymous`, `unknown`, `restricted`, nothing at all, or a number that spells such a word. Holds what came.
    Anonymous(String),
    /// Anything else, such as a number that was not normalised or an alphanumeric sender.
    Other(String),
}

/// An address with its kind in front of a colon. Only [`Address::parse`] makes one.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Prefixed {
    raw: String,
    colon: usize,
}

impl Prefixed {
    /// The whole, `whatsapp:+15550100002`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// What stands before the colon, `whatsapp`, as it came.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.raw[..self.colon]
    }

    /// What stands after the colon, `+15550100002`.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.raw[self.colon + 1..]
    }
}

impl Address {
    /// Sorts a text into its kind.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::from(text.to_owned())
    }

    /// Exactly what came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number.as_str(),
            Self::Client(it) | Self::Sip(it) | Self::Channel(it) => it.as_str(),
            Self::ShortCode(raw) | Self::Anonymous(raw) | Self::Other(raw) => raw,
        }
    }

    /// The phone number, when it is one that can be called. A channel's address is not: WhatsApp is not a phone line.
    #[must_use]
    pub fn as_e164(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// Whether the caller hides.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous(_))
    }

    /// The address for logs: its kind, and no more than the end of a number.
    #[must_use]
    pub fn redacted(&self) -> String {
        match self {
            Self::Number(number) => number.redacted(),
            Self::Client(it) | Self::Sip(it) => format!("{}:{DOTS}", it.prefix()),
            Self::Channel(it) => match E164::parse(it.address()) {
                Ok(number) => format!("{}:{}", it.prefix(), number.redacted()),
                Err(_) => format!("{}:{DOTS}", it.prefix()),
            },
            Self::ShortCode(_) => format!("short code {DOTS}"),
            Self::Anonymous(_) => "anonymous".to_owned(),
            Self::Other(_) => format!("other {DOTS}"),
        }
    }
}

impl From<String> for Address {
    fn from(raw: String) -> Self {
        let bare = raw.trim();
        if bare.is_empty()
            || HIDDEN.iter().any(|word| bare.eq_ignore_ascii_case(word))
            || SPELLED.contains(&bare.strip_prefix('+').unwrap_or(bare))
        {
            return Self::Anonymous(raw);
        }
        if let Ok(number) = E164::parse(&raw) {
            return Self::Number(number);
        }
        if (3..=6).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_digit()) {
            return Self::ShortCode(raw);
        }
        let Some((prefix, rest)) = raw.split_once(':') else {
            return Self::Other(raw);
        };
        let named = prefix.starts_with(|c: char| c.is_ascii_alphabetic())
            && prefix
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        if !named || rest.is_empty() {
            return Self::Other(raw);
        }
        let kind = match prefix.to_ascii_lowercase().as_str() {
            "client" => Self::Client,
            "sip" | "sips" => Self::Sip,
            _ => Self::Channel,
        };
        kind(Prefixed {
            colon: prefix.len(),
            raw,
        })
    }
}

impl From<&str> for Address {
    fn from(text: &str) -> Self {
        Self::parse(text)
    }
}

impl FromStr for Address {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::parse(text))
    }
}

impl From<E164> for Address {
    fn from(number: E164) -> Self {
        // Not simply `Number`: the spelled words are anonymous whichever way they come.
        Self::from(String::from(number))
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        match address {
            Address::Number(number) => number.into(),
            Address::Client(it) | Address::Sip(it) | Address::Channel(it) => it.raw,
            Address::ShortCode(raw) | Address::Anonymous(raw) | Address::Other(raw) => raw,
        }
    }
}

impl AsRef<str> for Address {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.redacted())
    }
}

impl fmt::Debug for Prefixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{DOTS}", self.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kind(text: &str) -> &'static str {
        match Address::parse(text) {
            Address::Number(_) => "number",
            Address::Client(_) => "client",
            Address::Sip(_) => "sip",
            Address::ShortCode(_) => "short code",
            Address::Channel(_) => "channel",
            Address::Anonymous(_) => "anonymous",
            Address::Other(_) => "other",
        }
    }

    #[test]
    fn sorts_what_twilio_sends() {
        for (text, expected) in [
            ("+15550100002", "number"),
            ("client:alice", "client"),
            ("sip:alice@example.com", "sip"),
            ("SIPS:alice@example.com:5061", "sip"),
            ("40404", "short code"),
            ("whatsapp:+15550100002", "channel"),
            ("messenger:1234567890", "channel"),
            ("", "anonymous"),
            ("  ", "anonymous"),
            ("Anonymous", "anonymous"),
            ("unknown", "anonymous"),
            ("RESTRICTED", "anonymous"),
            ("+266696687", "anonymous"),
            ("5550100002", "other"),
            ("+1 555 010 0002", "other"),
            ("ACME", "other"),
            ("client:", "other"),
            (":x", "other"),
            ("12", "other"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn caller_who_hides_behind_a_spelled_word_is_anonymous_with_a_plus_and_without() {
        for digits in SPELLED {
            for text in [
                format!("+{digits}"),
                digits.to_owned(),
                format!(" {digits} "),
            ] {
                assert_eq!(kind(&text), "anonymous", "{text}");
            }
        }
    }

    #[test]
    fn channel_has_two_parts() {
        let Address::Channel(it) = Address::parse("whatsapp:+15550100002") else {
            panic!("not a channel");
        };
        assert_eq!((it.prefix(), it.address()), ("whatsapp", "+15550100002"));
        assert_eq!(Address::Channel(it).as_e164(), None);
    }

    #[test]
    fn debug_tells_no_address() {
        for (text, expected) in [
            ("+15550100002", "+1•••••0002"),
            ("client:alice", "client:•••••"),
            ("sip:alice@example.com", "sip:•••••"),
            ("whatsapp:+15550100002", "whatsapp:+1•••••0002"),
            ("40404", "short code •••••"),
            ("5550100002", "other •••••"),
            ("", "anonymous"),
        ] {
            assert_eq!(format!("{:?}", Address::parse(text)), expected);
        }
    }

    #[test]
    fn serde_is_the_text() {
        let address: Address = serde_json::from_str(r#""client:alice""#).unwrap();
        assert_eq!(
            serde_json::to_string(&address).unwrap(),
            r#""client:alice""#
        );
    }

    proptest! {
        #[test]
        fn gives_back_exactly_what_came(text in any::<String>()) {
            let address = Address::parse(&text);
            prop_assert_eq!(address.as_str(), &text);
            prop_assert_eq!(Address::parse(address.as_str()), address.clone());
            prop_assert_eq!(String::from(address), text);
        }
    }
}
