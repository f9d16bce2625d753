//! A flow: what a caller hears, its versions and their difference.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::join;
use schemars::JsonSchema;
use serde::Deserialize;

use super::diff::{self, Change};
use super::flows::{Flow, Heard, find, preview};
use super::format::address;
use super::html::{PageError, Shell, page};
use super::session::SignedIn;
use super::shapes::List;
use crate::api::segment;
use crate::state::State;

/// Which version, and beside which.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Which {
    /// The latest unless said.
    version: String,
    /// Whose.
    tenant: String,
    /// The version that it is compared with.
    against: String,
    /// What a form has just done: the page says so.
    said: String,
}

#[derive(Template)]
#[template(path = "flow.html")]
struct FlowPage {
    shell: Shell,
    flow: Flow,
    heard: Vec<Heard>,
    heard_with_no: Vec<Heard>,
    definition: String,
    versions: Vec<Flow>,
    against: Option<i64>,
    difference: Vec<(Change, String)>,
}

/// `/console/flows/{name}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    name: web::Path<String>,
    which: web::Query<Which>,
) -> Result<HttpResponse, PageError> {
    let (api, operator) = (&state.api, &who.0);
    let flow = find(api, operator, &name, (&which.tenant, &which.version)).await?;
    let tenant = flow.tenant_id.clone().unwrap_or_default();
    let versions_path = format!("/api/flows/{}/versions", segment(&name));
    let versions_path = address(&versions_path, &[("tenant", &tenant), ("limit", "200")]);
    let played = preview(api, operator, &flow.definition);
    let versions = api.get::<List<Flow>>(operator, &versions_path);
    let (played, versions) = join(played, versions).await;
    let mut shell = Shell::new(operator, "interviews", format!("Flow {}", flow.name));
    shell.done = (which.said == "saved")
        .then_some("The version is stored. It counts from the next call on.");
    let played = shell.or_missing("What a caller hears", played);
    let mut versions = versions.unwrap_or_default().items;
    for version in &mut versions {
        version.name.clone_from(&flow.name);
        version.tenant_id.clone_from(&flow.tenant_id);
    }
    let definition = format!("{:#}", flow.definition);
    let against = which.against.parse::<i64>().ok();
    let difference = match against {
        Some(_) => {
            let other = find(api, operator, &name, (&tenant, &which.against)).await;
            let other = shell.or_missing("The other version", other);
            let before = format!("{:#}", other.definition);
            let lines = diff::lines(&before, &definition);
            lines
                .into_iter()
                .map(|(change, line)| (change, line.to_owned()))
                .collect()
        }
        None => Vec::new(),
    };
    page(&FlowPage {
        heard: played.heard,
        heard_with_no: played.heard_with_no,
        definition,
        versions,
        against,
        difference,
        shell,
        flow,
    })
}
