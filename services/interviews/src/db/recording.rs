//! How an interview's call is recorded, as the tenant had it when the interview was made.

use events::v1;
use serde::{Deserialize, Serialize};

/// How a call is recorded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallRecording {
    /// `wav` or `mp3`.
    pub format: String,
    /// The caller's side.
    pub user: bool,
    /// The assistant's side.
    pub assistant: bool,
    /// Both in one.
    pub mixed: bool,
    /// Whether callers are told before it starts.
    pub consent_notice: bool,
    /// For how many days it is kept; 0: for ever.
    pub retention_days: u32,
    /// Nothing is deleted while it is set.
    pub legal_hold: bool,
    /// Whether it is deleted at Twilio too when its time is over.
    pub delete_at_twilio: bool,
    /// How the object store encrypts it, with which key.
    pub encryption: String,
    /// Empty: the store's own.
    pub kms_key: String,
    /// The class that its file is moved to; empty: none.
    pub storage_class: String,
    /// After how many days.
    pub storage_class_after_days: u32,
    /// Whether Twilio's recording is transcribed, in which language and by which model.
    pub transcribe: bool,
    /// Empty: the model finds out.
    pub transcribe_language: String,
    /// Empty: the platform's.
    pub transcribe_model: String,
}

impl CallRecording {
    /// From what the tenant wants; none where nothing is recorded.
    pub fn of(it: v1::RecordingSettings) -> Option<Self> {
        it.enabled.then_some(Self {
            format: it.format,
            user: it.record_user_audio,
            assistant: it.record_assistant_audio,
            mixed: it.record_mixed_audio,
            consent_notice: it.consent_notice,
            retention_days: it.retention_days,
            legal_hold: it.legal_hold,
            delete_at_twilio: it.delete_at_twilio,
            encryption: it.encryption,
            kms_key: it.kms_key,
            storage_class: it.storage_class,
            storage_class_after_days: it.storage_class_after_days,
            transcribe: it.transcribe,
            transcribe_language: it.transcribe_language,
            transcribe_model: it.transcribe_model,
        })
    }

    /// As it is told to others.
    pub fn to_event(&self) -> v1::RecordingSettings {
        v1::RecordingSettings {
            enabled: true,
            format: self.format.clone(),
            record_user_audio: self.user,
            record_assistant_audio: self.assistant,
            record_mixed_audio: self.mixed,
            consent_notice: self.consent_notice,
            retention_days: self.retention_days,
            legal_hold: self.legal_hold,
            delete_at_twilio: self.delete_at_twilio,
            encryption: self.encryption.clone(),
            kms_key: self.kms_key.clone(),
            storage_class: self.storage_class.clone(),
            storage_class_after_days: self.storage_class_after_days,
            transcribe: self.transcribe,
            transcribe_language: self.transcribe_language.clone(),
            transcribe_model: self.transcribe_model.clone(),
        }
    }
}
