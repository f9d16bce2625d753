//! An operator writes to the customer, and so takes the thread over.

use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use events::v1::{AnsweringDue, TenantContext};
use phone::Address;
use prost::Message as _;
use role::{Tx, derive_id};
use serde_json::json;
use store::types::{self, Json};

use super::follow::{Follow, Out};
use super::outgoing::{self, Answers};
use crate::db::{self, Answering, Conversation, Entry, Media, Message, Sender};

/// How long an operator who wrote keeps the thread; each text of the operator's begins it anew.
pub const KEEPS: TimeDelta = TimeDelta::hours(4);

/// What an operator wrote.
#[derive(Debug, Clone)]
pub struct Text {
    /// The message's id: the same for a repeated request.
    pub id: String,
    /// The words.
    pub body: String,
    /// Pictures for Twilio to fetch.
    pub media_urls: Vec<String>,
    /// Whether the operator answers from now on.
    pub takes_over: bool,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// It is on its way as soon as the transaction commits and what follows leaves.
    New(Follow),
    /// It was written before.
    Before,
    /// Something else was written under the same id.
    Different,
    /// The customer wants no texts.
    OptedOut,
    /// Twilio said with this code that the customer's number takes no texts.
    CannotBeTexted(i64),
    /// The customer is no telephone number: a short code, or a person on another channel.
    NotANumber,
}

/// Puts an operator's message into a thread.
pub async fn write(
    tx: &mut Tx,
    now: Time,
    thread: &Conversation,
    text: &Text,
) -> Result<Written, store::Error> {
    let customer = db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let media = media(&text.media_urls);
    if let Some(before) = db::message_find(tx, &text.id).await? {
        let same = before.body == text.body && before.media == media;
        return Ok(if same {
            Written::Before
        } else {
            Written::Different
        });
    }
    if customer.opted_out {
        return Ok(Written::OptedOut);
    }
    if Address::parse(&thread.customer).as_e164().is_none() {
        return Ok(Written::NotANumber);
    }
    let pair = (thread.tenant_id.as_str(), thread.customer.as_str());
    if let Some(code) = db::unreachable_code(tx, pair, now).await? {
        return Ok(Written::CannotBeTexted(code));
    }
    // As it is now that nobody else decides about the customer.
    let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? else {
        return Ok(Written::Before);
    };
    let tenant = context(tx, &thread).await?;
    let message = Message {
        body: text.body.clone(),
        media,
        ..db::new_outbound(text.id.clone(), &thread.id, Sender::Human, now)
    };
    let mut follow = Follow::default();
    let answers = Answers::latest(tx, &thread.id).await?;
    let send = outgoing::write(tx, &thread, &tenant, message, "reply", answers).await?;
    follow.push(Out::Send(events::v1::MessageSend {
        media_urls: text.media_urls.clone(),
        ..send
    }));
    thread.cancel_reply();
    thread.fallback_at = None;
    read(&mut thread);
    thread.updated_at = thread.updated_at.max(types::Time(now));
    if text.takes_over {
        take_over(tx, now, &mut thread, Some(KEEPS), &mut follow).await?;
    }
    db::conversation_save(tx, &thread).await?;
    Ok(Written::New(follow))
}

/// Says who answers from now on; an operator who says so keeps the thread until the AI is switched on again.
pub async fn switch(
    tx: &mut Tx,
    now: Time,
    thread: &Conversation,
    answering: Answering,
) -> Result<(Conversation, Follow), store::Error> {
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let mut follow = Follow::default();
    let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? else {
        return Ok((thread.clone(), follow));
    };
    match answering {
        Answering::Human => take_over(tx, now, &mut thread, None, &mut follow).await?,
        Answering::Ai => give_back(tx, now, &mut thread, "operator", &mut follow).await?,
    }
    db::conversation_save(tx, &thread).await?;
    Ok((thread, follow))
}

async fn take_over(
    tx: &mut Tx,
    now: Time,
    thread: &mut Conversation,
    keeps: Option<TimeDelta>,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    // Who keeps it without a limit does not get one by writing.
    let unlimited = !thread.is_answered_by_ai() && thread.human_until.is_none();
    if thread.is_answered_by_ai() {
        Answering::Human.as_str().clone_into(&mut thread.answering);
        note(tx, now, thread, "human", "operator").await?;
        follow.tell(thread, "taken_over", "operator");
    }
    thread.cancel_reply();
    thread.human_until = match keeps {
        Some(keeps) if !unlimited => Some(types::Time(now + keeps)),
        _ => None,
    };
    if let (Some(until), Some(keeps)) = (thread.human_until, keeps) {
        let timer = AnsweringDue {
            tenant_id: thread.tenant_id.clone(),
            conversation_id: thread.id.clone(),
            until: rfc3339(until.0),
        };
        follow.push(Out::HandBack(timer, keeps));
    }
    Ok(())
}

/// The AI answers the next text of the customer; it says nothing by itself.
pub async fn give_back(
    tx: &mut Tx,
    now: Time,
    thread: &mut Conversation,
    by: &str,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    if !thread.is_answered_by_ai() {
        Answering::Ai.as_str().clone_into(&mut thread.answering);
        note(tx, now, thread, "ai", by).await?;
        follow.tell(thread, "given_back", by);
    }
    thread.human_until = None;
    Ok(())
}

async fn note(
    tx: &mut Tx,
    now: Time,
    thread: &Conversation,
    answering: &str,
    by: &str,
) -> Result<(), store::Error> {
    let at = rfc3339(now);
    let entry = Entry {
        id: derive_id(&["answering", &thread.id, answering, &at]),
        conversation_id: thread.id.clone(),
        kind: "answering".to_owned(),
        at: types::Time(now),
        call_id: None,
        call_sid: None,
        detail: Json(json!({ "answering": answering, "by": by })),
    };
    db::entry_put(tx, &entry).await
}

/// An operator has seen the thread.
pub fn read(thread: &mut Conversation) {
    thread.unread = 0;
    thread.is_unread = false;
    thread.attention.clear();
}

/// What the tenant said of itself last.
pub async fn context(tx: &mut Tx, thread: &Conversation) -> Result<TenantContext, store::Error> {
    let kept = db::context_find(tx, (&thread.tenant_id, &thread.number)).await?;
    let known = kept.and_then(|bytes| TenantContext::decode(bytes.as_slice()).ok());
    Ok(known.unwrap_or_else(|| TenantContext {
        tenant_id: thread.tenant_id.clone(),
        account_sid: thread.account_sid.clone(),
        ..TenantContext::default()
    }))
}

/// A time as timers and operators see it.
pub fn rfc3339(at: Time) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn media(urls: &[String]) -> Json {
    db::media_list(urls.iter().map(|url| Media {
        url: url.clone(),
        ..Media::default()
    }))
}
