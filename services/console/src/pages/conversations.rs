//! Conversations: the inbox, a thread, and what an operator does there.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::{join, join3};
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::format::address;
use super::shapes::{Call, List};
use super::tenants::{Tenant, choices};
use super::threads::{Conversation, Evidence, Lead};
use crate::api::{Missing, segment};
use crate::http::audit::note;
use crate::http::html::{PageError, Shell, page, see, with_status};
use crate::http::session::{Sent, SignedIn};
use crate::operator::Operator;
use crate::state::State;

/// What the inbox is narrowed to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Filters {
    q: String,
    answering: String,
    urgency: String,
    unread: String,
    tenant: String,
    cursor: String,
}

#[derive(Template)]
#[template(path = "conversations.html")]
struct InboxPage {
    shell: Shell,
    q: String,
    answering: String,
    urgency: String,
    unread: String,
    tenant: String,
    tenants: Vec<Tenant>,
    filtered: bool,
    threads: Vec<Conversation>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "conversation.html")]
struct ThreadPage {
    shell: Shell,
    thread: Conversation,
    calls: Vec<Call>,
    evidence: Vec<Evidence>,
    lead: Option<Lead>,
    once: String,
    draft: String,
}

/// `/console/conversations`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let filters = filters.into_inner();
    let narrowed = |cursor| {
        [
            ("q", filters.q.trim()),
            ("answering", filters.answering.as_str()),
            ("urgency", &filters.urgency),
            ("unread", &filters.unread),
            ("tenant", &filters.tenant),
            ("cursor", cursor),
        ]
    };
    let path = address("/conversations/", &narrowed(&filters.cursor));
    let threads = state.api.get::<List<Conversation>>(&who.0, &path);
    let (threads, tenants) = join(threads, choices(&state.api, &who.0)).await;
    let mut shell = Shell::new(&who.0, "conversations", "Conversations")
        .live("message.# sms.inbound call.missed conversation.# reply.#");
    let threads = shell.or_missing("Conversations", threads);
    let next = threads.next_cursor.as_deref();
    let next = next.map(|cursor| address("/console/conversations", &narrowed(cursor)));
    let filtered = narrowed("").iter().any(|(_, value)| !value.is_empty());
    page(&InboxPage {
        shell,
        filtered,
        next,
        threads: threads.items,
        tenants,
        q: filters.q,
        answering: filters.answering,
        urgency: filters.urgency,
        unread: filters.unread,
        tenant: filters.tenant,
    })
}

/// What went well a moment ago.
#[derive(Debug, Deserialize)]
pub struct Said {
    said: Option<String>,
}

impl Said {
    fn words(&self) -> Option<&'static str> {
        match self.said.as_deref()? {
            "sent" => Some("The message is on its way."),
            "ai" => Some("The AI answers from now on."),
            "status" => Some("The conversation is where you put it."),
            "lead" => Some("The lead is where you put it."),
            "human" => Some("You have taken over; the AI is silent."),
            _ => None,
        }
    }
}

/// `/console/conversations/{id}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
    said: web::Query<Said>,
) -> Result<HttpResponse, PageError> {
    let mut thread = thread(&state, &who.0, &id).await?;
    thread.shell.done = said.words();
    if thread.thread.is_unread() && who.0.may_write() {
        let path = format!("/conversations/{}/read", segment(&id));
        // It stays unread until the next look, nothing worse.
        let _ = state.api.send(&who.0, Method::POST, &path, None).await;
    }
    page(&thread)
}

async fn thread(state: &State, operator: &Operator, id: &str) -> Result<ThreadPage, PageError> {
    let path = format!("/conversations/{}", segment(id));
    let thread: Conversation = state.api.get(operator, &path).await?;
    let title = format!("Conversation with {}", thread.party());
    let mut shell = Shell::new(operator, "conversations", title)
        .live("message.# sms.inbound conversation.# reply.#");
    let filters = [
        ("q", thread.customer.as_str()),
        ("tenant", &thread.tenant_id),
        ("limit", "20"),
    ];
    let calls_path = address("/calls/", &filters);
    let calls = state.api.get::<List<Call>>(operator, &calls_path);
    let evidence_path = [
        ("customer", thread.customer.as_str()),
        ("tenant", &thread.tenant_id),
        ("limit", "5"),
    ];
    let evidence_path = address("/opt-outs/", &evidence_path);
    let evidence = state.api.get::<List<Evidence>>(operator, &evidence_path);
    let (calls, evidence, lead) = join3(calls, evidence, lead(state, operator, &thread)).await;
    let mut calls = shell.or_missing("Calls", calls).items;
    calls.retain(|call| call.from == thread.customer || call.to == thread.customer);
    Ok(ThreadPage {
        shell,
        thread,
        calls,
        evidence: evidence.unwrap_or_default().items,
        lead,
        once: state.clock.id(),
        draft: String::new(),
    })
}

/// What the thread has become, if it has.
async fn lead(state: &State, operator: &Operator, thread: &Conversation) -> Option<Lead> {
    let path = format!("/leads/{}", segment(thread.lead_id.as_deref()?));
    // Without it the thread is shown all the same.
    state.api.get(operator, &path).await.ok()
}

/// `POST /console/conversations/{id}/lead`: where its lead stands, what it is worth, notes.
pub async fn set_lead(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/leads/{}/status", segment(sent.field("lead")));
    let mut body = json!({ "status": sent.field("status"), "notes": sent.field("notes") });
    let value = sent.field("value");
    if !value.is_empty() {
        // What is no amount is refused by the API, in its own words.
        body["value"] = value
            .parse::<f64>()
            .map_or(json!(value), |amount| json!(amount));
    }
    state
        .api
        .send(&sent.operator, Method::PUT, &path, Some(&body))
        .await?;
    note(&state, &sent.operator, "lead.change", &id).await;
    let page = format!("/console/conversations/{}?said=lead", segment(&id));
    Ok(see(&page))
}

/// `POST /console/conversations/{id}/reply`.
pub async fn reply(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    let path = format!("/conversations/{}/messages", segment(&id));
    let body = json!({ "body": sent.field("body") });
    let request = state.api.request(operator, Method::POST, &path)?;
    let request = match sent.field("once") {
        "" => request,
        once => request.header("Idempotency-Key", once),
    };
    match crate::api::answer::<serde_json::Value>(&path, request.json(&body)).await {
        Ok(_) => {
            note(&state, operator, "conversation.reply", &id).await;
            Ok(see(&format!(
                "/console/conversations/{}?said=sent",
                segment(&id)
            )))
        }
        Err(Missing::NotFound) => Err(PageError::NotFound),
        // What was written is not lost.
        Err(missing) => {
            let mut page = thread(&state, operator, &id).await?;
            page.shell.faults.push(missing.words());
            page.draft = sent.raw("body").to_owned();
            with_status(actix_web::http::StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// `POST /console/conversations/{id}/answering`: who answers from now on.
pub async fn answering(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let (word, by) = match sent.field("by") {
        "ai" => ("activate", "ai"),
        _ => ("deactivate", "human"),
    };
    let path = format!("/conversations/{}/ai/{word}", segment(&id));
    state
        .api
        .send(&sent.operator, Method::POST, &path, None)
        .await?;
    note(&state, &sent.operator, "conversation.answering", &id).await;
    Ok(see(&format!(
        "/console/conversations/{}?said={by}",
        segment(&id)
    )))
}

/// `POST /console/conversations/{id}/status`: completes it, or opens it again.
pub async fn set_status(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let path = format!("/conversations/{}/status", segment(&id));
    let body = json!({ "status": sent.field("status") });
    state
        .api
        .send(&sent.operator, Method::PUT, &path, Some(&body))
        .await?;
    note(&state, &sent.operator, "conversation.status", &id).await;
    Ok(see(&format!(
        "/console/conversations/{}?said=status",
        segment(&id)
    )))
}
