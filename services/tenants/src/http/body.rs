//! The shapes that come in. Most are read by `app::document`, which finds every fault; their shapes here are for
//! OpenAPI.

use phone::E164;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::app::read;
use crate::app::refusal::FieldError;
use crate::db::model::Profile;
use crate::db::model::enums::{NumberStatus, SmsApp, TenantStatus, VoiceApp, is_name};
use crate::effects::provision::{Place, Wanted};

/// An apply file.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
pub(super) struct ApplyBody {
    #[serde(default)]
    tenants: Vec<TenantBody>,
    #[serde(default)]
    flows: Vec<FlowBody>,
    #[serde(default)]
    keys: Vec<KeyBody>,
}

/// A flow of an apply file: the same fields as at `/api/flows/`.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
struct FlowBody {
    /// The only tenant that has it; unsaid: the key's own, with a key of all tenants every tenant.
    tenant: Option<String>,
    name: String,
    /// screener, coach, eligibility or conversation.
    kind: String,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// A tenant of an apply file.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
pub(super) struct TenantBody {
    id: String,
    status: Option<TenantStatus>,
    #[serde(flatten)]
    profile: Profile,
    twilio: Option<AccountBody>,
    /// `whsec_..`; unsaid: made up.
    notify_secret: Option<String>,
    #[serde(default)]
    numbers: Vec<NumberBody>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
struct AccountBody {
    account_sid: String,
    /// One, or two while rotating. Unsaid: those that are stored.
    auth_tokens: Option<Vec<String>>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
struct NumberBody {
    number: String,
    primary: Option<bool>,
    /// forward, screener, coach, assistant, bot:NAME or none; screener:NAME, coach:NAME and assistant:NAME name a flow.
    voice: Option<String>,
    sms: Option<SmsApp>,
    status: Option<NumberStatus>,
    sid: Option<String>,
}

/// A key of an apply file.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by app::document")]
pub(super) struct KeyBody {
    name: String,
    /// The only tenant it may see; `tenant_id` says the same. Unsaid: the tenant of the key that makes it, else none: it sees all.
    tenant: Option<String>,
    /// read, write, admin.
    scopes: Vec<String>,
    key: Option<String>,
    /// RFC 3339; from then on it opens nothing. Null: it does not end; unsaid: as it is.
    expires_at: Option<String>,
}

/// A number to buy.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by wanted")]
pub(super) struct ProvisionBody {
    /// Unsaid: the key's own, else the only one.
    tenant_id: Option<String>,
    /// This number ..
    number: Option<String>,
    /// .. or any of this area.
    area_code: Option<String>,
    /// Two letters; US unless said.
    country: Option<String>,
    voice: Option<String>,
    sms: Option<SmsApp>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantStatusBody {
    pub status: TenantStatus,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NumberStatusBody {
    pub status: NumberStatus,
}

/// Reads what is to be bought. What names no tenant is for `unnamed`, if there is one.
pub(super) fn wanted(
    body: &Value,
    idempotency_key: Option<&str>,
    unnamed: Option<String>,
) -> Result<Wanted, Vec<FieldError>> {
    let mut faults = Vec::new();
    let wanted = read::object(&mut faults, String::new(), body, |it| {
        let named = it.text("tenant_id", |text| match is_name(text) {
            true => Ok(text.to_owned()),
            false => Err("is not a tenant's id"),
        });
        let tenant = named.or(unnamed);
        if tenant.is_none() {
            it.fault(
                "tenant_id",
                "must name a tenant: there is not exactly one, and this API key is bound to none",
            );
        }
        let number = it.text("number", E164::parse);
        let area_code = it.text("area_code", |text| {
            match (2..=5).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
                true => Ok(text.to_owned()),
                false => Err("must be 2 to 5 digits in quotes, such as \"415\""),
            }
        });
        let country = it.text("country", |text| {
            match text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()) {
                true => Ok(text.to_ascii_uppercase()),
                false => Err("must be two letters, such as US"),
            }
        });
        let (voice, sms) = (it.text("voice", str::parse), it.text("sms", str::parse));
        if it.value("number").is_some() == it.value("area_code").is_some() {
            it.fault("number", "say either number or area_code");
        }
        let country = country.unwrap_or_else(|| "US".to_owned());
        let area = area_code.map(|area_code| Place::Area { area_code, country });
        Some(Wanted {
            tenant_id: tenant?,
            place: number.map(Place::Number).or(area)?,
            voice: voice.unwrap_or(VoiceApp::Forward),
            sms: sms.unwrap_or(SmsApp::Conversation),
            idempotency_key: idempotency_key
                .filter(|key| !key.is_empty())
                .map(str::to_owned),
        })
    });
    match (wanted.flatten(), faults.is_empty()) {
        (Some(wanted), true) => Ok(wanted),
        _ => Err(faults),
    }
}
