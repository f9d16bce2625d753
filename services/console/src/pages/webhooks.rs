//! The inspector: every webhook with its request, its answer, how long it took and what the signature was.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::format::When;
use super::html::{PageError, Shell, page};
use super::listing::Listing;
use super::session::SignedIn;
use super::shapes::{Line, or_default};
use super::tenants::Tenant;
use super::timeline::{ShownLine, shown};
use crate::state::State;

const VERDICTS: [(&str, &str); 4] = [
    ("valid", "Signature valid"),
    ("refused", "Refused"),
    ("unreadable", "Cannot be read"),
    ("not_checked", "Not checked yet"),
];

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// What became of them.
    verdict: String,
    /// Only those of this call or message.
    key: String,
    /// Only this tenant's.
    tenant: String,
    /// Where the last page ended.
    cursor: String,
}

/// A webhook as the API tells it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Webhook {
    at: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "or_default")]
    tenant_id: String,
    #[serde(deserialize_with = "or_default")]
    key: String,
    path: String,
    verdict: String,
    took_ms: Option<i64>,
    detail: Value,
    parameters: Value,
}

/// A row of the page.
struct Row {
    when: Option<When>,
    tenant: String,
    key: String,
    is_call: bool,
    line: ShownLine,
    status: String,
    code: String,
    outcome: String,
}

#[derive(Template)]
#[template(path = "webhooks.html")]
struct WebhooksPage {
    shell: Shell,
    verdict: String,
    verdicts: [(&'static str, &'static str); 4],
    key: String,
    tenant: String,
    tenants: Vec<Tenant>,
    filtered: bool,
    rows: Vec<Row>,
    next: Option<String>,
    public_url: String,
}

/// `/console/webhooks`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let filters = filters.into_inner();
    let narrowed = [
        ("verdict", filters.verdict.as_str()),
        ("key", filters.key.trim()),
        ("tenant", &filters.tenant),
    ];
    let mut shell = Shell::new(&who.0, "operating", "Webhooks").live("timeline.noted");
    let found = Listing::open(
        &state,
        &mut shell,
        "Webhooks",
        ("/calls/webhooks", &narrowed),
        ("/console/webhooks", &narrowed),
        &filters.cursor,
    )
    .await;
    page(&WebhooksPage {
        shell,
        verdicts: VERDICTS,
        filtered: found.filtered,
        next: found.next,
        tenants: found.tenants,
        rows: found.items.into_iter().map(row).collect(),
        public_url: state.public_url.clone(),
        verdict: filters.verdict,
        key: filters.key,
        tenant: filters.tenant,
    })
}

fn row(webhook: Webhook) -> Row {
    let text = |name: &str| match &webhook.detail[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (status, code, outcome) = (text("http_status"), text("error_code"), text("outcome"));
    let mut detail = webhook.detail;
    if let Some(detail) = detail.as_object_mut() {
        // They have columns of their own.
        for name in ["http_status", "error_code", "outcome"] {
            detail.remove(name);
        }
        detail.insert("what".to_owned(), Value::from(webhook.path));
        detail.insert("verdict".to_owned(), Value::from(webhook.verdict));
        detail.insert("took_ms".to_owned(), Value::from(webhook.took_ms));
        detail.insert("raw".to_owned(), webhook.parameters);
    }
    let line = Line {
        at: webhook.at,
        kind: "webhook".to_owned(),
        detail,
    };
    Row {
        when: webhook.at.map(When),
        tenant: webhook.tenant_id,
        is_call: webhook.key.starts_with("CA"),
        key: webhook.key,
        line: shown(line, None),
        status,
        code,
        outcome,
    }
}
