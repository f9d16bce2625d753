//! Conversations: the inbox, a thread, and what an operator does there.

use actix_web::{HttpResponse, web};
use askama::Template;
use futures::future::join3;
use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::audit::note;
use super::flash::Flash;
use super::format::address;
use super::html::{PageError, Shell, page, see, with_status};
use super::leads::{Lead, STATUSES};
use super::listing::Listing;
use super::order::Order;
use super::session::{Sent, SignedIn};
use super::shapes::{Call, List};
use super::tenants::Tenant;
use super::threads::{Conversation, Evidence, Item};
use crate::api::{Missing, segment};
use crate::operator::Operator;
use crate::state::State;

/// What the inbox is narrowed to.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filters {
    /// Words in it, or a number.
    q: String,
    /// Who answers: `ai` or `human`.
    answering: String,
    /// `normal`, `urgent` or `emergency`.
    urgency: String,
    /// `true`: only what nobody has read.
    unread: String,
    /// Only this tenant's.
    tenant: String,
    /// Where the last page ended.
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
    statuses: [&'static str; 5],
    once: String,
    draft: String,
    /// Of a segment, in millionths of a US dollar.
    price: u32,
}

/// `/console/conversations`.
pub async fn list(
    state: web::Data<State>,
    who: SignedIn,
    filters: web::Query<Filters>,
) -> Result<HttpResponse, PageError> {
    let filters = filters.into_inner();
    let narrowed = [
        ("q", filters.q.trim()),
        ("answering", filters.answering.as_str()),
        ("urgency", &filters.urgency),
        ("unread", &filters.unread),
        ("tenant", &filters.tenant),
    ];
    let mut shell = Shell::new(&who.0, "conversations", "Conversations")
        .live("message.# sms.inbound call.missed conversation.# reply.#");
    let threads = Listing::open(
        &state,
        &mut shell,
        "Conversations",
        ("/conversations/", &narrowed),
        ("/console/conversations", &narrowed),
        &filters.cursor,
    )
    .await;
    page(&InboxPage {
        shell,
        filtered: threads.filtered,
        next: threads.next,
        threads: threads.items,
        tenants: threads.tenants,
        q: filters.q,
        answering: filters.answering,
        urgency: filters.urgency,
        unread: filters.unread,
        tenant: filters.tenant,
    })
}

const MESSAGES: [(&str, &str); 5] = [
    ("sent", "The message is on its way."),
    ("ai", "The AI answers from now on."),
    ("human", "You have taken over; the AI is silent."),
    ("status", "The conversation is where you put it."),
    ("lead", "The lead is where you put it."),
];

/// `/console/conversations/{id}`.
pub async fn show(
    state: web::Data<State>,
    who: SignedIn,
    id: web::Path<String>,
    flash: web::Query<Flash>,
) -> Result<HttpResponse, PageError> {
    let mut thread = thread(&state, &who.0, &id).await?;
    thread.shell.done = flash.among(&MESSAGES);
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
        statuses: STATUSES,
        once: state.clock.id(),
        draft: String::new(),
        price: state.text_price_micro_usd,
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
    let order = Order {
        method: Method::PUT,
        path: &path,
        body: Some(&body),
        once: "",
        action: "lead.change",
        subject: &id,
    };
    order.carry_out(&state, &sent, &said(&id, "lead")).await
}

/// A thread's page, with what is said there.
fn said(id: &str, word: &str) -> String {
    format!("/console/conversations/{}?said={word}", segment(id))
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
    let once = sent.field("once");
    match state.api.send_once(operator, &path, once, &body).await {
        Ok(_) => {
            note(&state, operator, "conversation.reply", &id).await;
            Ok(see(&said(&id, "sent")))
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
    let order = Order {
        method: Method::POST,
        path: &format!("/conversations/{}/ai/{word}", segment(&id)),
        body: None,
        once: "",
        action: "conversation.answering",
        subject: &id,
    };
    order.carry_out(&state, &sent, &said(&id, by)).await
}

/// `POST /console/conversations/{id}/status`: completes it, or opens it again.
pub async fn set_status(
    state: web::Data<State>,
    sent: Sent,
    id: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let body = json!({ "status": sent.field("status") });
    let order = Order {
        method: Method::PUT,
        path: &format!("/conversations/{}/status", segment(&id)),
        body: Some(&body),
        once: "",
        action: "conversation.status",
        subject: &id,
    };
    order.carry_out(&state, &sent, &said(&id, "status")).await
}
