//! From what is stored to what the rest of the platform needs to know.

use events::v1::{self, TenantContext, VoiceParameters, Webhook};

use super::offer;
use crate::db::model::enums::{
    NumberStatus, RecordingStorage, TenantStatus, VoiceApp, VoiceProvider,
};
use crate::db::model::{Ai, Number, Profile, Tenant};

/// The business behind a number.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// What travels with each event.
    pub context: TenantContext,
    /// Who answers calls.
    pub voice: VoiceApp,
    /// Whether the tenant is.
    pub tenant: TenantStatus,
    /// Whether the number is.
    pub number: NumberStatus,
    /// Whether events are posted somewhere.
    pub notified: bool,
    /// What the business offers: only whoever answers customers needs to know.
    pub offer: Option<v1::Offer>,
    /// What it says to them in its own words.
    pub texts: Option<v1::OwnTexts>,
}

impl Resolution {
    /// Puts it together. `platform_account` is the account of tenants that have none of their own.
    pub fn new(
        tenant: &Tenant,
        account_sid: Option<&str>,
        number: &Number,
        platform_account: &str,
    ) -> Self {
        let account_sid = account_sid.unwrap_or(platform_account).to_owned();
        Self {
            context: context(tenant, account_sid, number),
            voice: number.voice.clone(),
            tenant: tenant.status,
            number: number.status,
            notified: tenant.profile.notify_url.is_some(),
            offer: offer::offer(
                &tenant.profile.services,
                tenant.profile.service_area.as_ref(),
                tenant.profile.calendar.as_ref(),
            ),
            texts: tenant.profile.texts.told(),
        }
    }

    /// The context with what the business offers, for whoever answers customers in its name.
    pub fn with_offer(&self) -> TenantContext {
        TenantContext {
            offer: self.offer.clone(),
            texts: self.texts.clone(),
            ..self.context.clone()
        }
    }

    /// Whether calls and messages are served.
    pub fn is_active(&self) -> bool {
        self.tenant == TenantStatus::Active && self.number == NumberStatus::Active
    }

    /// Whether a webhook of this account may speak for the number. Whoever has an account of their own can sign
    /// whatever they like with it.
    pub fn belongs_to(&self, account_sid: &str) -> bool {
        let ours = &self.context.account_sid;
        ours.is_empty() || account_sid.is_empty() || ours == account_sid
    }
}

fn context(tenant: &Tenant, account_sid: String, number: &Number) -> TenantContext {
    let profile = tenant.profile.clone();
    let recording = recording(&profile);
    TenantContext {
        tenant_id: tenant.id.clone(),
        name: profile.name,
        timezone: profile.timezone,
        hours: profile.business_hours.flatten(),
        forward_to: profile.forward_to.map(String::from).unwrap_or_default(),
        dial_timeout_s: profile.dial_timeout_s,
        after_hours: Some(v1::AfterHours {
            action: profile.after_hours.action.as_str().to_owned(),
            say: profile.after_hours.say.unwrap_or_default(),
        }),
        whisper: Some(v1::Whisper {
            enabled: profile.whisper.enabled,
            say: profile.whisper.say.unwrap_or_default(),
        }),
        text_back: Some(v1::TextBack {
            enabled: profile.text_back.enabled,
            template: profile.missed_call_text,
            window_s: profile.text_back.window_s,
        }),
        number: Some(v1::Number {
            id: number.id.clone(),
            number: number.number.clone().map(String::from).unwrap_or_default(),
            primary: number.primary,
            status: effective(tenant.status, number.status).as_str().to_owned(),
            voice: number.voice.clone().into(),
            sms: number.sms.as_str().to_owned(),
        }),
        account_sid,
        language: profile.language.unwrap_or_default(),
        voice: profile.voice.unwrap_or_default(),
        trade: profile.trade.unwrap_or_default(),
        human_window_s: profile.human_window_s,
        ai: wishes(profile.ai),
        emergency_contact: profile
            .emergency_contact
            .map(String::from)
            .unwrap_or_default(),
        messaging_service_sid: profile.messaging_service_sid.unwrap_or_default(),
        quiet_hours: profile.quiet_hours.map(|span| {
            let (from_minute, to_minute) = span.minutes();
            v1::QuietHours {
                from_minute,
                to_minute,
            }
        }),
        recording: Some(recording),
        offer: None,
        texts: None,
        emergency_call: profile.emergency_call,
        resend_undelivered: profile.resend_undelivered,
        replay: Some(v1::ReplaySettings {
            enabled: profile.replay.enabled,
            retention_days: profile.replay.retention_days,
        }),
    }
}

/// How a tenant's calls are recorded.
pub fn recording(profile: &Profile) -> v1::RecordingSettings {
    let it = profile.recording.clone();
    v1::RecordingSettings {
        enabled: it.enabled,
        format: it.format.as_str().to_owned(),
        record_user_audio: it.record_user_audio,
        record_assistant_audio: it.record_assistant_audio,
        record_mixed_audio: it.record_mixed_audio,
        consent_notice: it.consent_notice,
        retention_days: it.retention_days,
        legal_hold: it.legal_hold,
        delete_at_twilio: it.delete_at_twilio,
        encryption: it.encryption.as_str().to_owned(),
        kms_key: it.kms_key.unwrap_or_default(),
        storage_class: match it.storage_class {
            RecordingStorage::Standard => String::new(),
            class => class.as_str().to_owned(),
        },
        storage_class_after_days: it.storage_class_after_days,
        transcribe: it.transcribe,
        transcribe_language: profile.language.clone().unwrap_or_default(),
        transcribe_model: profile.ai.transcribe_model.clone().unwrap_or_default(),
    }
}

/// What a tenant wishes of AI; none when it has said nothing.
fn wishes(ai: Ai) -> Option<v1::AiPreferences> {
    (ai != Ai::default()).then(|| v1::AiPreferences {
        chat_model: ai.chat_model.unwrap_or_default(),
        transcribe_model: ai.transcribe_model.unwrap_or_default(),
        speech_model: ai.speech_model.unwrap_or_default(),
        voice: ai.voice.unwrap_or_default(),
        voice_provider: ai
            .voice_provider
            .map_or("", VoiceProvider::as_str)
            .to_owned(),
        instructions: ai.instructions.unwrap_or_default(),
    })
}

/// A suspended tenant's numbers count as suspended: consumers keep its state true and start nothing new.
fn effective(tenant: TenantStatus, number: NumberStatus) -> NumberStatus {
    match (tenant, number) {
        (TenantStatus::Suspended, NumberStatus::Active) => NumberStatus::Suspended,
        _ => number,
    }
}

/// Why an event goes nowhere, as the counter names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unserved {
    /// Nobody's number.
    UnknownNumber,
    /// The webhook was signed by another account than the number's.
    ForeignAccount,
    /// The tenant is suspended.
    TenantSuspended,
    /// The number is being bought, or suspended.
    NumberInactive,
    /// Nobody takes its calls, or its messages.
    NoApp,
}

impl Unserved {
    /// The counter's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UnknownNumber => "unknown_number",
            Self::ForeignAccount => "foreign_account",
            Self::TenantSuspended => "tenant_suspended",
            Self::NumberInactive => "number_inactive",
            Self::NoApp => "no_app",
        }
    }
}

/// The tenant that a webhook is about, served or not: state must stay true.
pub fn known<'a>(
    found: Option<&'a Resolution>,
    webhook: &Webhook,
) -> Result<&'a Resolution, Unserved> {
    let found = found.ok_or(Unserved::UnknownNumber)?;
    if !found.belongs_to(&webhook.account_sid) {
        return Err(Unserved::ForeignAccount);
    }
    Ok(found)
}

/// The tenant that takes a call, and the consumer that answers it.
pub fn answering<'a>(
    found: Option<&'a Resolution>,
    webhook: &Webhook,
) -> Result<(&'a Resolution, &'static str), Unserved> {
    let found = known(found, webhook)?;
    match (found.tenant, found.number) {
        (TenantStatus::Suspended, _) => return Err(Unserved::TenantSuspended),
        (_, NumberStatus::Active) => {}
        _ => return Err(Unserved::NumberInactive),
    }
    let app = found.voice.route().or_else(|| app_of_path(&webhook.path));
    app.map(|app| (found, app)).ok_or(Unserved::NoApp)
}

/// The business's end of a call.
pub fn own_number(voice: &VoiceParameters) -> &str {
    if voice.direction == "inbound" || voice.direction.is_empty() {
        &voice.to
    } else {
        &voice.from
    }
}

/// The business's number that calls has put into a callback's URL: the child leg's own ends are two other people.
pub fn number_in_query(webhook: &Webhook) -> Option<&str> {
    let found = webhook
        .query
        .iter()
        .find(|parameter| parameter.name == "number");
    found
        .map(|parameter| parameter.value.as_str())
        .filter(|number| !number.is_empty())
}

/// A number as the edge knows it; none while it is being bought by its area code.
pub fn directory_entry(
    tenant: &Tenant,
    account_sid: &str,
    number: &Number,
) -> Option<v1::directory::Entry> {
    let forward_to = tenant.profile.forward_to.clone();
    let active = tenant.status == TenantStatus::Active && number.status == NumberStatus::Active;
    Some(v1::directory::Entry {
        number: number.number.clone()?.into(),
        tenant_id: tenant.id.clone(),
        account_sid: account_sid.to_owned(),
        name: tenant.profile.name.clone(),
        dial_timeout_s: tenant.profile.dial_timeout_s,
        dialable: active && number.voice == VoiceApp::Forward && forward_to.is_some(),
        forward_to: forward_to.map(String::from).unwrap_or_default(),
        suspended: effective(tenant.status, number.status) == NumberStatus::Suspended,
        spend: tenant.profile.spend.told(),
        webhook_parameters_days: tenant.profile.retention.webhook_parameters_days,
        language: tenant.profile.language.clone().unwrap_or_default(),
        voice: tenant.profile.voice.clone().unwrap_or_default(),
    })
}

/// The app that a path names, for numbers that name none.
pub fn app_of_path(path: &str) -> Option<&'static str> {
    match path.trim_end_matches('/') {
        "/webhook/voice" => Some("coach"),
        "/twiml" => Some("assistant"),
        "/voice" => Some("bot"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn business_is_at_the_other_end_of_its_own_calls() {
        let mut voice = VoiceParameters {
            from: "+15550100009".into(),
            to: "+15550100001".into(),
            direction: "inbound".into(),
            ..VoiceParameters::default()
        };
        assert_eq!(own_number(&voice), "+15550100001");
        for direction in ["outbound-api", "outbound-dial"] {
            voice.direction = direction.into();
            assert_eq!(own_number(&voice), "+15550100009");
        }
    }

    #[test]
    fn paths_of_old_name_their_app() {
        assert_eq!(app_of_path("/webhook/voice/"), Some("coach"));
        assert_eq!(app_of_path("/webhooks/twilio/call"), None);
    }
}
