//! One message in its context, understood for another platform: nothing is kept of it here but the model's answer.

use std::time::Duration;

use actix_web::web::{Data, Json};
use api::{ApiError, Body, Caller};
use chrono::SecondsFormat;
use events::v1::{
    ReplyDraft, ReplyDraftFailed, ReplyDrafted, ResolveQuery, Resolved, TenantContext, ThreadLine,
};
use events::{Envelope, Event};
use role::derive_id;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use triage::{Level, Trade};

use super::State;
use crate::app::business::Business;
use crate::app::calendar;
use crate::app::emergency::season;
use crate::app::human::rfc3339;
use crate::app::validate::{Facts, Validation, check};

/// How long tenants, and a model, may take.
const RESOLVE: Duration = Duration::from_secs(2);
const DRAFT: Duration = Duration::from_secs(40);
/// How much of a history is read.
const LINES: usize = 100;
const LONGEST: usize = 5000;

/// A message and what was said before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    /// Who wrote it.
    #[serde(default)]
    caller_phone: String,
    /// The business's number. Where it is one of this platform, its services, area and calendar count.
    #[serde(default)]
    called_number: String,
    /// What was said before, the oldest first: texts, or `{role|sender, content|body|message}`.
    #[serde(default)]
    conversation_history: Vec<Value>,
    /// The message.
    current_message: String,
    /// What the business is called.
    #[serde(default)]
    business_name: String,
    /// What it does.
    #[serde(default)]
    trade_type: String,
}

/// What is understood, what our rules say, and what may be answered.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Understood {
    extracted: Facts,
    validation: Validation,
    /// `normal`, `urgent` or `emergency`.
    urgency: String,
    /// The danger of an emergency.
    danger: Option<&'static str>,
    /// `ask`, `propose`, `answer`, `decline` or `hand_over`.
    next_action: String,
    /// The appointment that the reply proposes: it is not kept.
    proposed_slot: Option<ProposedSlot>,
    reply: String,
    /// Whether a simulated provider wrote it.
    simulated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ProposedSlot {
    starts_at: String,
    ends_at: String,
}

pub(super) async fn process(
    state: Data<State>,
    caller: Caller,
    Body(asked): Body<Asked>,
) -> Result<Json<Understood>, ApiError> {
    if asked.current_message.trim().is_empty() {
        return Err(ApiError::invalid(
            "currentMessage",
            "is empty; send what the customer wrote",
        ));
    }
    if asked.current_message.chars().count() > LONGEST {
        let message = format!("is longer than {LONGEST} characters");
        return Err(ApiError::invalid("currentMessage", message));
    }
    let tenant = tenant(&state, &caller, &asked).await?;
    let now = state.clock.now();
    let found = triage::urgency(
        Trade::parse(&tenant.trade),
        season(&tenant, now),
        &asked.current_message,
    );
    let business = Business::of(&tenant);
    let mut tx = state.store.read().await?;
    let free = calendar::free(&mut tx, business, now, &asked.current_message, "").await?;
    drop(tx);
    let zone = business.zone();
    let history = history(&asked);
    let mut parts = vec![
        tenant.tenant_id.as_str(),
        tenant.name.as_str(),
        asked.caller_phone.as_str(),
    ];
    parts.extend(history.iter().map(|line| line.body.as_str()));
    let hour = now.format("%Y-%m-%dT%H").to_string();
    parts.push(&hour);
    let draft = ReplyDraft {
        draft_id: derive_id(&parts),
        tenant_id: tenant.tenant_id.clone(),
        conversation_id: String::new(),
        history: history.clone(),
        slots: free.iter().map(|slot| slot.to_slot(zone)).collect(),
        known: None,
        urgency: found.level.as_str().to_owned(),
        local_now: business
            .local(now)
            .to_rfc3339_opts(SecondsFormat::Secs, false),
        open: business.is_open(now),
        tenant: Some(tenant.clone()),
    };
    let drafted = ask(&state, &draft).await?;
    let facts = Facts::told(drafted.facts.clone());
    let checked = check(business, now, &facts, &free, &drafted);
    let by_model = Level::parse(&drafted.urgency).unwrap_or(Level::Normal);
    Ok(Json(Understood {
        extracted: facts,
        validation: checked.validation,
        urgency: found.level.max(by_model).as_str().to_owned(),
        danger: found.danger.map(triage::Danger::as_str),
        next_action: checked.action.to_owned(),
        proposed_slot: checked.slot.map(|slot| ProposedSlot {
            starts_at: rfc3339(slot.starts_at),
            ends_at: rfc3339(slot.ends_at),
        }),
        reply: checked.text,
        simulated: drafted.usage.is_some_and(|usage| usage.simulated),
    }))
}

/// The business behind the number where this key may see it, else what the request says of it.
async fn tenant(state: &State, caller: &Caller, asked: &Asked) -> Result<TenantContext, ApiError> {
    let named = TenantContext {
        name: asked.business_name.clone(),
        trade: asked.trade_type.clone(),
        tenant_id: caller.tenant.clone().unwrap_or_default(),
        ..TenantContext::default()
    };
    if asked.called_number.is_empty() {
        return Ok(named);
    }
    let query = ResolveQuery {
        number: asked.called_number.clone(),
    };
    let query = Envelope::new("trunkline/dispatch", &state.clock, &query);
    let Ok(reply) = state.bus.request(query, RESOLVE).await else {
        return Ok(named);
    };
    let found = reply.decode::<Resolved>().ok().and_then(|it| it.tenant);
    let found = found.filter(|tenant| caller.may_see(&tenant.tenant_id));
    Ok(match found {
        None => named,
        Some(mut tenant) => {
            if !asked.business_name.is_empty() {
                tenant.name.clone_from(&asked.business_name);
            }
            if !asked.trade_type.is_empty() {
                tenant.trade.clone_from(&asked.trade_type);
            }
            tenant
        }
    })
}

async fn ask(state: &State, draft: &ReplyDraft) -> Result<ReplyDrafted, ApiError> {
    let mut envelope = Envelope::new("trunkline/dispatch", &state.clock, draft);
    envelope = envelope.tenant(&draft.tenant_id);
    let limit = chrono::TimeDelta::from_std(DRAFT).unwrap_or_default();
    envelope.deadline = Some(state.clock.now() + limit);
    let reply = state.bus.request(envelope, DRAFT).await?;
    if reply.kind == ReplyDrafted::TYPE
        && let Ok(drafted) = reply.decode::<ReplyDrafted>()
    {
        return Ok(drafted);
    }
    let reason = reply.decode::<ReplyDraftFailed>().map(|it| it.reason);
    let reason = reason
        .ok()
        .filter(|it| !it.is_empty())
        .unwrap_or_else(|| "no answer in time".to_owned());
    Err(ApiError::upstream(
        "ai_failed",
        format!("no provider has answered: {reason}"),
    ))
}

/// The texts so far, the current one last.
fn history(asked: &Asked) -> Vec<ThreadLine> {
    let first = asked.conversation_history.len().saturating_sub(LINES);
    let before = asked
        .conversation_history
        .iter()
        .skip(first)
        .filter_map(line);
    let current = ThreadLine {
        sender: "customer".to_owned(),
        body: asked.current_message.clone(),
        ..ThreadLine::default()
    };
    before.chain([current]).collect()
}

fn line(said: &Value) -> Option<ThreadLine> {
    let text = |names: &[&str]| names.iter().find_map(|name| said.get(name)?.as_str());
    let body = said
        .as_str()
        .or_else(|| text(&["content", "body", "message", "text"]))?;
    let sender = match text(&["role", "sender", "from", "direction"]).unwrap_or("customer") {
        "assistant" | "ai" | "bot" | "outbound" => "ai",
        "human" | "agent" | "operator" | "business" => "human",
        "system" => "system",
        _ => "customer",
    };
    Some(ThreadLine {
        sender: sender.to_owned(),
        body: body.chars().take(LONGEST).collect(),
        ..ThreadLine::default()
    })
}
