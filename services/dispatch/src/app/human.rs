//! A person of the business writes to the customer, and so takes the thread over.

use clock::Time;
use events::v1::MessageSend;
use role::Tx;
use store::types::Json;

use crate::db::{self, Answering, Conversation, Media, Message, Sender};

/// What a person wrote.
#[derive(Debug, Clone)]
pub struct Text {
    /// The message's id: the same for a repeated request.
    pub id: String,
    /// The words.
    pub body: String,
    /// Pictures for Twilio to fetch.
    pub media_urls: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// It is on its way as soon as the transaction commits and this command leaves.
    New(Box<MessageSend>),
    /// It was written before.
    Before,
    /// Something else was written under the same id.
    Different,
    /// The customer wants no texts.
    OptedOut,
}

/// Puts a person's message into a thread.
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
    let message = Message {
        body: text.body.clone(),
        media,
        ..db::new_outbound(text.id.clone(), &thread.id, Sender::Human, now)
    };
    db::message_insert(tx, &message).await?;
    db::conversation_answering(tx, &thread.id, Answering::Human).await?;
    db::conversation_touch(tx, &thread.id, now).await?;
    Ok(Written::New(Box::new(MessageSend {
        message_id: message.id,
        tenant_id: thread.tenant_id.clone(),
        account_sid: thread.account_sid.clone(),
        from: thread.number.clone(),
        to: thread.customer.clone(),
        body: message.body,
        media_urls: text.media_urls.clone(),
        purpose: "reply".to_owned(),
        conversation_id: thread.id.clone(),
        ..MessageSend::default()
    })))
}

fn media(urls: &[String]) -> Json {
    db::media_list(urls.iter().map(|url| Media {
        content_type: None,
        url: url.clone(),
    }))
}
