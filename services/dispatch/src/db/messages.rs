//! What was said, and what became of it.

use std::collections::HashMap;

use clock::Time;
use serde::{Deserialize, Serialize};
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::schema::messages::dsl;
use super::schema::{deliveries, messages};

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The other end.
    Customer,
    /// The AI, or what stands in for it.
    Ai,
    /// An operator of the business.
    Human,
    /// The platform: the text-back.
    System,
}

impl Sender {
    /// The word in the column and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Ai => "ai",
            Self::Human => "human",
            Self::System => "system",
        }
    }
}

/// A picture or the like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// Ours, of what a customer has sent.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What it is by its bytes; before it is here, what Twilio says; none of what we sent.
    pub content_type: Option<String>,
    /// Where it is: at Twilio, or where an operator had it.
    pub url: String,
    /// Of what a customer has sent: `pending`, `stored`, or why it is not kept.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub status: String,
    /// Once it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
}

/// Where a file is in the object store.
pub fn media_key(tenant: &str, id: &str) -> String {
    format!("media/{tenant}/{id}")
}

/// A list of media as it is kept.
pub fn media_list(list: impl Iterator<Item = Media>) -> Json {
    Json(list.map(|it| serde_json::json!(it)).collect())
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = messages, treat_none_as_default_value = false)]
pub struct Message {
    /// Ours.
    pub id: String,
    /// The thread.
    pub conversation_id: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// `customer`, `ai`, `human` or `system`.
    pub sender: String,
    /// The text.
    pub body: String,
    /// A list of what the message carries.
    pub media: Json,
    /// `received`, `queued`, `sent`, `refused`; what Twilio says of a sent one is in its delivery.
    pub status: String,
    /// Twilio's id, once there is one.
    pub message_sid: Option<String>,
    /// Why it was refused.
    pub error_code: Option<i64>,
    /// The call that it answers.
    pub call_id: Option<String>,
    /// When it was written.
    pub created_at: types::Time,
    /// When it was received, or Twilio took it.
    pub sent_at: Option<types::Time>,
    /// What is to be known of it: `simulated`, `fallback`, `automatic`, `blocked`, `emergency`, `again`; empty: nothing.
    pub label: String,
    /// Why it was refused, or waits, in a word.
    pub reason: String,
    /// How the customer reacted to it.
    pub reactions: Json,
    /// Twilio's words for its code.
    pub error_message: String,
}

impl Message {
    /// What it carries.
    pub fn media(&self) -> Vec<Media> {
        self.media.read().unwrap_or_default()
    }
}

/// A customer's message.
pub fn new_inbound(id: String, conversation_id: &str, message_sid: &str, at: Time) -> Message {
    Message {
        direction: "inbound".to_owned(),
        status: "received".to_owned(),
        message_sid: Some(message_sid.to_owned()),
        sent_at: Some(at.into()),
        ..new_outbound(id, conversation_id, Sender::Customer, at)
    }
}

/// A message of ours that is about to be sent.
pub fn new_outbound(id: String, conversation_id: &str, sender: Sender, at: Time) -> Message {
    Message {
        id,
        conversation_id: conversation_id.to_owned(),
        direction: "outbound".to_owned(),
        sender: sender.as_str().to_owned(),
        body: String::new(),
        media: Json(serde_json::json!([])),
        status: "queued".to_owned(),
        message_sid: None,
        error_code: None,
        call_id: None,
        created_at: at.into(),
        sent_at: None,
        label: String::new(),
        reason: String::new(),
        reactions: Json(serde_json::json!([])),
        error_message: String::new(),
    }
}

/// Adds a message.
pub async fn message_insert(tx: &mut Tx, row: &Message) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(messages::table).values(row).execute(c).await)?;
    Ok(())
}

/// A message by our id.
pub async fn message_find(tx: &mut Tx, id: &str) -> Result<Option<Message>, Error> {
    Ok(on!(tx, c => dsl::messages.find(id).first::<Message>(c).await.optional())?)
}

/// A message by Twilio's id.
pub async fn message_by_sid(tx: &mut Tx, message_sid: &str) -> Result<Option<Message>, Error> {
    Ok(on!(tx, c => dsl::messages
        .filter(dsl::message_sid.eq(message_sid))
        .first::<Message>(c)
        .await
        .optional())?)
}

/// Which messages of a thread are wanted.
#[derive(Debug, Clone)]
pub struct Window {
    /// Only those before this one, by the time of writing and the id.
    pub before: Option<(Time, String)>,
    /// How many at most.
    pub limit: i64,
}

/// The latest messages of a thread in the order they were written, each with Twilio's latest word on it where there is one.
pub async fn message_list(
    tx: &mut Tx,
    conversation_id: &str,
    window: &Window,
) -> Result<Vec<Message>, Error> {
    let mut rows = on!(tx, c => {
        let mut query = messages::table
            .filter(dsl::conversation_id.eq(conversation_id))
            .into_boxed();
        if let Some((at, id)) = &window.before {
            let at = types::Time(*at);
            query = query.filter(dsl::created_at.lt(at).or(dsl::created_at.eq(at).and(dsl::id.lt(id))));
        }
        query
            .order((dsl::created_at.desc(), dsl::id.desc()))
            .limit(window.limit)
            .load::<Message>(c)
            .await
    })?;
    let states = deliveries_of(tx, &rows).await?;
    for row in &mut rows {
        let sid = row.message_sid.as_ref();
        if let Some(state) = sid.and_then(|sid| states.get(sid)) {
            row.status.clone_from(&state.status);
            row.error_code = state.error_code;
            row.error_message.clone_from(&state.error_message);
        }
    }
    rows.reverse();
    Ok(rows)
}

/// What Twilio has said of these messages, by their SIDs there.
async fn deliveries_of(
    tx: &mut Tx,
    messages: &[Message],
) -> Result<HashMap<String, super::Delivery>, Error> {
    let sids = messages.iter().flat_map(|message| &message.message_sid);
    let sids: Vec<&String> = sids.collect();
    if sids.is_empty() {
        return Ok(HashMap::new());
    }
    let states = on!(tx, c => deliveries::table
        .filter(deliveries::message_sid.eq_any(sids))
        .load::<super::Delivery>(c)
        .await)?;
    Ok(states
        .into_iter()
        .map(|state| (state.message_sid.clone(), state))
        .collect())
}

/// How many messages this sender has written in a thread since `from`.
pub async fn message_count(
    tx: &mut Tx,
    conversation_id: &str,
    sender: Sender,
    from: Time,
) -> Result<i64, Error> {
    Ok(on!(tx, c => dsl::messages
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::sender.eq(sender.as_str())))
        .filter(dsl::created_at.ge(types::Time(from)))
        .count()
        .get_result::<i64>(c)
        .await)?)
}

/// When the customer wrote last.
pub async fn message_latest_inbound(
    tx: &mut Tx,
    conversation_id: &str,
) -> Result<Option<types::Time>, Error> {
    Ok(on!(tx, c => dsl::messages
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::direction.eq("inbound")))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select(dsl::created_at)
        .first::<types::Time>(c)
        .await
        .optional())?)
}

/// The latest text of ours in a thread, if it is on its way: neither taken by Twilio nor refused nor held back.
pub async fn message_leaving(
    tx: &mut Tx,
    conversation_id: &str,
    since: Time,
) -> Result<Option<String>, Error> {
    let latest = on!(tx, c => dsl::messages
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::direction.eq("outbound")))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .select((dsl::id, dsl::status, dsl::reason, dsl::created_at))
        .first::<(String, String, String, types::Time)>(c)
        .await
        .optional())?;
    let is_leaving = |(_, status, reason, at): &(String, String, String, types::Time)| {
        status == "queued" && reason.is_empty() && at.0 >= since
    };
    Ok(latest.filter(is_leaving).map(|(id, ..)| id))
}

/// Whether the platform has written to the customer by itself before.
pub async fn has_introduced_itself(tx: &mut Tx, conversation_id: &str) -> Result<bool, Error> {
    let found = on!(tx, c => dsl::messages
        .filter(dsl::conversation_id.eq(conversation_id).and(dsl::direction.eq("outbound")))
        .filter(dsl::sender.ne(Sender::Human.as_str()).and(dsl::status.ne("refused")))
        .select(dsl::id)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(found.is_some())
}

/// Keeps what is known of what a message carries.
pub async fn message_media(tx: &mut Tx, id: &str, media: &Json) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id))
        .set(dsl::media.eq(media))
        .execute(c)
        .await)?;
    Ok(())
}

/// Keeps how the customer reacted to a message.
pub async fn message_reactions(tx: &mut Tx, id: &str, reactions: &Json) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id))
        .set(dsl::reactions.eq(reactions))
        .execute(c)
        .await)?;
    Ok(())
}

/// Twilio took it; from here on its delivery says how it fares.
pub async fn message_sent(tx: &mut Tx, id: &str, message_sid: &str, at: Time) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id).filter(dsl::message_sid.is_null()))
        .set((
            dsl::message_sid.eq(message_sid),
            dsl::status.eq("sent"),
            dsl::reason.eq(""),
            dsl::error_code.eq(None::<i64>),
            dsl::sent_at.eq(types::Time(at)),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// It will not be sent, unless we know already that it was.
pub async fn message_refused(
    tx: &mut Tx,
    id: &str,
    code: Option<i64>,
    reason: &str,
    words: &str,
) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id).filter(dsl::message_sid.is_null()))
        .set((
            dsl::status.eq("refused"),
            dsl::error_code.eq(code),
            dsl::reason.eq(reason),
            dsl::error_message.eq(words),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}
