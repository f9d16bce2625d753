//! API keys: a new one is shown once.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::audit::note;
use super::format::When;
use super::html::{PageError, Shell, page};
use super::order::Order;
use super::session::{Sent, SignedIn};
use super::shapes::List;
use super::tenants::{Tenant, choices};
use crate::api::segment;
use crate::operator::Operator;
use crate::state::State;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Key {
    id: String,
    name: String,
    tenant_id: Option<String>,
    scopes: Vec<String>,
    created_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl Key {
    fn may(&self) -> String {
        self.scopes.join(", ")
    }

    fn when(&self) -> Option<When> {
        self.created_at.map(When)
    }

    fn ends(&self) -> Option<When> {
        self.expires_at.map(When)
    }

    fn used(&self) -> Option<When> {
        self.last_used_at.map(When)
    }
}

#[derive(Template)]
#[template(path = "keys.html")]
struct KeysPage {
    shell: Shell,
    keys: Vec<Key>,
    tenants: Vec<Tenant>,
    made: Option<String>,
}

async fn keys_page(
    state: &State,
    operator: &Operator,
    made: Option<String>,
) -> Result<KeysPage, PageError> {
    if !operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let keys = state
        .api
        .get::<List<Key>>(operator, "/api/keys/?limit=200")
        .await;
    let mut shell = Shell::new(operator, "settings", "API keys");
    Ok(KeysPage {
        keys: shell.or_missing("Keys", keys).items,
        tenants: choices(&state.api, operator).await,
        shell,
        made,
    })
}

/// `/console/settings/keys`.
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, PageError> {
    page(&keys_page(&state, &who.0, None).await?)
}

/// `POST /console/settings/keys`.
pub async fn create(state: web::Data<State>, sent: Sent) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let scopes = match sent.field("may") {
        "admin" => json!(["read", "write", "admin"]),
        "write" => json!(["read", "write"]),
        _ => json!(["read"]),
    };
    let mut body = json!({ "name": sent.field("name"), "scopes": scopes });
    if !sent.field("tenant").is_empty() {
        body["tenant_id"] = json!(sent.field("tenant"));
    }
    let days = sent
        .field("days")
        .parse::<u32>()
        .ok()
        .filter(|days| *days > 0);
    if let Some(days) = days {
        let end = state.clock.now() + TimeDelta::days(i64::from(days));
        body["expires_at"] = json!(end);
    }
    let made = state
        .api
        .send(operator, Method::POST, "/api/keys/", Some(&body));
    let made: Value = made.await?;
    note(&state, operator, "key.create", sent.field("name")).await;
    let key = made["key"].as_str().map(str::to_owned);
    page(&keys_page(&state, operator, key).await?)
}

/// `POST /console/settings/keys/{id}/withdraw`.
pub async fn withdraw(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    if !sent.operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let order = Order {
        method: Method::DELETE,
        path: &format!("/api/keys/{}", segment(&id)),
        body: None,
        once: "",
        action: "key.withdraw",
        subject: &id,
    };
    order
        .carry_out(&state, &sent, "/console/settings/keys")
        .await
}
