//! What people send: the apply file, or one tenant of it. Everything that can be judged without looking at what is
//! there already is judged here, all at once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono_tz::Tz;
use phone::E164;
use role::settings::{Secret, is_account_sid};
use serde_json::Value;
use url::Url;

use super::hours::{Day, Hours, Span};
use super::model::{AfterHours, Profile, Recording, TextBack, Whisper};
use super::read::{self, Reader};
use super::refusal::Fault;
use super::template;
use super::words::{NumberStatus, SmsApp, TenantStatus, VoiceApp, is_name};

/// The whole apply file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Businesses with their numbers.
    pub tenants: Vec<TenantSpec>,
    /// API keys.
    pub keys: Vec<KeySpec>,
}

/// A tenant as it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantSpec {
    /// Where it stands in the document.
    pub path: String,
    /// Its id.
    pub id: String,
    /// Unsaid: as it is, active when new.
    pub status: Option<TenantStatus>,
    /// How it is served; what is unsaid has its default.
    pub profile: Profile,
    /// Its account.
    pub account: AccountSpec,
    /// Unsaid: as it is, made up when it is needed.
    pub notify_secret: Option<Secret>,
    /// Those that are listed; others stay.
    pub numbers: Vec<NumberSpec>,
}

/// What is said of a tenant's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountSpec {
    /// Nothing: it stays.
    Keep,
    /// `null`: the platform's account from now on.
    Remove,
    /// This one. No tokens: those that are stored for it.
    Set {
        /// `AC..`.
        sid: String,
        /// The newest first.
        tokens: Vec<Secret>,
    },
}

/// A number as it should be. What is unsaid stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberSpec {
    /// Where it stands in the document.
    pub path: String,
    /// The number.
    pub number: E164,
    /// New: the first of a tenant is.
    pub primary: Option<bool>,
    /// New: forward.
    pub voice: Option<VoiceApp>,
    /// New: conversation.
    pub sms: Option<SmsApp>,
    /// New: active.
    pub status: Option<NumberStatus>,
    /// Twilio's `PN..`.
    pub sid: Option<String>,
}

/// A key as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySpec {
    /// Where it stands in the document.
    pub path: String,
    /// Its name, by which it is found again.
    pub name: String,
    /// The only tenant it may see.
    pub tenant: Option<String>,
    /// At least one.
    pub scopes: Vec<String>,
    /// Unsaid: as it is, made up when new.
    pub key: Option<Secret>,
}

/// Reads an apply file.
pub fn document(value: &Value) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let document = read::object(&mut faults, String::new(), value, |file| {
        if file
            .value("flows")
            .is_some_and(|flows| flows.as_array().is_none_or(|f| !f.is_empty()))
        {
            file.fault("flows", "no role serves flows yet; leave them out");
        }
        let tenants = file.list("tenants", |tenant| tenant_spec(tenant, None));
        Document {
            tenants: tenants.into_iter().flatten().collect(),
            keys: file.list("keys", key_spec).into_iter().flatten().collect(),
        }
    });
    finish(document, faults)
}

/// Reads one tenant. Its id may be left out when the request names it.
pub fn tenant(value: &Value, id: Option<&str>) -> Result<Document, Vec<Fault>> {
    let mut faults = Vec::new();
    let tenant = read::object(&mut faults, String::new(), value, |tenant| {
        tenant_spec(tenant, id)
    });
    let document = tenant.flatten().map(|tenant| Document {
        tenants: vec![tenant],
        keys: Vec::new(),
    });
    finish(document, faults)
}

/// Reads one key.
pub fn key(value: &Value) -> Result<KeySpec, Vec<Fault>> {
    let mut faults = Vec::new();
    let key = read::object(&mut faults, String::new(), value, |key| {
        if key.value("tenant").is_none() {
            return key_fields(key, "tenant_id");
        }
        key_spec(key)
    });
    if faults.is_empty() {
        key.flatten().ok_or(faults)
    } else {
        Err(faults)
    }
}

fn finish(document: Option<Document>, mut faults: Vec<Fault>) -> Result<Document, Vec<Fault>> {
    let document = document.unwrap_or_default();
    refuse_twins(&document, &mut faults);
    if faults.is_empty() {
        Ok(document)
    } else {
        Err(faults)
    }
}

/// Refuses what stands twice.
fn refuse_twins(document: &Document, faults: &mut Vec<Fault>) {
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut check = |kind: &'static str, it, path, place: String| {
        if let Some(first) = seen.get(&(kind, it)) {
            faults.push(Fault::new(place, format!("stands in {first} already")));
        } else {
            seen.insert((kind, it), path);
        }
    };
    for tenant in &document.tenants {
        check(
            "tenant",
            &tenant.id,
            &tenant.path,
            place(&tenant.path, "id"),
        );
        if let AccountSpec::Set { sid, .. } = &tenant.account {
            check(
                "account",
                sid,
                &tenant.path,
                place(&tenant.path, "twilio.account_sid"),
            );
        }
        for number in &tenant.numbers {
            check(
                "number",
                number.number.as_str(),
                &number.path,
                place(&number.path, "number"),
            );
        }
    }
    for key in &document.keys {
        check("key", &key.name, &key.path, place(&key.path, "name"));
    }
}

/// The place of a field.
pub(super) fn place(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

fn tenant_spec(tenant: &mut Reader<'_>, named: Option<&str>) -> Option<TenantSpec> {
    if named.is_none() {
        tenant.require("id");
    }
    let id = tenant.text("id", |text| match named {
        Some(named) if named != text => Err(format!("must be {named}, as the path says")),
        _ if is_name(text) => Ok(text.to_owned()),
        _ => {
            Err("must be a letter or digit, then up to 63 letters, digits, dots, - or _".to_owned())
        }
    });
    tenant.ignore(&["created_at", "updated_at"]);
    let profile = profile(tenant);
    let spec = TenantSpec {
        path: tenant.place(""),
        id: id.or_else(|| named.map(str::to_owned)).unwrap_or_default(),
        status: tenant.text("status", str::parse),
        account: account_spec(tenant),
        notify_secret: tenant.text("notify_secret", notify_secret),
        numbers: tenant
            .list("numbers", number_spec)
            .into_iter()
            .flatten()
            .collect(),
        profile,
    };
    let mut primaries = spec.numbers.iter().filter(|n| n.primary == Some(true));
    if let (Some(first), Some(second)) = (primaries.next(), primaries.next()) {
        let message = format!(
            "{} is primary already; a tenant has one primary number",
            first.path
        );
        let field = second.path.rsplit('.').next().unwrap_or_default();
        tenant.fault(&format!("{field}.primary"), message);
    }
    if spec
        .numbers
        .iter()
        .any(|n| Some(&n.number) == spec.profile.forward_to.as_ref())
    {
        tenant.fault(
            "forward_to",
            "is one of the tenant's own numbers; calls would go in circles",
        );
    }
    (!spec.id.is_empty()).then_some(spec)
}

fn profile(tenant: &mut Reader<'_>) -> Profile {
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
        window_s: it
            .number("window_s", 0, 30 * 86_400)
            .unwrap_or(plain.window_s),
    }
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

fn notify_secret(text: &str) -> Result<Secret, &'static str> {
    let bytes = text
        .strip_prefix("whsec_")
        .and_then(|key| STANDARD.decode(key).ok());
    match bytes {
        Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(Secret::new(text)),
        _ => Err("must be whsec_ and 24 to 64 bytes in base64; leave it out to have one made"),
    }
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

fn account_spec(tenant: &mut Reader<'_>) -> AccountSpec {
    if tenant.is_null("twilio") {
        return AccountSpec::Remove;
    }
    let account = tenant.object("twilio", |account| {
        account.require("account_sid");
        let sid = account.text("account_sid", |text| match is_account_sid(text) {
            true => Ok(text.to_owned()),
            false => Err("must be AC and 32 hex digits, as the Twilio console shows it"),
        });
        let said = account.value("auth_tokens").is_some();
        let tokens = account.texts("auth_tokens", |text| {
            let plain =
                !text.is_empty() && text.len() <= 200 && !text.contains(char::is_whitespace);
            if plain {
                Ok(Secret::new(text))
            } else {
                Err("must be a token as the Twilio console shows it")
            }
        });
        if said && !(1..=2).contains(&tokens.len()) {
            account.fault(
                "auth_tokens",
                "must hold one token, or two while rotating, the newest first",
            );
        }
        sid.map(|sid| AccountSpec::Set { sid, tokens })
    });
    account.flatten().unwrap_or(AccountSpec::Keep)
}

fn number_spec(number: &mut Reader<'_>) -> Option<NumberSpec> {
    number.require("number");
    number.ignore(&["id", "tenant_id", "created_at", "updated_at"]);
    let given = number.text("number", E164::parse);
    let (primary, voice) = (number.flag("primary"), number.text("voice", str::parse));
    let (sms, status) = (
        number.text("sms", str::parse),
        number.text("status", str::parse),
    );
    let sid = number.text("sid", number_sid);
    Some(NumberSpec {
        path: number.place(""),
        number: given?,
        primary,
        voice,
        sms,
        status,
        sid,
    })
}

fn number_sid(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix("PN").unwrap_or_default();
    let good = digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    if good {
        Ok(text.to_owned())
    } else {
        Err("must be PN and 32 hex digits")
    }
}

fn key_spec(key: &mut Reader<'_>) -> Option<KeySpec> {
    key_fields(key, "tenant")
}

fn key_fields(key: &mut Reader<'_>, tenant: &'static str) -> Option<KeySpec> {
    key.require("name");
    key.require("scopes");
    let said = key.value("scopes").is_some();
    let mut scopes = key.texts("scopes", |text| match text {
        "read" | "write" | "admin" => Ok(text.to_owned()),
        _ => Err("must be read, write or admin"),
    });
    if said && scopes.is_empty() {
        key.fault("scopes", "must hold at least one of read, write and admin");
    }
    scopes.sort_unstable();
    scopes.dedup();
    let (name, tenant) = (key.words("name", 100), key.words(tenant, 64));
    let secret = key.text("key", |text| match text.len() {
        8..=200 => Ok(Secret::new(text)),
        _ => Err("must have 8 to 200 characters; leave it out to have one made"),
    });
    Some(KeySpec {
        path: key.place(""),
        name: name?,
        tenant,
        scopes,
        key: secret,
    })
}
