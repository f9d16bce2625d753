//! Flows: the list, one by its name, and what a caller hears of it.

use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::format::{When, address};
use super::html::{PageError, Shell, page};
use super::session::SignedIn;
use super::shapes::List;
use crate::api::{Api, Missing, segment};
use crate::operator::Operator;
use crate::state::State;

/// A version of a flow.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Flow {
    pub name: String,
    pub kind: String,
    pub version: i64,
    pub tenant_id: Option<String>,
    pub definition: Value,
    pub created_at: Option<DateTime<Utc>>,
}

/// A line on the phone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Heard {
    pub voice: String,
    pub text: String,
}

/// A flow that was judged and played.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Preview {
    pub heard: Vec<Heard>,
    pub heard_with_no: Vec<Heard>,
}

impl Flow {
    /// When the version was stored.
    pub fn when(&self) -> Option<When> {
        self.created_at.map(When)
    }

    /// The page of its latest version.
    pub fn latest(&self) -> String {
        self.path("")
    }

    /// The page of this version.
    pub fn itself(&self) -> String {
        self.path(&self.version.to_string())
    }

    fn path(&self, version: &str) -> String {
        let tenant = self.tenant_id.as_deref().unwrap_or_default();
        let filters = [("version", version), ("tenant", tenant)];
        address(&format!("/console/flows/{}", segment(&self.name)), &filters)
    }

    /// Where it is changed.
    pub fn edit(&self) -> String {
        let tenant = self.tenant_id.as_deref().unwrap_or_default();
        let path = format!("/console/flows/{}/edit", segment(&self.name));
        address(&path, &[("tenant", tenant)])
    }
}

#[derive(Template)]
#[template(path = "flows.html")]
struct FlowsPage {
    shell: Shell,
    flows: Vec<Flow>,
    templates: Vec<(&'static str, &'static str)>,
}

/// What a new flow may begin as: name and words.
pub const TEMPLATES: [(&str, &str); 4] = [
    (
        "screener",
        "Screener: calls candidates, records and scores answers",
    ),
    (
        "coach",
        "Coach: takes calls, asks questions, speaks feedback",
    ),
    (
        "eligibility",
        "Eligibility: questions of yes and no, and a rule",
    ),
    (
        "conversation",
        "Front desk: a free conversation with the model",
    ),
];

/// `/console/flows`.
pub async fn list(state: web::Data<State>, who: SignedIn) -> Result<HttpResponse, PageError> {
    let flows = state
        .api
        .get::<List<Flow>>(&who.0, "/api/flows/?limit=200")
        .await;
    let mut shell = Shell::new(&who.0, "interviews", "Flows");
    page(&FlowsPage {
        flows: shell.or_missing("Flows", flows).items,
        templates: TEMPLATES.to_vec(),
        shell,
    })
}

/// A flow by its name: of this tenant; of nobody in particular: every tenant's, else the first that has it.
pub async fn find(
    api: &Api,
    operator: &Operator,
    name: &str,
    (tenant, version): (&str, &str),
) -> Result<Flow, Missing> {
    let of = |tenant: &str| {
        let filters = [("version", version), ("tenant", tenant)];
        address(&format!("/api/flows/{}", segment(name)), &filters)
    };
    let found = api.get::<Flow>(operator, &of(tenant)).await;
    if found.is_ok() || !tenant.is_empty() {
        return found;
    }
    // Without a tenant only every tenant's flows are found.
    let list = api
        .get::<List<Flow>>(operator, "/api/flows/?limit=200")
        .await;
    let mut items = list.unwrap_or_default().items.into_iter();
    let named = items.find(|flow| flow.name == name);
    match named.and_then(|flow| flow.tenant_id) {
        Some(tenant) => api.get(operator, &of(&tenant)).await,
        None => found,
    }
}

/// What a caller hears of a definition.
pub async fn preview(
    api: &Api,
    operator: &Operator,
    definition: &Value,
) -> Result<Preview, Missing> {
    let request = api.request(operator, reqwest::Method::POST, "/api/flows/preview")?;
    crate::api::answer("/api/flows/preview", request.json(definition)).await
}
