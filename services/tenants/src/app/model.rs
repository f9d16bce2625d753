//! The things that this role owns.

use clock::Time;
use phone::E164;
use role::settings::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::hours::Hours;
use super::words::{
    AfterHoursAction, NumberStatus, RecordingFormat, SmsApp, TenantStatus, VoiceApp, VoiceProvider,
};

/// A business.
#[derive(Debug, Clone, PartialEq)]
pub struct Tenant {
    /// Chosen by whoever creates it.
    pub id: String,
    /// Whether it is served.
    pub status: TenantStatus,
    /// How it is served.
    pub profile: Profile,
    /// Its own Twilio account; none: the platform's.
    pub account: Option<Account>,
    /// Signs what is posted to its `notify_url`.
    pub notify_secret: Option<Secret>,
    /// When it was created.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// A Twilio account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// `AC..`.
    pub sid: String,
    /// One token, or two while rotating, the newest first.
    pub tokens: Vec<Secret>,
}

/// A phone number of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number {
    /// Ours.
    pub id: String,
    /// None while it is being bought by its area code.
    pub number: Option<E164>,
    /// Whose it is.
    pub tenant_id: String,
    /// Whether it is the one that the tenant calls and texts from.
    pub primary: bool,
    /// Whether it is served.
    pub status: NumberStatus,
    /// Who answers its calls.
    pub voice: VoiceApp,
    /// Who answers its messages.
    pub sms: SmsApp,
    /// Twilio's `PN..`, when it was bought through us or said.
    pub sid: Option<String>,
    /// When it was added.
    pub created_at: Time,
    /// When it last changed.
    pub updated_at: Time,
}

/// An API key. The key itself is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Ours.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The only tenant it may see; none: all.
    pub tenant: Option<String>,
    /// `read`, `write`, `admin`.
    pub scopes: Vec<String>,
    /// SHA-256, hex.
    pub hash: String,
    /// When it was made.
    pub created_at: Time,
}

/// How a business is served.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Profile {
    /// What it is called, also to callers.
    pub name: String,
    /// An IANA name, such as America/Los_Angeles.
    pub timezone: String,
    /// `mon` to `sun`, each a list of spans such as `07:00-18:00`; nothing: always open.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    pub business_hours: Hours,
    /// E.164; where its calls go.
    #[schemars(with = "Option<String>")]
    pub forward_to: Option<E164>,
    /// 5 to 600.
    pub dial_timeout_s: u32,
    /// Its trade, such as plumbing.
    pub trade: Option<String>,
    /// Where it works, for people and prompts.
    pub service_area: Option<String>,
    /// The text after a missed call; `{business_name}`, `{caller}` and `{trade}` are filled in.
    pub missed_call_text: String,
    /// When that text is sent.
    pub text_back: TextBack,
    /// How long the AI leaves a thread to a person who has taken it over.
    pub human_window_s: u32,
    /// How its calls are recorded.
    pub recording: Recording,
    /// What callers get outside the hours.
    pub after_hours: AfterHours,
    /// Whether whoever picks up must accept the call.
    pub whisper: Whisper,
    /// Where events of this tenant are posted.
    pub notify_url: Option<String>,
    /// BCP 47, for what is spoken.
    pub language: Option<String>,
    /// A Twilio voice's name.
    pub voice: Option<String>,
    /// Which models serve it, and what they are told; what is unsaid is the platform's.
    pub ai: Ai,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            name: String::new(),
            timezone: "UTC".to_owned(),
            business_hours: Hours::default(),
            forward_to: None,
            dial_timeout_s: 20,
            trade: None,
            service_area: None,
            missed_call_text: "Hi! Sorry we missed your call at {business_name}. How can we help? \
                               Reply STOP to opt out."
                .to_owned(),
            text_back: TextBack::default(),
            human_window_s: 60,
            recording: Recording::default(),
            after_hours: AfterHours::default(),
            whisper: Whisper::default(),
            notify_url: None,
            language: None,
            voice: None,
            ai: Ai::default(),
        }
    }
}

/// Which models serve a business, and what they are told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Ai {
    /// Writes and judges.
    pub chat_model: Option<String>,
    /// Turns speech into text.
    pub transcribe_model: Option<String>,
    /// Turns text into speech.
    pub speech_model: Option<String>,
    /// The provider's name of a voice. The profile's `voice` is Twilio's, for what Twilio reads aloud.
    pub voice: Option<String>,
    /// Whose voice it is.
    pub voice_provider: Option<VoiceProvider>,
    /// What is added to our own instructions.
    pub instructions: Option<String>,
}

/// The text after a missed call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TextBack {
    /// Whether it is sent.
    pub enabled: bool,
    /// At most one to a caller in this many seconds.
    pub window_s: u32,
}

impl Default for TextBack {
    fn default() -> Self {
        Self {
            enabled: true,
            window_s: 1800,
        }
    }
}

/// How calls are recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Recording {
    /// Whether they are.
    pub enabled: bool,
    /// The file format.
    pub format: RecordingFormat,
    /// The caller's side.
    pub record_user_audio: bool,
    /// The assistant's side.
    pub record_assistant_audio: bool,
    /// Both in one.
    pub record_mixed_audio: bool,
    /// Whether callers are told.
    pub consent_notice: bool,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            enabled: false,
            format: RecordingFormat::Mp3,
            record_user_audio: true,
            record_assistant_audio: true,
            record_mixed_audio: true,
            consent_notice: true,
        }
    }
}

/// What callers get outside the hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AfterHours {
    /// forward, apologize or reject.
    pub action: AfterHoursAction,
    /// What is said with apologize; none: a polite default.
    pub say: Option<String>,
}

impl Default for AfterHours {
    fn default() -> Self {
        Self {
            action: AfterHoursAction::Forward,
            say: None,
        }
    }
}

/// Whether whoever picks up must press 1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Whisper {
    /// Whether he must.
    pub enabled: bool,
    /// What he is told; none: a default.
    pub say: Option<String>,
}
