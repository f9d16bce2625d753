//! Twilio's identifiers: two letters and 32 hexadecimal digits.

/// A text is no identifier of the kind that it should be. It never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{kind} is not {expected}")]
pub struct InvalidSid {
    /// The type.
    pub kind: &'static str,
    /// What it must be.
    pub expected: &'static str,
}

fn is_hex(digits: &str) -> bool {
    digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Makes a newtype for one kind of identifier.
macro_rules! sid {
    ($( $(#[$meta:meta])* $name:ident: $prefix:literal $(| $other:literal)*, )+) => { $(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Checks a text.
            ///
            /// # Errors
            ///
            /// [`InvalidSid`] when it is something else.
            pub fn parse(text: &str) -> Result<Self, InvalidSid> {
                let digits = text.strip_prefix($prefix)$( .or_else(|| text.strip_prefix($other)) )*;
                if digits.is_some_and(is_hex) {
                    return Ok(Self(text.to_owned()));
                }
                Err(InvalidSid { kind: stringify!($name), expected: Self::EXPECTED })
            }

            /// What it must be, for a message to a person.
            pub const EXPECTED: &str = concat!("an identifier such as ", $prefix, ".." $(, " or ", $other, "..")*);

            /// The identifier.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidSid;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidSid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(sid: $name) -> Self {
                sid.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+ };
}

sid! {
    /// An account or subaccount, `AC..`.
    AccountSid: "AC",
    /// A call, or one leg of it, `CA..`.
    CallSid: "CA",
    /// A message, `SM..`, or one with media, `MM..`.
    MessageSid: "SM" | "MM",
    /// A messaging service, `MG..`.
    MessagingServiceSid: "MG",
    /// A recording, `RE..`.
    RecordingSid: "RE",
    /// A phone number of an account, `PN..`.
    PhoneNumberSid: "PN",
    /// A TwiML application, `AP..`.
    AppSid: "AP",
    /// A conference, `CF..`.
    ConferenceSid: "CF",
    /// An API key, `SK..`.
    KeySid: "SK",
    /// A media stream, `MZ..`.
    StreamSid: "MZ",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sid_prefix_and_32_hex_digits_only() {
        let good = "CA00000000000000000000000000000aB1";
        assert_eq!(CallSid::parse(good).unwrap().as_str(), good);
        for bad in [
            "",
            "CA",
            "AC00000000000000000000000000000001",
            "ca00000000000000000000000000000001",
            "CA0000000000000000000000000000001",
            "CA000000000000000000000000000000011",
            "CA0000000000000000000000000000000g",
            " CA00000000000000000000000000000001",
        ] {
            assert!(CallSid::parse(bad).is_err(), "{bad}");
        }
        assert!(MessageSid::parse("MM00000000000000000000000000000001").is_ok());
        assert!(MessageSid::parse("SM00000000000000000000000000000001").is_ok());
    }

    #[test]
    fn sid_serde_is_the_text() {
        let json = r#""AC00000000000000000000000000000001""#;
        let sid: AccountSid = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&sid).unwrap(), json);
        let error = serde_json::from_str::<AccountSid>(r#""x""#).unwrap_err();
        assert_eq!(
            error.to_string(),
            "AccountSid is not an identifier such as AC.."
        );
    }
}
