//! Tenants: the list that filters choose from, and the page of one.

use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use serde_json::Value;

use super::flash::Flash;
use super::format::{tone, words};
use super::html::{PageError, Shell, page};
use super::session::SignedIn;
use super::shapes::{List, Number};
use super::tenant_form::seen;
use super::tenant_parts::{joined, service_lines};
use crate::api::{Api, segment};
use crate::operator::Operator;
use crate::state::State;

/// A tenant.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Tenant {
    pub id: String,
    pub name: String,
    pub status: String,
    pub timezone: String,
    pub language: Option<String>,
    pub forward_to: Option<String>,
    pub dial_timeout_s: u32,
    pub trade: Option<String>,
    pub business_hours: Value,
    pub after_hours: Value,
    pub whisper: Value,
    pub text_back: Value,
    pub recording: Value,
    pub missed_call_text: String,
    pub human_window_s: Option<u64>,
    pub quiet_hours: Option<String>,
    pub notify_url: Option<String>,
    pub twilio: Option<Value>,
    pub numbers: Vec<Number>,
    pub emergency_contact: Option<String>,
    pub messaging_service_sid: Option<String>,
    pub voice: Option<String>,
    pub services: Value,
    pub service_area: Value,
    pub calendar: Value,
    pub retention: Value,
}

impl Tenant {
    /// Its own account; empty: the platform's.
    pub fn account_sid(&self) -> &str {
        let own = self
            .twilio
            .as_ref()
            .and_then(|it| it["account_sid"].as_str());
        own.unwrap_or_default()
    }

    /// Services as lines.
    pub fn services_text(&self) -> String {
        service_lines(&self.services)
    }

    /// Postal codes, with commas.
    pub fn postal_codes(&self) -> String {
        joined(&self.service_area["postal_codes"])
    }

    /// Its area in words.
    pub fn area(&self) -> &str {
        self.service_area["text"].as_str().unwrap_or_default()
    }

    /// Days without bookings, with commas.
    pub fn blocked(&self) -> String {
        joined(&self.calendar["blocked"])
    }

    /// Whether it can be booked.
    pub fn is_booked(&self) -> bool {
        self.calendar.is_object()
    }

    /// What callers get outside the hours.
    pub fn after(&self) -> &str {
        self.after_hours["action"].as_str().unwrap_or("forward")
    }

    /// The fields of how it can be booked: name, label, value.
    pub fn booking_fields(&self) -> [(&'static str, &'static str, i64); 3] {
        let of = |name: &str, plain| self.calendar[name].as_i64().unwrap_or(plain);
        [
            (
                "slot_min",
                "Length of a slot, in minutes",
                of("slot_min", 120),
            ),
            ("days_ahead", "Days ahead", of("days_ahead", 14)),
            ("capacity", "Bookings that fit in a slot", of("capacity", 1)),
        ]
    }

    /// For how long things are kept: name, label, days.
    pub fn kept_days(&self) -> [(&'static str, &'static str, i64); 4] {
        let of = |name: &str| self.retention[name].as_i64().unwrap_or(0);
        let recordings = self.recording["retention_days"].as_i64().unwrap_or(0);
        [
            ("retention_days", "Recordings", recordings),
            ("calls_days", "Calls", of("calls_days")),
            (
                "conversations_days",
                "Conversations",
                of("conversations_days"),
            ),
            ("interviews_days", "Interviews", of("interviews_days")),
        ]
    }

    /// For how many days the parameters of webhooks are kept as they came.
    pub fn parameters_days(&self) -> i64 {
        let days = &self.retention["webhook_parameters_days"];
        days.as_i64().unwrap_or(0)
    }

    /// What is on or off of the recording: name, label, state.
    pub fn recording_switches(&self) -> [(&'static str, &'static str, bool); 3] {
        let on = |name: &str, plain| self.recording[name].as_bool().unwrap_or(plain);
        [
            (
                "consent_notice",
                "Tell callers that they are recorded",
                on("consent_notice", true),
            ),
            (
                "legal_hold",
                "Legal hold: delete nothing",
                on("legal_hold", false),
            ),
            (
                "delete_at_twilio",
                "Delete at Twilio, too, when the time is over",
                on("delete_at_twilio", false),
            ),
        ]
    }

    /// What whoever picks up is told.
    pub fn whisper_say(&self) -> &str {
        self.whisper["say"].as_str().unwrap_or_default()
    }

    /// The seconds in which a caller gets one text at most.
    pub fn window_s(&self) -> i64 {
        self.text_back["window_s"].as_i64().unwrap_or(1800)
    }

    /// The recordings' format.
    pub fn format(&self) -> &str {
        self.recording["format"].as_str().unwrap_or("mp3")
    }
}

#[derive(Template)]
#[template(path = "tenant.html")]
struct TenantPage {
    shell: Shell,
    tone: &'static str,
    account: String,
    hours: Vec<(&'static str, String)>,
    rules: Vec<(&'static str, String)>,
    week: Vec<(&'static str, &'static str, String)>,
    switches: Vec<(&'static str, &'static str, bool)>,
    seen: String,
    tenant: Tenant,
}

const MESSAGES: [(&str, &str); 1] = [("saved", "The change counts from the next call on.")];

/// What filters choose from: nothing for an operator of one tenant.
pub async fn choices(api: &Api, operator: &Operator) -> Vec<Tenant> {
    if operator.tenant.is_some() {
        return Vec::new();
    }
    let list = api.get::<List<Tenant>>(operator, "/api/tenants/?limit=200");
    list.await.unwrap_or_default().items
}

/// `/console/tenants/{id}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/api/tenants/{}", segment(&id));
    let whole: Value = state.api.get(&who.0, &path).await?;
    let seen = seen(&whole);
    let tenant: Tenant = serde_json::from_value(whole).map_err(|_| PageError::Away)?;
    let account = tenant
        .twilio
        .as_ref()
        .and_then(|it| it["account_sid"].as_str());
    let mut shell = Shell::new(&who.0, "numbers", tenant.name.clone());
    shell.done = flash.among(&MESSAGES);
    page(&TenantPage {
        shell,
        week: week(&tenant.business_hours),
        switches: switches(&tenant),
        tone: tone(&tenant.status),
        account: account.unwrap_or("the platform's").to_owned(),
        hours: hours(&tenant.business_hours),
        rules: rules(&tenant),
        seen,
        tenant,
    })
}

const DAYS: [(&str, &str); 7] = [
    ("mon", "Monday"),
    ("tue", "Tuesday"),
    ("wed", "Wednesday"),
    ("thu", "Thursday"),
    ("fri", "Friday"),
    ("sat", "Saturday"),
    ("sun", "Sunday"),
];

/// The days of the form: key, name, spans.
fn week(hours: &Value) -> Vec<(&'static str, &'static str, String)> {
    let day = |(key, name): (&'static str, &'static str)| {
        let text = spans(&hours[key]).unwrap_or_default();
        (key, name, text)
    };
    DAYS.into_iter().map(day).collect()
}

/// What is on or off: key, name, state.
fn switches(tenant: &Tenant) -> Vec<(&'static str, &'static str, bool)> {
    let on = |it: &Value| it["enabled"].as_bool().unwrap_or(false);
    vec![
        (
            "text_back",
            "Text back who was missed",
            on(&tenant.text_back),
        ),
        (
            "whisper",
            "Ask whoever picks up to press 1",
            on(&tenant.whisper),
        ),
        ("recording", "Record calls", on(&tenant.recording)),
    ]
}

/// The times of a day; none: closed.
fn spans(day: &Value) -> Option<String> {
    match day {
        Value::String(span) => Some(span.clone()),
        Value::Array(spans) if !spans.is_empty() => {
            let spans = spans.iter().filter_map(Value::as_str);
            Some(spans.collect::<Vec<_>>().join(", "))
        }
        _ => None,
    }
}

fn hours(week: &Value) -> Vec<(&'static str, String)> {
    if week.as_object().is_none_or(serde_json::Map::is_empty) {
        return Vec::new();
    }
    let closed = || "closed".to_owned();
    let day = |(key, name): (&str, &'static str)| (name, spans(&week[key]).unwrap_or_else(closed));
    DAYS.into_iter().map(day).collect()
}

fn rules(tenant: &Tenant) -> Vec<(&'static str, String)> {
    let on = |it: &Value| {
        let on = it["enabled"].as_bool().unwrap_or(false);
        if on { "on" } else { "off" }.to_owned()
    };
    let mut rules = vec![
        (
            "After hours",
            words(tenant.after_hours["action"].as_str().unwrap_or("forward")),
        ),
        ("Whisper", on(&tenant.whisper)),
        ("Text back", on(&tenant.text_back)),
        ("Text of a missed call", tenant.missed_call_text.clone()),
        ("Recording", on(&tenant.recording)),
    ];
    if let Some(days) = tenant.recording["retention_days"].as_i64() {
        rules.push(("Recordings are kept", format!("{days} days")));
    }
    if let Some(seconds) = tenant.human_window_s {
        rules.push(("AI answers after", format!("{seconds} s")));
    }
    if let Some(hours) = &tenant.quiet_hours {
        rules.push(("Quiet hours", hours.clone()));
    }
    if let Some(url) = &tenant.notify_url {
        rules.push(("Events go to", url.clone()));
    }
    rules
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn week_is_shown_in_order_with_closed_days() {
        let week = hours(&json!({ "sat": ["08:00-12:00", "13:00-16:00"], "mon": "07:00-18:00" }));
        assert_eq!(week[0], ("Monday", "07:00-18:00".to_owned()));
        assert_eq!(week[5].1, "08:00-12:00, 13:00-16:00");
        assert_eq!(week[6].1, "closed");
        assert!(hours(&json!({})).is_empty() && hours(&Value::Null).is_empty());
    }
}
