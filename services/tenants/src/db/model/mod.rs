//! The things that this role owns.

pub mod enums;
pub mod hours;
pub mod offer;

use std::collections::BTreeMap;

use clock::Time;
use phone::E164;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Secret;

use enums::{
    AfterHoursAction, NumberStatus, RecordingEncryption, RecordingFormat, RecordingStorage, SmsApp,
    TenantStatus, VoiceApp, VoiceProvider,
};
use hours::{Hours, Span};
use offer::{Calendar, Service, ServiceArea};

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
    /// Whether its `notify_url` was given with a key of all tenants.
    pub notify_by_operator: bool,
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
    /// Whether it was an operator who suspended it: only operators lift that.
    pub suspended_by_operator: bool,
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
    /// From when on it opens nothing; none: it does not end.
    pub expires_at: Option<Time>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Time>,
}

impl Key {
    /// Whether it opens anything.
    pub fn is_valid(&self, now: Time) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
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
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub business_hours: Hours,
    /// E.164; where its calls go.
    #[schemars(with = "Option<String>")]
    pub forward_to: Option<E164>,
    /// 5 to 600.
    pub dial_timeout_s: u32,
    /// Its trade, such as plumbing.
    pub trade: Option<String>,
    /// What it does, at which prices.
    pub services: Vec<Service>,
    /// Where it works.
    pub service_area: Option<ServiceArea>,
    /// When it can be booked; nothing: not at all.
    pub calendar: Option<Calendar>,
    /// E.164; who is told of emergencies.
    #[schemars(with = "Option<String>")]
    pub emergency_contact: Option<E164>,
    /// Whether they are called as well.
    pub emergency_call: bool,
    /// What customers are told in the business's own words.
    pub texts: OwnTexts,
    /// Whether a text that did not arrive is sent once more.
    pub resend_undelivered: bool,
    /// Twilio's `MG..`, by which its texts go out.
    pub messaging_service_sid: Option<String>,
    /// `21:00-08:00`; when customers are neither called nor texted unasked.
    #[schemars(with = "Option<String>")]
    pub quiet_hours: Option<Span>,
    /// The text after a missed call; `{business_name}`, `{caller}`, `{number}` and `{trade}` are filled in.
    pub missed_call_text: String,
    /// When that text is sent.
    pub text_back: TextBack,
    /// How long the AI leaves a thread to a person who has taken it over.
    pub human_window_s: u32,
    /// How its calls are recorded.
    pub recording: Recording,
    /// Whether what goes into its live sessions is kept.
    pub replay: Replay,
    /// For how long what is kept of people is kept.
    pub retention: Retention,
    /// What it may spend.
    pub spend: Spend,
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
            services: Vec::new(),
            service_area: None,
            calendar: None,
            emergency_contact: None,
            emergency_call: false,
            texts: OwnTexts::default(),
            resend_undelivered: false,
            messaging_service_sid: None,
            quiet_hours: None,
            missed_call_text: phrases::Language::English.texts().missed_call.to_owned(),
            text_back: TextBack::default(),
            human_window_s: 60,
            recording: Recording::default(),
            replay: Replay::default(),
            retention: Retention::default(),
            spend: Spend::default(),
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
    /// For how many days a recording is kept; 0: for ever.
    pub retention_days: u32,
    /// Nothing is deleted while it is set.
    pub legal_hold: bool,
    /// Whether what is deleted here when its time is over is deleted at Twilio too.
    pub delete_at_twilio: bool,
    /// How the object store encrypts it.
    pub encryption: RecordingEncryption,
    /// The key of `kms`; none: the store's own.
    pub kms_key: Option<String>,
    /// Where its file is moved after `storage_class_after_days`.
    pub storage_class: RecordingStorage,
    /// After how many days.
    pub storage_class_after_days: u32,
    /// Whether Twilio's recordings of calls are transcribed, each side by its channel.
    pub transcribe: bool,
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
            retention_days: 0,
            legal_hold: false,
            delete_at_twilio: false,
            encryption: RecordingEncryption::None,
            kms_key: None,
            storage_class: RecordingStorage::Standard,
            storage_class_after_days: 30,
            transcribe: false,
        }
    }
}

/// Whether the inputs of live sessions are kept, so that calls can be run again from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Replay {
    /// Whether they are.
    pub enabled: bool,
    /// For so many days.
    pub retention_days: u32,
}

impl Default for Replay {
    fn default() -> Self {
        Self {
            enabled: false,
            retention_days: 30,
        }
    }
}

/// For how many days things are kept; 0: for ever. Recordings have their own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Retention {
    /// Calls that are over, with their timelines and streams.
    pub calls_days: u32,
    /// Conversations in which nothing has happened since.
    pub conversations_days: u32,
    /// Interviews that are over, with transcripts and scores, and candidates without one.
    pub interviews_days: u32,
    /// The parameters of webhooks as they came, beside the diagnostic lines; 0: they are not kept at all.
    pub webhook_parameters_days: u32,
}

/// Texts of a business; each has placeholders such as `{business_name}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnTexts {
    /// To HELP, where Twilio does not answer it.
    pub help: Option<String>,
    /// To START, where Twilio does not answer it.
    pub start: Option<String>,
    /// What a customer in danger does now, by the danger: `gas`, `carbon_monoxide`, `fire`, `shock`, `water`, `climate`, `trapped`,
    /// `intrusion`, `falling`.
    pub safety: BTreeMap<String, String>,
}

/// Limits of its own; what is unsaid is the platform's, and of two limits the stricter one counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Spend {
    /// Texts that leave in an hour.
    pub texts_per_hour: Option<u32>,
    /// Calls that are placed in an hour; those that come in and are forwarded do not count.
    pub calls_per_hour: Option<u32>,
    /// Calling codes such as `+1`: nobody else is called or texted; none: anybody.
    pub countries: Vec<String>,
    /// What AI may cost in a day (UTC), in hundredths of a US dollar.
    pub ai_cents_per_day: Option<u32>,
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
    /// Whether they must.
    pub enabled: bool,
    /// What they are told; none: a default.
    pub say: Option<String>,
}
