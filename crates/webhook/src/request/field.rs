//! One parameter at a time, and the macro that makes a webhook of them.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use phone::Address;
use twilio_types::{
    AccountSid, AnsweredBy, CallSid, CallStatus, ConferenceSid, DialCallStatus, Direction,
    MessageSid, MessageStatus, MessagingServiceSid, RecordingSid, RecordingStatus, StreamEvent,
    StreamSid,
};
use url::Url;

use crate::Params;

/// Characters that any other text than a message's body may have.
pub const TEXT_LIMIT: usize = 4096;

/// What a text ends with that was longer than it may be.
pub const CUT: char = '\u{2026}';

/// Which parameter is wrong, and why. It never holds the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is not there, or blank.
    #[error("{parameter} is missing")]
    Missing {
        /// Its name.
        parameter: Cow<'static, str>,
    },
    /// It is something else than it must be.
    #[error("{parameter} is not {expected}")]
    Malformed {
        /// Its name.
        parameter: Cow<'static, str>,
        /// What it must be.
        expected: &'static str,
    },
}

impl Invalid {
    /// The parameter's name.
    #[must_use]
    pub fn parameter(&self) -> &str {
        match self {
            Self::Missing { parameter } | Self::Malformed { parameter, .. } => parameter,
        }
    }
}

impl From<twilio_types::InvalidSid> for Invalid {
    fn from(error: twilio_types::InvalidSid) -> Self {
        Self::Malformed {
            parameter: Cow::Borrowed(error.kind),
            expected: error.expected,
        }
    }
}

/// What a parameter can be read as.
pub(crate) trait Field: Sized {
    /// What it must be, for [`Invalid::Malformed`].
    const EXPECTED: &str;
    fn read(text: &str) -> Option<Self>;
}

impl Field for u32 {
    const EXPECTED: &str = "a number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for f64 {
    const EXPECTED: &str = "a number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok().filter(|it: &f64| it.is_finite())
    }
}

impl Field for bool {
    const EXPECTED: &str = "true or false";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Field for Address {
    const EXPECTED: &str = "an address";

    fn read(text: &str) -> Option<Self> {
        Some(Self::parse(text))
    }
}

impl Field for Url {
    const EXPECTED: &str = "an http or https URL";

    fn read(text: &str) -> Option<Self> {
        let url = Self::parse(text).ok()?;
        matches!(url.scheme(), "http" | "https").then_some(url)
    }
}

macro_rules! sids {
    ($($name:ident),+) => { $(
        impl Field for $name {
            const EXPECTED: &str = $name::EXPECTED;

            fn read(text: &str) -> Option<Self> {
                Self::parse(text).ok()
            }
        }
    )+ };
}
sids!(
    AccountSid,
    CallSid,
    MessageSid,
    MessagingServiceSid,
    RecordingSid,
    ConferenceSid,
    StreamSid
);

macro_rules! words {
    ($($name:ident),+) => { $(
        impl Field for $name {
            const EXPECTED: &str = "a word";

            fn read(text: &str) -> Option<Self> {
                Some(Self::parse(text))
            }
        }
    )+ };
}
words!(
    AnsweredBy,
    CallStatus,
    DialCallStatus,
    Direction,
    MessageStatus,
    RecordingStatus,
    StreamEvent
);

/// RFC 2822, as webhooks have it, or RFC 3339, as streams do.
impl Field for DateTime<Utc> {
    const EXPECTED: &str = "a time";

    fn read(text: &str) -> Option<Self> {
        let time = DateTime::parse_from_rfc2822(text);
        let time = time.or_else(|_| DateTime::parse_from_rfc3339(text));
        time.ok().map(|it| it.to_utc())
    }
}

/// Something a person said, typed or is called. `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters]", self.0.chars().count())
    }
}

/// The parameters of one webhook.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(pub(crate) &'a Params);

impl<'a> Fields<'a> {
    /// The value, unless it is missing or blank.
    pub(crate) fn present(self, name: &str) -> Option<&'a str> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    /// Must be there and be right.
    pub(crate) fn required<T: Field>(
        self,
        name: impl Into<Cow<'static, str>>,
    ) -> Result<T, Invalid> {
        let parameter = name.into();
        match self.present(&parameter) {
            Some(value) => read(parameter, value),
            None => Err(Invalid::Missing { parameter }),
        }
    }

    /// May be missing or blank, but not wrong.
    pub(crate) fn optional<T: Field>(self, name: &'static str) -> Result<Option<T>, Invalid> {
        self.present(name)
            .map(|value| read(name.into(), value))
            .transpose()
    }

    /// May be anything; what cannot be read is `None`.
    pub(crate) fn lenient<T: Field>(self, name: &str) -> Option<T> {
        self.present(name).and_then(T::read)
    }

    /// An address; a missing one is anonymous.
    pub(crate) fn address(self, name: &str) -> Address {
        Address::parse(self.0.get(name).unwrap_or_default())
    }

    /// A text that may be missing. A blank one is there. One that is too long is cut, and ends with [`CUT`]: no call and no message is
    /// lost for it.
    pub(crate) fn text(self, name: &str, limit: usize) -> Option<Text> {
        self.0.get(name).map(|value| Text(cut(value, limit)))
    }

    /// A text that is not blank.
    pub(crate) fn words(self, name: &str) -> Option<Text> {
        self.text(name, TEXT_LIMIT)
            .filter(|text| !text.0.is_empty())
    }
}

/// The first characters of a text, with a mark at their end if there were more.
fn cut(text: &str, limit: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(limit) else {
        return text.to_owned();
    };
    let mut cut: String = text[..end].chars().take(limit - 1).collect();
    cut.push(CUT);
    cut
}

fn read<T: Field>(parameter: Cow<'static, str>, value: &str) -> Result<T, Invalid> {
    T::read(value).ok_or(Invalid::Malformed {
        parameter,
        expected: T::EXPECTED,
    })
}

/// Makes a struct with private fields and a method for each.
///
/// `one` answers a reference, `copy` a value, `maybe` and `maybe_copy` an `Option` of these, `text` and `maybe_text` a `&str`, `list` a slice.
macro_rules! webhook {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$doc:meta])* $how:ident $field:ident: $type:ty, )* }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $( $field: webhook!(@store $how $type), )*
        }

        impl $name {
            $( webhook!(@get $how $field, $type, $(#[$doc])*); )*
        }
    };
    (@store one $type:ty) => { $type };
    (@store copy $type:ty) => { $type };
    (@store maybe $type:ty) => { Option<$type> };
    (@store maybe_copy $type:ty) => { Option<$type> };
    (@store text $type:ty) => { $type };
    (@store maybe_text $type:ty) => { Option<$type> };
    (@store list $type:ty) => { Vec<$type> };
    (@get one $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> &$type {
            &self.$field
        }
    };
    (@get copy $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> $type {
            self.$field
        }
    };
    (@get maybe $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> Option<&$type> {
            self.$field.as_ref()
        }
    };
    (@get maybe_copy $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> Option<$type> {
            self.$field
        }
    };
    (@get text $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> &str {
            &self.$field.0
        }
    };
    (@get maybe_text $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> Option<&str> {
            self.$field.as_ref().map(|text| text.0.as_str())
        }
    };
    (@get list $field:ident, $type:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $field(&self) -> &[$type] {
            &self.$field
        }
    };
}
pub(crate) use webhook;
