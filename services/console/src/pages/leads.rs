//! Leads: what threads have become, and what they are worth.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Deserialize;

use super::format::{When, phone, words};
use super::html::{PageError, Shell, page};
use super::listing::Listing;
use super::session::SignedIn;
use super::tenants::Tenant;
use crate::state::State;

/// Where a lead may stand, in the usual order.
pub const STATUSES: [&str; 5] = [
    "new",
    "qualified",
    "appointment_scheduled",
    "completed",
    "lost",
];

/// A lead.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Lead {
    pub id: String,
    pub tenant_id: String,
    pub conversation_id: String,
    pub customer: String,
    pub status: String,
    pub value: Option<f64>,
    pub notes: String,
    pub name: String,
    pub address: String,
    pub job: String,
    pub preferred_time: String,
    pub urgency: String,
    pub appointment_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
}

impl Lead {
    /// The customer: by name where one is known.
    fn party(&self) -> String {
        match self.name.as_str() {
            "" => phone(&self.customer),
            name => name.to_owned(),
        }
    }

    /// Where it stands, for people.
    fn word(&self) -> String {
        words(&self.status)
    }

    /// The colour of where it stands.
    fn tone(&self) -> &'static str {
        match self.status.as_str() {
            "appointment_scheduled" | "completed" => "good",
            "new" | "qualified" => "live",
            _ => "quiet",
        }
    }

    /// Whether it is urgent.
    fn is_urgent(&self) -> bool {
        matches!(self.urgency.as_str(), "urgent" | "emergency")
    }

    /// When the customer is expected.
    fn appointment(&self) -> Option<When> {
        self.appointment_at.map(When)
    }

    /// What it is worth, in the business's currency.
    fn worth(&self) -> String {
        self.value
            .map_or_else(String::new, |value| format!("{value:.2}"))
    }

    /// The latest news.
    fn when(&self) -> Option<When> {
        self.updated_at.map(When)
    }
}

/// What the list is narrowed to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// Where they stand.
    status: String,
    /// Only this tenant's.
    tenant: String,
    /// Where the last page ended.
    cursor: String,
}

#[derive(Template)]
#[template(path = "leads.html")]
struct LeadsPage {
    shell: Shell,
    status: String,
    statuses: Vec<(&'static str, String)>,
    tenant: String,
    tenants: Vec<Tenant>,
    filtered: bool,
    leads: Vec<Lead>,
    next: Option<String>,
}

/// `/console/leads`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let filters = filters.into_inner();
    let narrowed = [
        ("status", filters.status.as_str()),
        ("tenant", &filters.tenant),
    ];
    let mut shell = Shell::new(&who.0, "conversations", "Leads").live("conversation.# message.#");
    let leads = Listing::open(
        &state,
        &mut shell,
        "Leads",
        ("/leads/", &narrowed),
        ("/console/leads", &narrowed),
        &filters.cursor,
    )
    .await;
    page(&LeadsPage {
        shell,
        filtered: leads.filtered,
        next: leads.next,
        leads: leads.items,
        tenants: leads.tenants,
        statuses: STATUSES.map(|it| (it, words(it))).into(),
        status: filters.status,
        tenant: filters.tenant,
    })
}
