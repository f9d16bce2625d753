//! What people send: the apply file, or one tenant of it. Everything that can be judged without looking at what is
//! there already is judged here, all at once.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use clock::Time;
use phone::E164;
use serde_json::Value;
use settings::{Secret, is_account_sid};

use super::flows::{FlowSpec, flow_spec};
use super::profile::profile;
use super::read::{self, Reader, place};
use super::refusal::FieldError;
use crate::db::model::Profile;
use crate::db::model::enums::{NumberStatus, SmsApp, TenantStatus, VoiceApp, is_name};

/// The whole apply file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// Businesses with their numbers.
    pub tenants: Vec<TenantSpec>,
    /// Interviews.
    pub flows: Vec<FlowSpec>,
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
    /// Unsaid: as it is; nothing: it does not end.
    pub expires_at: Option<Option<Time>>,
}

/// Reads an apply file. Its flows and keys are those of the tenant that the asker's key is bound to, unless they say whose.
pub fn document(value: &Value, bound: Option<&str>) -> Result<Document, Vec<FieldError>> {
    let mut faults = Vec::new();
    let document = read::object(&mut faults, String::new(), value, |file| {
        let tenants = file.list("tenants", |tenant| tenant_spec(tenant, None));
        Document {
            tenants: tenants.into_iter().flatten().collect(),
            flows: file.each("flows", flow_spec),
            keys: file.list("keys", key_spec).into_iter().flatten().collect(),
        }
    });
    let mut document = document.unwrap_or_default();
    // Before duplicates are looked for: a flow that does not say whose it is may be one that does.
    let of_flows = document.flows.iter_mut().map(|flow| &mut flow.tenant);
    let of_keys = document.keys.iter_mut().map(|key| &mut key.tenant);
    of_flows
        .chain(of_keys)
        .for_each(|tenant| own(tenant, bound));
    finish(document, faults)
}

/// Whose something is that does not say so.
fn own(tenant: &mut Option<String>, bound: Option<&str>) {
    if tenant.is_none() {
        *tenant = bound.map(str::to_owned);
    }
}

/// Reads one tenant. Its id may be left out when the request names it.
pub fn tenant(value: &Value, id: Option<&str>) -> Result<Document, Vec<FieldError>> {
    let mut faults = Vec::new();
    let tenant = read::object(&mut faults, String::new(), value, |tenant| {
        tenant_spec(tenant, id)
    });
    let document = tenant.flatten().map(|tenant| Document {
        tenants: vec![tenant],
        ..Document::default()
    });
    finish(document.unwrap_or_default(), faults)
}

/// Reads one key. It is of the tenant that the asker's key is bound to, unless it says whose.
pub fn key(value: &Value, bound: Option<&str>) -> Result<KeySpec, Vec<FieldError>> {
    let mut faults = Vec::new();
    let key = read::object(&mut faults, String::new(), value, key_spec);
    match key.flatten() {
        Some(mut key) if faults.is_empty() => {
            own(&mut key.tenant, bound);
            Ok(key)
        }
        _ => Err(faults),
    }
}

fn finish(document: Document, mut faults: Vec<FieldError>) -> Result<Document, Vec<FieldError>> {
    reject_duplicates(&document, &mut faults);
    if faults.is_empty() {
        Ok(document)
    } else {
        Err(faults)
    }
}

/// Refuses what stands twice.
fn reject_duplicates(document: &Document, faults: &mut Vec<FieldError>) {
    let mut seen: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let flows: Vec<String> = document.flows.iter().map(FlowSpec::identity).collect();
    let mut check = |kind: &'static str, it, path, place: String| {
        if let Some(first) = seen.get(&(kind, it)) {
            faults.push(FieldError::new(place, format!("stands in {first} already")));
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
    for (flow, identity) in document.flows.iter().zip(&flows) {
        check("flow", identity, &flow.path, place(&flow.path, "name"));
    }
    for key in &document.keys {
        check("key", &key.name, &key.path, place(&key.path, "name"));
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

fn notify_secret(text: &str) -> Result<Secret, &'static str> {
    let bytes = text
        .strip_prefix("whsec_")
        .and_then(|key| STANDARD.decode(key).ok());
    match bytes {
        Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(Secret::new(text)),
        _ => Err("must be whsec_ and 24 to 64 bytes in base64; leave it out to have one made"),
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

/// `tenant` as in an apply file, or `tenant_id` as everywhere else.
fn key_spec(key: &mut Reader<'_>) -> Option<KeySpec> {
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
    let name = key.words("name", 100);
    let (tenant, tenant_id) = (key.words("tenant", 64), key.words("tenant_id", 64));
    let secret = key.text("key", |text| match text.len() {
        8..=200 => Ok(Secret::new(text)),
        _ => Err("must have 8 to 200 characters; leave it out to have one made"),
    });
    let never = key.is_null("expires_at").then_some(None);
    let expires_at = key.text("expires_at", |text| {
        DateTime::parse_from_rfc3339(text)
            .map(|at| at.with_timezone(&Utc))
            .map_err(|_| "must be a time such as 2027-01-31T00:00:00Z")
    });
    Some(KeySpec {
        path: key.place(""),
        expires_at: expires_at.map(Some).or(never),
        name: name?,
        tenant: tenant.or(tenant_id),
        scopes,
        key: secret,
    })
}
