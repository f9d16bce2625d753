//! Whether Twilio can be reached, and how it reaches us.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use twilio_api::Error;

use super::State;
use crate::accounts::{Account, Failure};

/// How many accounts are asked about at once when none is named.
const ASKED: usize = 10;

/// Which account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Only this one.
    account_sid: Option<String>,
}

/// What we know of our way to Twilio.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Report {
    /// Where requests go.
    base_url: String,
    /// Where Twilio reaches us.
    public_url: String,
    /// The default number, redacted.
    phone_number: Option<String>,
    accounts: Vec<AccountReport>,
    /// The newest first; of this process, since its start.
    last_errors: Vec<ErrorReport>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct AccountReport {
    account_sid: String,
    tenant_id: Option<String>,
    /// `ok`, `refused`, or `unknown` when Twilio did not answer.
    credentials: &'static str,
    /// `active`, `suspended` or `closed`.
    status: Option<String>,
    /// `Trial` or `Full`.
    #[serde(rename = "type")]
    kind: Option<String>,
    /// Twilio's error code.
    code: Option<u32>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ErrorReport {
    at: DateTime<Utc>,
    operation: &'static str,
    account_sid: String,
    http_status: Option<u16>,
    code: Option<u32>,
}

pub(super) async fn show(
    caller: Caller,
    which: Query<Which>,
    state: Data<State>,
) -> Result<Json<Report>, ApiError> {
    let seen = |tenant: &Option<String>| match tenant {
        Some(tenant) => caller.may_see(tenant),
        None => caller.tenant.is_none(),
    };
    let mut accounts = state.accounts.all();
    accounts.retain(|account| seen(&account.tenant));
    if let Some(sid) = &which.account_sid {
        accounts.retain(|account| account.sid == *sid);
        if accounts.is_empty() {
            return Err(ApiError::not_found("account"));
        }
    }
    let mut reports = Vec::new();
    for account in accounts.iter().take(ASKED) {
        reports.push(check(account).await);
    }
    let failures = state.accounts.failures().into_iter();
    Ok(Json(Report {
        base_url: state.accounts.base_url().to_owned(),
        public_url: state.public_url.clone(),
        phone_number: state.number.clone().filter(|_| caller.tenant.is_none()),
        accounts: reports,
        last_errors: failures.filter(|f| seen(&f.tenant)).map(error).collect(),
    }))
}

async fn check(account: &Account) -> AccountReport {
    let answer = account
        .ask("accounts.fetch", account.client.accounts().fetch())
        .await;
    let (credentials, code) = match &answer {
        Ok(_) => ("ok", None),
        Err(e @ Error::Refused { .. }) => ("refused", e.code()),
        Err(e) => ("unknown", e.code()),
    };
    let answer = answer.ok();
    AccountReport {
        account_sid: account.sid.clone(),
        tenant_id: account.tenant.clone(),
        credentials,
        status: answer.as_ref().map(|a| a.status.clone()),
        kind: answer.map(|a| a.kind),
        code,
    }
}

fn error(failure: Failure) -> ErrorReport {
    ErrorReport {
        at: failure.at,
        operation: failure.op,
        account_sid: failure.account_sid,
        http_status: failure.status,
        code: failure.code,
    }
}

/// What a number's configuration at Twilio must hold.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Addresses {
    public_url: String,
    voice_url: String,
    /// The number's status callback, with Twilio's instructions to repeat it.
    status_callback: String,
    sms_url: String,
    /// Given with each message.
    message_status_callback: String,
    method: &'static str,
    /// What will keep Twilio from reaching us; empty when nothing is seen.
    warnings: Vec<&'static str>,
}

pub(super) async fn webhooks(_: Caller, state: Data<State>) -> Json<Addresses> {
    let url = &state.public_url;
    let local = ["://localhost", "://127.", "://0.0.0.0", "://[::1]"];
    let mut warnings = Vec::new();
    if local.iter().any(|host| url.contains(host)) {
        warnings.push("Twilio cannot reach this machine by that name; set WEBHOOK_BASE_URL");
    }
    if !url.starts_with("https://") {
        warnings.push("texts and calls travel in the clear; use https in WEBHOOK_BASE_URL");
    }
    Json(Addresses {
        public_url: url.clone(),
        voice_url: state.webhooks.voice.clone(),
        status_callback: state.webhooks.call_status(),
        sms_url: state.webhooks.sms.clone(),
        message_status_callback: state.message_status.clone(),
        method: "POST",
        warnings,
    })
}
