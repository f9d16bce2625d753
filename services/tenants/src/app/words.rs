//! The words that a field may hold.

use serde::{Deserialize, Serialize};

/// A text that is not one of the words allowed; the message lists them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {0}")]
pub struct NotAWord(&'static str);

macro_rules! words {
    ($( $(#[$doc:meta])* $name:ident ($all:literal) { $( $(#[$vdoc:meta])* $variant:ident = $word:literal, )+ } )+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $name { $( $(#[$vdoc])* #[serde(rename = $word)] $variant, )+ }

        impl $name {
            /// The word.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAWord;

            fn from_str(text: &str) -> Result<Self, NotAWord> {
                match text { $( $word => Ok(Self::$variant), )+ _ => Err(NotAWord($all)) }
            }
        }
    )+ };
}

words! {
    /// Whether a tenant is served.
    TenantStatus ("active or suspended") {
        /// It is.
        Active = "active",
        /// Its callers hear that it is not; its callbacks are still followed.
        Suspended = "suspended",
    }

    /// The life of a number.
    NumberStatus ("provisioning, active, suspended or released") {
        /// It is being bought.
        Provisioning = "provisioning",
        /// It is served.
        Active = "active",
        /// Its callers hear that it is not.
        Suspended = "suspended",
        /// It was given back; for good.
        Released = "released",
    }

    /// Who takes a number's messages.
    SmsApp ("conversation or none") {
        /// A conversation.
        Conversation = "conversation",
        /// Nobody.
        None = "none",
    }

    /// What a caller gets outside the hours.
    AfterHoursAction ("forward, apologize or reject") {
        /// The same as within.
        Forward = "forward",
        /// A few words.
        Apologize = "apologize",
        /// A busy tone.
        Reject = "reject",
    }

    /// A recording's file format.
    RecordingFormat ("mp3 or wav") {
        /// Small.
        Mp3 = "mp3",
        /// Exact.
        Wav = "wav",
    }
}

impl NumberStatus {
    /// The states that it may go to.
    pub fn next(self) -> &'static [Self] {
        match self {
            Self::Provisioning => &[Self::Active, Self::Released],
            Self::Active => &[Self::Suspended, Self::Released],
            Self::Suspended => &[Self::Active, Self::Released],
            Self::Released => &[],
        }
    }

    /// Whether it may go there; staying is no going.
    pub fn may_become(self, next: Self) -> bool {
        self == next || self.next().contains(&next)
    }
}

/// Who answers a number's calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum VoiceApp {
    /// The business's own telephone.
    Forward,
    /// Recorded interviews.
    Screener,
    /// Coached interviews.
    Coach,
    /// A recorded assistant.
    Assistant,
    /// A streaming bot with a flow of this name.
    Bot(String),
    /// Nobody.
    None,
}

const VOICE: &str = "forward, screener, coach, assistant, none, or bot: and a flow's name such as bot:loan-eligibility";

impl VoiceApp {
    /// The end of the routing key by which its consumer gets the call.
    pub fn route(&self) -> Option<&'static str> {
        match self {
            Self::Forward => Some("forward"),
            Self::Screener => Some("screener"),
            Self::Coach => Some("coach"),
            Self::Assistant => Some("assistant"),
            Self::Bot(_) => Some("bot"),
            Self::None => None,
        }
    }
}

impl std::str::FromStr for VoiceApp {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        Ok(match text {
            "forward" => Self::Forward,
            "screener" => Self::Screener,
            "coach" => Self::Coach,
            "assistant" => Self::Assistant,
            "none" => Self::None,
            _ => match text.strip_prefix("bot:") {
                Some(flow) if is_name(flow) => Self::Bot(flow.to_owned()),
                _ => return Err(NotAWord(VOICE)),
            },
        })
    }
}

impl TryFrom<String> for VoiceApp {
    type Error = NotAWord;

    fn try_from(text: String) -> Result<Self, NotAWord> {
        text.parse()
    }
}

impl From<VoiceApp> for String {
    fn from(app: VoiceApp) -> Self {
        match app {
            VoiceApp::Bot(flow) => format!("bot:{flow}"),
            VoiceApp::None => "none".to_owned(),
            other => other.route().unwrap_or_default().to_owned(),
        }
    }
}

/// Whether a text can be an id or a name in a path or a key: a letter or digit, then up to 63 of those and `._-`.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    (1..=64).contains(&text.len())
        && text.starts_with(plain)
        && text
            .chars()
            .all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_apps_are_read_and_written() {
        for text in [
            "forward",
            "screener",
            "coach",
            "assistant",
            "none",
            "bot:loan-eligibility",
        ] {
            assert_eq!(String::from(text.parse::<VoiceApp>().unwrap()), text);
        }
        for bad in ["", "bot", "bot:", "bot:a b", "robot", "Forward"] {
            assert!(bad.parse::<VoiceApp>().is_err(), "{bad}");
        }
        assert_eq!(VoiceApp::Bot("x".into()).route(), Some("bot"));
    }

    #[test]
    fn released_is_final() {
        use NumberStatus::*;
        assert!(Released.next().is_empty());
        assert!(Provisioning.may_become(Active) && !Provisioning.may_become(Suspended));
        assert!(Active.may_become(Suspended) && Suspended.may_become(Active));
        for state in [Provisioning, Active, Suspended] {
            assert!(state.may_become(Released));
        }
        assert!(!Active.may_become(Provisioning));
    }

    #[test]
    fn names_fit_a_path() {
        for good in ["smith-plumbing", "a", "0b6e.x_1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "..", "a/b", "a b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
