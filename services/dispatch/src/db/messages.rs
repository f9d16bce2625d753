//! What was said, and what became of it.

use clock::Time;
use diesel::JoinOnDsl;
use serde::{Deserialize, Serialize};
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::schema::messages::dsl;
use super::schema::{deliveries, messages};

/// Who wrote a message. (`ai` comes with its replies.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// The other end.
    Customer,
    /// A person of the business.
    Human,
    /// The platform: the text-back.
    System,
}

impl Sender {
    /// The word in the column and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Human => "human",
            Self::System => "system",
        }
    }
}

/// A picture or the like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Media {
    /// What Twilio says it is; none of what we sent.
    pub content_type: Option<String>,
    /// Where it is.
    pub url: String,
}

/// A list of media as it is kept.
pub fn media_list(list: impl Iterator<Item = Media>) -> Json {
    let shown = |it: Media| serde_json::json!({ "content_type": it.content_type, "url": it.url });
    Json(list.map(shown).collect())
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

/// A thread's messages in the order they were written, each with Twilio's latest word on it where there is one.
pub async fn message_list(tx: &mut Tx, conversation_id: &str) -> Result<Vec<Message>, Error> {
    let rows = on!(tx, c => messages::table
        .left_join(deliveries::table.on(dsl::message_sid.eq(deliveries::message_sid.nullable())))
        .filter(dsl::conversation_id.eq(conversation_id))
        .order((dsl::created_at.asc(), dsl::id.asc()))
        .select((messages::all_columns, deliveries::all_columns.nullable()))
        .load::<(Message, Option<super::Delivery>)>(c)
        .await)?;
    let joined = |(mut row, delivery): (Message, Option<super::Delivery>)| {
        if let Some(delivery) = delivery {
            row.status = delivery.status;
            row.error_code = delivery.error_code;
        }
        row
    };
    Ok(rows.into_iter().map(joined).collect())
}

/// Twilio took it; from here on its delivery says how it fares.
pub async fn message_sent(tx: &mut Tx, id: &str, message_sid: &str, at: Time) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id).filter(dsl::message_sid.is_null()))
        .set((
            dsl::message_sid.eq(message_sid),
            dsl::status.eq("sent"),
            dsl::error_code.eq(None::<i64>),
            dsl::sent_at.eq(types::Time(at)),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// It will not be sent, unless we know already that it was.
pub async fn message_refused(tx: &mut Tx, id: &str, code: Option<i64>) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::messages.find(id).filter(dsl::message_sid.is_null()))
        .set((dsl::status.eq("refused"), dsl::error_code.eq(code)))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}
