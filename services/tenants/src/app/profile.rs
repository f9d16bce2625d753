//! Reading how a tenant is served.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use phone::E164;
use serde_json::Value;
use url::Url;

use super::hours::{Day, Hours, Span};
use super::model::{AfterHours, Ai, Profile, Recording, TextBack, Whisper};
use super::read::Reader;
use super::template;

/// Reads how a tenant is served; what is unsaid has its default.
pub(super) fn profile(tenant: &mut Reader<'_>) -> Profile {
    let plain = Profile::default();
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
        service_area: tenant.words("service_area", 500),
        missed_call_text: tenant
            .text("missed_call_text", |text| {
                template::check(text).map(|()| text.to_owned())
            })
            .unwrap_or(plain.missed_call_text),
        text_back: tenant.object("text_back", text_back).unwrap_or_default(),
        human_window_s: tenant
            .number("human_window_s", 0, 30 * 86_400)
            .unwrap_or(plain.human_window_s),
        recording: tenant.object("recording", recording).unwrap_or_default(),
        after_hours: tenant
            .object("after_hours", after_hours)
            .unwrap_or_default(),
        whisper: tenant.object("whisper", whisper).unwrap_or_default(),
        notify_url: tenant.text("notify_url", notify_url),
        language: tenant.text("language", language),
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
    }
}

fn after_hours(it: &mut Reader<'_>) -> AfterHours {
    let plain = AfterHours::default();
    AfterHours {
        action: it.text("action", str::parse).unwrap_or(plain.action),
        say: it.words("say", 1000),
    }
}

fn whisper(it: &mut Reader<'_>) -> Whisper {
    Whisper {
        enabled: it.flag("enabled").unwrap_or_default(),
        say: it.words("say", 1000),
    }
}

fn notify_url(text: &str) -> Result<String, &'static str> {
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.ok_or("is not a web address; write https://host/path")?;
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("must have neither a user nor a # part");
    }
    Ok(url.into())
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
