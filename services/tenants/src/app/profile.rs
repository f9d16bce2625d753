//! Reading how a tenant is served.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use outbound::Reach;
use phone::E164;
use phrases::{Language, template};
use serde_json::Value;

use super::offer::{self, calendar, service, service_area};
use super::read::Reader;
use super::spend::spend;
use super::texts;
use crate::db::model::hours::{Day, Hours, Span};
use crate::db::model::{AfterHours, Ai, Profile, Recording, Replay, Retention, TextBack, Whisper};

/// Reads how a tenant is served; what is unsaid has its default.
pub(super) fn profile(tenant: &mut Reader<'_>) -> Profile {
    let plain = Profile::default();
    let language = tenant.text("language", language);
    tenant.require("name");
    if tenant.value("business_hours").is_some() {
        tenant.require("timezone");
    }
    Profile {
        name: tenant.words("name", 200).unwrap_or_default(),
        timezone: tenant.text("timezone", timezone).unwrap_or(plain.timezone),
        business_hours: tenant.object("business_hours", hours).unwrap_or_default(),
        forward_to: tenant.text("forward_to", E164::parse),
        dial_timeout_s: tenant
            .number("dial_timeout_s", 5, 600)
            .unwrap_or(plain.dial_timeout_s),
        trade: tenant.words("trade", 100),
        services: offer::bounded(tenant, "services", offer::MOST_SERVICES, |tenant| {
            tenant
                .list("services", service)
                .into_iter()
                .flatten()
                .collect()
        }),
        service_area: service_area(tenant),
        calendar: tenant.object("calendar", calendar),
        emergency_contact: tenant.text("emergency_contact", E164::parse),
        emergency_call: tenant.flag("emergency_call").unwrap_or_default(),
        texts: tenant.object("texts", texts::texts).unwrap_or_default(),
        resend_undelivered: tenant.flag("resend_undelivered").unwrap_or_default(),
        messaging_service_sid: tenant.text("messaging_service_sid", messaging_service_sid),
        quiet_hours: tenant.text("quiet_hours", str::parse::<Span>),
        missed_call_text: tenant
            .text("missed_call_text", |text| {
                template::check_message(text).map(|()| text.to_owned())
            })
            .unwrap_or_else(|| {
                let language = Language::of(language.as_deref().unwrap_or_default());
                language.texts().missed_call.to_owned()
            }),
        text_back: tenant.object("text_back", text_back).unwrap_or_default(),
        human_window_s: tenant
            .number("human_window_s", 0, 30 * 86_400)
            .unwrap_or(plain.human_window_s),
        recording: tenant.object("recording", recording).unwrap_or_default(),
        replay: tenant.object("replay", replay).unwrap_or_default(),
        retention: tenant.object("retention", retention).unwrap_or_default(),
        spend: tenant.object("spend", spend).unwrap_or_default(),
        after_hours: tenant
            .object("after_hours", after_hours)
            .unwrap_or_default(),
        whisper: tenant.object("whisper", whisper).unwrap_or_default(),
        notify_url: tenant.text("notify_url", notify_url),
        language,
        voice: tenant.words("voice", 100),
        ai: tenant.object("ai", ai).unwrap_or_default(),
    }
}

fn ai(it: &mut Reader<'_>) -> Ai {
    Ai {
        chat_model: it.words("chat_model", 100),
        transcribe_model: it.words("transcribe_model", 100),
        speech_model: it.words("speech_model", 100),
        voice: it.words("voice", 100),
        voice_provider: it.text("voice_provider", str::parse),
        instructions: it.words("instructions", 4000),
    }
}

fn timezone(text: &str) -> Result<String, &'static str> {
    let zone: Result<Tz, _> = text.parse();
    zone.map(|zone| zone.name().to_owned())
        .map_err(|_| "is not an IANA time zone; write one such as America/Los_Angeles")
}

fn hours(days: &mut Reader<'_>) -> Hours {
    let mut week = BTreeMap::new();
    for (day, name) in Day::ALL {
        let spans = match days.value(name) {
            None => continue,
            Some(Value::Array(_)) => days.texts(name, str::parse::<Span>),
            Some(_) => days.text(name, str::parse::<Span>).into_iter().collect(),
        };
        week.insert(day, spans);
    }
    let hours = Hours(week);
    if !hours.0.is_empty() && hours.is_empty() {
        days.fault(
            "",
            "has no hours at all; leave business_hours out for always open",
        );
    }
    hours
}

fn text_back(it: &mut Reader<'_>) -> TextBack {
    let plain = TextBack::default();
    TextBack {
        enabled: it.flag("enabled").unwrap_or(plain.enabled),
        window_s: it.parse("window_s", window).unwrap_or(plain.window_s),
    }
}

/// The time in which a caller gets one text at most. None at all cannot be had: zero once meant the default, which is
/// not what anybody meant by it.
fn window(value: &Value) -> Result<u32, String> {
    const LONGEST_S: u32 = 30 * 86_400;
    let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
    let window = number.filter(|n| (1..=LONGEST_S).contains(n));
    window.ok_or_else(|| {
        let plain = TextBack::default().window_s;
        format!(
            "must be a whole number of seconds from 1 to {LONGEST_S}; leave it out for {plain}, and write \
             enabled: false beside it for no text-back at all"
        )
    })
}

fn recording(it: &mut Reader<'_>) -> Recording {
    let plain = Recording::default();
    Recording {
        enabled: it.flag("enabled").unwrap_or(plain.enabled),
        format: it.text("format", str::parse).unwrap_or(plain.format),
        record_user_audio: it
            .flag("record_user_audio")
            .unwrap_or(plain.record_user_audio),
        record_assistant_audio: it
            .flag("record_assistant_audio")
            .unwrap_or(plain.record_assistant_audio),
        record_mixed_audio: it
            .flag("record_mixed_audio")
            .unwrap_or(plain.record_mixed_audio),
        consent_notice: it.flag("consent_notice").unwrap_or(plain.consent_notice),
        retention_days: it
            .number("retention_days", 0, 36_500)
            .unwrap_or(plain.retention_days),
        legal_hold: it.flag("legal_hold").unwrap_or(plain.legal_hold),
        delete_at_twilio: it
            .flag("delete_at_twilio")
            .unwrap_or(plain.delete_at_twilio),
        encryption: it
            .text("encryption", str::parse)
            .unwrap_or(plain.encryption),
        kms_key: it.words("kms_key", 256),
        storage_class: it
            .text("storage_class", str::parse)
            .unwrap_or(plain.storage_class),
        storage_class_after_days: it
            .number("storage_class_after_days", 1, 36_500)
            .unwrap_or(plain.storage_class_after_days),
        transcribe: it.flag("transcribe").unwrap_or(plain.transcribe),
    }
}

fn replay(it: &mut Reader<'_>) -> Replay {
    let plain = Replay::default();
    Replay {
        enabled: it.flag("enabled").unwrap_or(plain.enabled),
        retention_days: it
            .number("retention_days", 1, 36_500)
            .unwrap_or(plain.retention_days),
    }
}

fn retention(it: &mut Reader<'_>) -> Retention {
    let mut days = |field| it.number(field, 0, 36_500).unwrap_or_default();
    Retention {
        calls_days: days("calls_days"),
        conversations_days: days("conversations_days"),
        interviews_days: days("interviews_days"),
        webhook_parameters_days: it
            .number("webhook_parameters_days", 0, 30)
            .unwrap_or_default(),
    }
}

fn after_hours(it: &mut Reader<'_>) -> AfterHours {
    let plain = AfterHours::default();
    AfterHours {
        action: it.text("action", str::parse).unwrap_or(plain.action),
        say: spoken(it, "say"),
    }
}

fn whisper(it: &mut Reader<'_>) -> Whisper {
    Whisper {
        enabled: it.flag("enabled").unwrap_or_default(),
        say: spoken(it, "say"),
    }
}

/// A text that is spoken, with placeholders.
fn spoken(it: &mut Reader<'_>, field: &'static str) -> Option<String> {
    let text = it.words(field, 1000)?;
    if let Err(e) = template::check(&text) {
        it.fault(field, e);
    }
    Some(text)
}

fn messaging_service_sid(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix("MG").unwrap_or_default();
    if digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_owned())
    } else {
        Err("must be MG and 32 hex digits, as the Twilio console shows it")
    }
}

/// Whether it may be a private address depends on who gives it: see `plan`.
fn notify_url(text: &str) -> Result<String, outbound::Refused> {
    outbound::judge(text, Reach::Private).map(String::from)
}

fn language(text: &str) -> Result<String, &'static str> {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let plain = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric());
    let good = (2..=3).contains(&first.len())
        && first.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| (2..=8).contains(&part.len()) && plain(part));
    if good {
        Ok(text.to_owned())
    } else {
        Err("must be a language tag such as en-US")
    }
}
