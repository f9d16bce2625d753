//! The words that a field may hold.

pub use flow::is_name;
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

    /// Who reads prompts aloud.
    VoiceProvider ("elevenlabs, murf or openai") {
        /// ElevenLabs.
        ElevenLabs = "elevenlabs",
        /// Murf.
        Murf = "murf",
        /// Whoever speaks as OpenAI does.
        OpenAi = "openai",
    }

    /// A recording's file format.
    RecordingFormat ("mp3 or wav") {
        /// Small.
        Mp3 = "mp3",
        /// Exact.
        Wav = "wav",
    }

    /// How the object store encrypts recordings.
    RecordingEncryption ("none, s3 or kms") {
        /// As the bucket does by itself.
        None = "none",
        /// With S3's own keys (SSE-S3).
        S3 = "s3",
        /// With a key of a key service (SSE-KMS).
        Kms = "kms",
    }

    /// A storage class from which a recording can be played at once.
    RecordingStorage ("STANDARD, STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING or GLACIER_IR") {
        /// Stays as it is.
        Standard = "STANDARD",
        /// Seldom read.
        StandardIa = "STANDARD_IA",
        /// Seldom read, in one place only.
        OneZoneIa = "ONEZONE_IA",
        /// S3 decides.
        IntelligentTiering = "INTELLIGENT_TIERING",
        /// Hardly ever read.
        GlacierIr = "GLACIER_IR",
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
    /// Recorded interviews, by the flow of this name; none: by the one called `screener`.
    Screener(Option<String>),
    /// Coached interviews, by the flow of this name; none: by the one called `coach`.
    Coach(Option<String>),
    /// A recorded assistant with the flow of this name; none: with the one called `assistant`.
    Assistant(Option<String>),
    /// A streaming bot with a flow of this name.
    Bot(String),
    /// Nobody.
    None,
}

const VOICE: &str = "forward, screener, coach, assistant, none, or bot:, assistant:, screener: or coach: and a flow's name such as bot:loan-eligibility";

impl VoiceApp {
    /// The end of the routing key by which its consumer gets the call.
    pub fn route(&self) -> Option<&'static str> {
        match self {
            Self::Forward => Some("forward"),
            Self::Screener(_) => Some("screener"),
            Self::Coach(_) => Some("coach"),
            Self::Assistant(_) => Some("assistant"),
            Self::Bot(_) => Some("bot"),
            Self::None => None,
        }
    }

    /// The role that answers.
    pub fn role(&self) -> Option<&'static str> {
        match self {
            Self::Forward => Some("calls"),
            Self::Screener(_) | Self::Coach(_) => Some("interviews"),
            Self::Assistant(_) | Self::Bot(_) => Some("streams"),
            Self::None => None,
        }
    }

    /// The flow that the number names.
    pub fn flow(&self) -> Option<&str> {
        match self {
            Self::Bot(flow) => Some(flow),
            Self::Screener(flow) | Self::Coach(flow) | Self::Assistant(flow) => flow.as_deref(),
            Self::Forward | Self::None => None,
        }
    }
}

impl std::str::FromStr for VoiceApp {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        let (app, flow) = match text.split_once(':') {
            Some((app, flow)) if is_name(flow) => (app, Some(flow.to_owned())),
            Some(_) => return Err(NotAWord(VOICE)),
            None => (text, None),
        };
        match (app, flow) {
            ("screener", flow) => Ok(Self::Screener(flow)),
            ("coach", flow) => Ok(Self::Coach(flow)),
            ("bot", Some(flow)) => Ok(Self::Bot(flow)),
            ("forward", None) => Ok(Self::Forward),
            ("assistant", flow) => Ok(Self::Assistant(flow)),
            ("none", None) => Ok(Self::None),
            _ => Err(NotAWord(VOICE)),
        }
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
        let word = app.route().unwrap_or("none");
        match app.flow() {
            Some(flow) => format!("{word}:{flow}"),
            None => word.to_owned(),
        }
    }
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
            "assistant:front-desk",
            "none",
            "bot:loan-eligibility",
            "screener:nurses",
            "coach:nurses",
        ] {
            assert_eq!(String::from(text.parse::<VoiceApp>().unwrap()), text);
        }
        for bad in [
            "",
            "bot",
            "bot:",
            "bot:a b",
            "robot",
            "Forward",
            "coach:",
            "screener:a:b",
            "forward:x",
            "none:x",
        ] {
            assert!(bad.parse::<VoiceApp>().is_err(), "{bad}");
        }
        assert_eq!(VoiceApp::Bot("x".into()).route(), Some("bot"));
        let coach: VoiceApp = "coach:nurses".parse().unwrap();
        assert_eq!(coach.route(), Some("coach"));
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
}
