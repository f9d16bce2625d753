//! The shapes that go out.

use clock::Time;
use phone::E164;
use schemars::JsonSchema;
use serde::Serialize;

use crate::app::change::Change;
use crate::app::document::Document;
use crate::app::planned::Plan;
use crate::db::model::enums::{NumberStatus, SmsApp, TenantStatus, VoiceApp};
use crate::db::model::hours::Hours;
use crate::db::model::offer::ServiceArea;
use crate::db::model::{AfterHours, Key, Number, Profile, Tenant};

/// The id of what was created.
#[derive(Serialize, JsonSchema)]
pub(super) struct Id {
    pub id: String,
}

/// What an apply file changed.
#[derive(Default, Serialize, JsonSchema)]
pub(super) struct Applied {
    created: Vec<String>,
    updated: Vec<String>,
    unchanged: Vec<String>,
    /// Numbers of these tenants that the file does not list; they stay as they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unlisted: Vec<String>,
    /// What was applied and will hardly do what was meant.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
    /// Keys that were made up; they are shown this once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    keys: Vec<MadeKey>,
}

#[derive(Serialize, JsonSchema)]
struct Warning {
    path: String,
    message: String,
}

#[derive(Serialize, JsonSchema)]
struct MadeKey {
    name: String,
    key: String,
}

impl Applied {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut applied = Self::default();
        let tenants = plan
            .tenants
            .iter()
            .map(|(change, it)| (change, format!("tenant {}", it.id)));
        let number = |it: &Number| it.number.as_ref().map_or(it.id.clone(), E164::to_string);
        let numbers = plan
            .numbers
            .iter()
            .map(|(change, it)| (change, format!("number {}", number(it))));
        let keys = plan
            .keys
            .iter()
            .map(|(change, it)| (change, format!("key {}", it.name)));
        let flows = plan
            .flows
            .iter()
            .map(|(change, it)| (change, format!("flow {}", it.name)));
        for (change, what) in tenants.chain(numbers).chain(flows).chain(keys) {
            match change {
                Change::Created => applied.created.push(what),
                Change::Updated => applied.updated.push(what),
                Change::Unchanged => applied.unchanged.push(what),
            }
        }
        applied.unlisted = plan
            .unlisted
            .iter()
            .map(|number| format!("number {number}"))
            .collect();
        let warnings = plan.warnings.iter().map(|it| Warning {
            path: it.path.clone(),
            message: it.message.clone(),
        });
        applied.warnings = warnings.collect();
        let made = plan.made.iter().map(|(name, key)| MadeKey {
            name: name.clone(),
            key: key.reveal().to_owned(),
        });
        applied.keys = made.collect();
        applied
    }
}

/// A tenant. PUT takes it back as it is.
#[derive(Serialize, JsonSchema)]
pub(super) struct TenantView {
    id: String,
    status: TenantStatus,
    #[serde(flatten)]
    profile: Profile,
    /// Its own account; its tokens are never shown.
    twilio: Option<AccountView>,
    numbers: Vec<NumberView>,
    /// Shown to keys with the scope admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    notify_secret: Option<String>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Serialize, JsonSchema)]
struct AccountView {
    account_sid: String,
}

impl TenantView {
    pub(super) fn of((tenant, numbers): (Tenant, Vec<Number>), admin: bool) -> Self {
        let secret = tenant.notify_secret.filter(|_| admin);
        Self {
            id: tenant.id,
            status: tenant.status,
            profile: tenant.profile,
            twilio: tenant.account.map(|account| AccountView {
                account_sid: account.sid,
            }),
            numbers: numbers.into_iter().map(NumberView::of).collect(),
            notify_secret: secret.map(|secret| secret.reveal().to_owned()),
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// A page of tenants.
#[derive(Serialize, JsonSchema)]
pub(super) struct Tenants {
    pub items: Vec<TenantView>,
    pub next_cursor: Option<String>,
}

/// A number.
#[derive(Serialize, JsonSchema)]
pub(super) struct NumberView {
    id: String,
    /// Null while it is being bought by its area code.
    #[schemars(with = "Option<String>")]
    number: Option<E164>,
    tenant_id: String,
    primary: bool,
    status: NumberStatus,
    #[schemars(with = "String")]
    voice: VoiceApp,
    sms: SmsApp,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    created_at: Time,
    updated_at: Time,
}

impl NumberView {
    pub(super) fn of(number: Number) -> Self {
        Self {
            id: number.id,
            number: number.number,
            tenant_id: number.tenant_id,
            primary: number.primary,
            status: number.status,
            voice: number.voice,
            sms: number.sms,
            sid: number.sid,
            created_at: number.created_at,
            updated_at: number.updated_at,
        }
    }
}

/// A page of numbers.
#[derive(Serialize, JsonSchema)]
pub(super) struct Numbers {
    pub items: Vec<NumberView>,
    pub next_cursor: Option<String>,
}

/// A number and the business behind it.
#[derive(Serialize, JsonSchema)]
pub(super) struct Lookup {
    #[serde(flatten)]
    number: NumberView,
    business_name: String,
    tenant_status: TenantStatus,
    /// Whether calls and messages are served.
    active: bool,
    /// Where the business is reached.
    #[schemars(with = "Option<String>")]
    forward_to: Option<E164>,
    dial_timeout_s: u32,
    timezone: String,
    #[schemars(with = "std::collections::BTreeMap<String, Vec<String>>")]
    business_hours: Hours,
    after_hours: AfterHours,
    trade: Option<String>,
    service_area: Option<ServiceArea>,
    language: Option<String>,
}

impl Lookup {
    pub(super) fn of(number: Number, tenant: Tenant) -> Self {
        let profile = tenant.profile;
        Self {
            active: tenant.status == TenantStatus::Active && number.status == NumberStatus::Active,
            number: NumberView::of(number),
            business_name: profile.name,
            tenant_status: tenant.status,
            forward_to: profile.forward_to,
            dial_timeout_s: profile.dial_timeout_s,
            timezone: profile.timezone,
            business_hours: profile.business_hours,
            after_hours: profile.after_hours,
            trade: profile.trade,
            service_area: profile.service_area,
            language: profile.language,
        }
    }
}

/// A number that is bought or given back.
#[derive(Serialize, JsonSchema)]
pub(super) struct Provisioned {
    #[serde(flatten)]
    number: NumberView,
    /// Said when Twilio has not answered yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl Provisioned {
    pub(super) fn of(number: Number) -> Self {
        let number = NumberView::of(number);
        Self { number, note: None }
    }

    pub(super) fn pending(number: Number, end: &str) -> Self {
        let note = format!(
            "Twilio has not answered yet; the number becomes {end} when it does, look again shortly"
        );
        let number = NumberView::of(number);
        Self {
            number,
            note: Some(note),
        }
    }
}

/// A key that was just made.
#[derive(Serialize, JsonSchema)]
pub(super) struct NewKey {
    id: String,
    name: String,
    key: String,
    tenant_id: Option<String>,
    scopes: Vec<String>,
}

impl NewKey {
    pub(super) fn of(plan: &Plan, document: &Document) -> Option<Self> {
        let (_, key) = plan.keys.first()?.clone();
        let made = plan.made.first().map(|(_, made)| made);
        let given = document.keys.first().and_then(|spec| spec.key.as_ref());
        Some(Self {
            id: key.id,
            name: key.name,
            key: made.or(given)?.reveal().to_owned(),
            tenant_id: key.tenant,
            scopes: key.scopes,
        })
    }
}

/// A key, without itself.
#[derive(Serialize, JsonSchema)]
pub(super) struct KeyView {
    id: String,
    name: String,
    tenant_id: Option<String>,
    scopes: Vec<String>,
    created_at: Time,
    expires_at: Option<Time>,
    /// To the minute.
    last_used_at: Option<Time>,
}

impl KeyView {
    pub(super) fn of(key: Key) -> Self {
        Self {
            id: key.id,
            name: key.name,
            tenant_id: key.tenant,
            scopes: key.scopes,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
        }
    }
}

/// A page of keys.
#[derive(Serialize, JsonSchema)]
pub(super) struct Keys {
    pub items: Vec<KeyView>,
    pub next_cursor: Option<String>,
}
