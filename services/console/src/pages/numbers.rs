//! Numbers, and what each must have at Twilio.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::join4;
use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::format::{address, phone};
use super::html::{PageError, Shell, page};
use super::order::Order;
use super::session::{Sent, SignedIn};
use super::shapes::{List, Number};
use super::tenants::{Tenant, choices};
use crate::api::segment;
use crate::state::State;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Webhooks {
    voice_url: String,
    status_callback: String,
    sms_url: String,
    method: String,
    warnings: Vec<String>,
}

/// What a number has at Twilio.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Health {
    pub id: String,
    pub number: Option<String>,
    pub state: String,
    pub wrong: Vec<String>,
    pub reason: Option<String>,
    pub expected: Option<Addresses>,
    pub actual: Option<Addresses>,
}

/// Where Twilio calls.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Addresses {
    pub voice_url: String,
    pub status_callback: String,
    pub sms_url: String,
}

impl Health {
    /// As people write the number.
    pub fn shown(&self) -> String {
        self.number.as_deref().map_or_else(String::new, phone)
    }

    /// Its state in words.
    pub fn word(&self) -> &'static str {
        match self.state.as_str() {
            "ok" => "as it must be",
            "wrong" => "goes elsewhere",
            "absent" => "not in its account",
            _ => "not known",
        }
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        match self.state.as_str() {
            "ok" => "good",
            "wrong" | "absent" => "bad",
            _ => "warn",
        }
    }

    /// What Twilio has beside what it must have: name, there, expected, whether they are the same.
    pub fn pairs(&self) -> Vec<(&'static str, &str, &str, bool)> {
        let (Some(there), Some(ours)) = (&self.actual, &self.expected) else {
            return Vec::new();
        };
        // Instructions to repeat make no difference.
        let bare = |url: &str| {
            url.split('#')
                .next()
                .unwrap_or_default()
                .trim_end_matches('/')
                .to_owned()
        };
        let pair = |name, there: &'_ str, ours: &'_ str| (name, bare(there) == bare(ours));
        [
            (
                pair("Calls", &there.voice_url, &ours.voice_url),
                there.voice_url.as_str(),
                ours.voice_url.as_str(),
            ),
            (
                pair(
                    "Ends of calls",
                    &there.status_callback,
                    &ours.status_callback,
                ),
                there.status_callback.as_str(),
                ours.status_callback.as_str(),
            ),
            (
                pair("Texts", &there.sms_url, &ours.sms_url),
                there.sms_url.as_str(),
                ours.sms_url.as_str(),
            ),
        ]
        .into_iter()
        .map(|((name, same), there, ours)| (name, there, ours, same))
        .collect()
    }
}

/// Where the page begins.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct From {
    /// Where the last page ended.
    cursor: String,
    /// What a form has just done: the page says so.
    said: String,
}

#[derive(Template)]
#[template(path = "numbers.html")]
struct NumbersPage {
    shell: Shell,
    warnings: Vec<String>,
    numbers: Vec<Number>,
    next: Option<String>,
    webhooks: Webhooks,
    health: Vec<Health>,
    tenants: Vec<Tenant>,
}

/// `/console/numbers`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    from: web::Query<From>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let path = address(
        "/phone-numbers/",
        &[("limit", "100"), ("cursor", &from.cursor)],
    );
    let health_path = path.replacen("/phone-numbers/", "/phone-numbers/webhooks", 1);
    let (numbers, health, webhooks, tenants) = join4(
        api.get::<List<Number>>(operator, &path),
        api.get::<List<Health>>(operator, &health_path),
        api.get::<Webhooks>(operator, "/api/webhook-test/"),
        choices(api, operator),
    )
    .await;
    let mut shell = Shell::new(operator, "numbers", "Numbers");
    shell.done =
        (from.said == "set").then_some("Twilio has the addresses of this platform for the number.");
    let numbers = shell.or_missing("Numbers", numbers);
    let mut health = shell.or_missing("Webhooks at Twilio", health).items;
    // What needs a hand comes first.
    health.sort_by_key(|it| it.state == "ok");
    let webhooks = shell.or_missing("Webhooks", webhooks);
    let next = numbers.next_cursor.as_deref();
    page(&NumbersPage {
        next: next.map(|cursor| address("/console/numbers", &[("cursor", cursor)])),
        shell,
        // The emulator reaches this machine by any name.
        warnings: match state.emulated() {
            true => Vec::new(),
            false => webhooks.warnings.clone(),
        },
        numbers: numbers.items,
        health,
        webhooks,
        tenants,
    })
}

/// `POST /console/numbers/{id}/webhooks`: points a number at this platform.
pub async fn fix(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let order = Order {
        method: Method::POST,
        path: &format!("/phone-numbers/{}/webhooks", segment(&id)),
        body: Some(&json!({})),
        once: "",
        action: "number.webhooks",
        subject: &id,
    };
    order
        .carry_out(&state, &sent, "/console/numbers?said=set")
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_differ_are_seen() {
        let ours = Addresses {
            voice_url: "https://a.example/call".to_owned(),
            status_callback: "https://a.example/call#rc=3".to_owned(),
            sms_url: "https://a.example/sms".to_owned(),
        };
        let there = Addresses {
            status_callback: "https://a.example/call/".to_owned(),
            sms_url: "https://b.example/sms".to_owned(),
            ..ours.clone()
        };
        let health = Health {
            actual: Some(there),
            expected: Some(ours),
            ..Health::default()
        };
        let same: Vec<bool> = health.pairs().into_iter().map(|it| it.3).collect();
        assert_eq!(same, [true, true, false]);
        assert!(Health::default().pairs().is_empty());
    }
}
