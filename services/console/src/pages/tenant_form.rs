//! Changing how a tenant is served: the forms on its page, each over what the tenant has besides.

use actix_web::{HttpResponse, web};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::audit::note;
use super::html::{PageError, see};
use super::order::Order;
use super::session::Sent;
use super::tenant_parts::{calendar, hours, service_area, services};
use crate::api::segment;
use crate::state::State;

const MEANWHILE: &str = "This tenant was changed after you opened the page. Go back, load it again and repeat your change.";

/// What a page has shown of a tenant: another one was changed meanwhile, be it a number of its.
pub fn seen(tenant: &Value) -> String {
    hex::encode(&Sha256::digest(tenant.to_string().as_bytes())[..12])
}

/// `POST /console/tenants/{id}`: what one of the forms has, over what the tenant has besides.
pub async fn save(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let path = format!("/api/tenants/{}", segment(&id));
    let mut tenant: Value = state.api.get(operator, &path).await?;
    // Two tabs: the second would take back what the first has changed.
    if seen(&tenant) != sent.field("seen") {
        return Err(PageError::Invalid(MEANWHILE.to_owned()));
    }
    let updated_at = tenant["updated_at"].as_str().unwrap_or_default().to_owned();
    match sent.field("part") {
        "offer" => offer(&mut tenant, &sent),
        "rules" => rules(&mut tenant, &sent),
        "numbers" => numbers(&mut tenant, &sent),
        "credentials" => credentials(&mut tenant, &sent),
        _ => basics(&mut tenant, &sent),
    }
    // Who changes it in this very moment is told by the role.
    state
        .api
        .send_over(operator, Method::PUT, &path, &updated_at, &tenant)
        .await?;
    note(&state, operator, "tenant.change", &id).await;
    Ok(see(&format!(
        "/console/tenants/{}?said=saved",
        segment(&id)
    )))
}

/// `POST /console/tenants/{id}/status`: suspends it, or takes it back.
pub async fn set_status(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    if !sent.operator.may_administer() {
        return Err(PageError::Forbidden);
    }
    let order = Order {
        method: Method::PUT,
        path: &format!("/api/tenants/{}/status", segment(&id)),
        body: Some(&json!({ "status": sent.field("status") })),
        once: "",
        action: "tenant.status",
        subject: &id,
    };
    let back = format!("/console/tenants/{}?said=saved", segment(&id));
    order.carry_out(&state, &sent, &back).await
}

/// A text; empty: none.
fn text(sent: &Sent, name: &str) -> Value {
    match sent.field(name) {
        "" => Value::Null,
        text => json!(text),
    }
}

/// A number. What is none is refused by the API, in its own words.
fn number(sent: &Sent, name: &str) -> Value {
    let text = sent.field(name);
    text.parse::<u32>()
        .map_or(json!(text), |number| json!(number))
}

/// A part of the tenant that is an object.
fn part<'a>(tenant: &'a mut Value, name: &str) -> &'a mut Value {
    if !tenant[name].is_object() {
        tenant[name] = json!({});
    }
    &mut tenant[name]
}

fn is_on(sent: &Sent, name: &str) -> Value {
    json!(sent.field(name) == "on")
}

/// Who it is, whom it rings, when it is open.
fn basics(tenant: &mut Value, sent: &Sent) {
    for name in ["name", "timezone", "missed_call_text"] {
        tenant[name] = json!(sent.field(name));
    }
    for name in [
        "forward_to",
        "trade",
        "language",
        "notify_url",
        "emergency_contact",
        "messaging_service_sid",
        "voice",
    ] {
        tenant[name] = text(sent, name);
    }
    tenant["dial_timeout_s"] = number(sent, "dial_timeout_s");
    tenant["business_hours"] = hours(|day| sent.field(day));
    tenant["after_hours"] = json!({
        "action": sent.field("after_hours"), "say": text(sent, "after_hours_say"),
    });
    for name in ["whisper", "text_back", "recording"] {
        part(tenant, name)["enabled"] = is_on(sent, name);
    }
}

/// What it offers, where and when.
fn offer(tenant: &mut Value, sent: &Sent) {
    tenant["services"] = services(sent.field("services"));
    tenant["service_area"] = service_area(sent.field("postal_codes"), sent.field("area"));
    let fields = ["slot_min", "days_ahead", "capacity"].map(|name| number(sent, name));
    let is_booked = sent.field("booked") == "on";
    tenant["calendar"] = match is_booked {
        true => calendar(fields, sent.field("blocked")),
        false => Value::Null,
    };
}

/// Consent, retention, quiet hours, and how long a person has before the AI answers.
fn rules(tenant: &mut Value, sent: &Sent) {
    tenant["quiet_hours"] = text(sent, "quiet_hours");
    tenant["human_window_s"] = number(sent, "human_window_s");
    part(tenant, "text_back")["window_s"] = number(sent, "window_s");
    part(tenant, "whisper")["say"] = text(sent, "whisper_say");
    let recording = part(tenant, "recording");
    for name in ["consent_notice", "legal_hold", "delete_at_twilio"] {
        recording[name] = is_on(sent, name);
    }
    recording["format"] = json!(sent.field("format"));
    recording["retention_days"] = number(sent, "retention_days");
    let retention = part(tenant, "retention");
    for name in [
        "calls_days",
        "conversations_days",
        "interviews_days",
        "webhook_parameters_days",
    ] {
        retention[name] = number(sent, name);
    }
}

/// Which app answers which number.
fn numbers(tenant: &mut Value, sent: &Sent) {
    let all = tenant["numbers"].as_array_mut();
    for it in all.into_iter().flatten() {
        let id = it["id"].as_str().unwrap_or_default().to_owned();
        for name in ["voice", "sms"] {
            let field = sent.field(&format!("{name}-{id}"));
            if !field.is_empty() {
                it[name] = json!(field);
            }
        }
    }
}

/// The Twilio account. Tokens go in and never come out: none given, those that are stored stay.
fn credentials(tenant: &mut Value, sent: &Sent) {
    let sid = sent.field("account_sid");
    if sid.is_empty() {
        tenant["twilio"] = Value::Null;
        return;
    }
    let mut account = json!({ "account_sid": sid });
    let tokens = [sent.field("auth_token"), sent.field("older_token")];
    let tokens: Vec<&str> = tokens.into_iter().filter(|it| !it.is_empty()).collect();
    if !tokens.is_empty() {
        account["auth_tokens"] = json!(tokens);
    }
    tenant["twilio"] = account;
}
