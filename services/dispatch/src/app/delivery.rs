//! What became of the messages that we sent.

use async_trait::async_trait;
use clock::{Clock, Time};
use events::v1::{MessageRefused, MessageSent, TwilioMessageStatus};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use tracing::info;

use crate::app::opt_out;
use crate::db::{self, Evidence, Message};

/// Twilio's code for a customer who has opted out.
const OPTED_OUT: u32 = 21610;

/// The decider on `message.sent`.
pub struct Sent(pub Clock);

/// The decider on `message.refused`.
pub struct Refused;

/// The decider on `twilio.message.status`.
pub struct Status;

#[async_trait]
impl Decider for Sent {
    type Event = MessageSent;
    const NAME: &'static str = "sent";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageSent,
    ) -> Result<Decision, HandlerError> {
        if event.message_sid.is_empty() {
            return Err(HandlerError::Reject(
                "a message was sent without a MessageSid".to_owned(),
            ));
        }
        sent(tx, cause.time, self.0.now(), &event).await?;
        Ok(Decision::nothing())
    }
}

#[async_trait]
impl Decider for Refused {
    type Event = MessageRefused;
    const NAME: &'static str = "refused";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageRefused,
    ) -> Result<Decision, HandlerError> {
        refused(tx, cause.time, &event).await?;
        info!(
            message.id = event.message_id,
            code = event.code,
            reason = event.reason,
            "message refused"
        );
        counter!("dispatch_messages_refused_total", "purpose" => event.purpose).increment(1);
        Ok(Decision::nothing())
    }
}

#[async_trait]
impl Decider for Status {
    type Event = TwilioMessageStatus;
    const NAME: &'static str = "status";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioMessageStatus,
    ) -> Result<Decision, HandlerError> {
        if event.message_sid.is_empty() {
            return Err(HandlerError::Reject(
                "a message's status without its MessageSid".to_owned(),
            ));
        }
        status(tx, cause.time, &event).await?;
        Ok(Decision::nothing())
    }
}

/// Twilio took a message, `now` being when we hear of it. Messages of other roles are none of ours.
pub async fn sent(
    tx: &mut Tx,
    at: Time,
    now: Time,
    event: &MessageSent,
) -> Result<(), store::Error> {
    let Some(message) = db::message_find(tx, &event.message_id).await? else {
        return Ok(());
    };
    let status = if event.status.is_empty() {
        "queued"
    } else {
        &event.status
    };
    let delivery = db::delivery_advance(tx, &event.message_sid, status, None).await?;
    if delivery.error_code == Some(i64::from(OPTED_OUT)) {
        silence(tx, &message, Evidence::At(at)).await?;
    }
    db::message_sent(tx, &message.id, &event.message_sid, now).await
}

/// A message will not be sent.
pub async fn refused(tx: &mut Tx, at: Time, event: &MessageRefused) -> Result<(), store::Error> {
    // Twilio's word is of this moment; a guard of ours goes by what it heard some time before.
    let evidence = match (event.code, event.reason.as_str()) {
        (OPTED_OUT, _) => Some(Evidence::At(at)),
        (_, "opted_out") => Some(Evidence::Hearsay),
        _ => None,
    };
    let message = db::message_find(tx, &event.message_id).await?;
    if let Some(evidence) = evidence {
        match &message {
            Some(message) => silence(tx, message, evidence).await?,
            None => {
                let person = (event.tenant_id.as_str(), event.to.as_str());
                opt_out::note(tx, person, true, evidence).await?;
            }
        }
    }
    let Some(message) = message else {
        return Ok(());
    };
    let code = Some(i64::from(event.code)).filter(|code| *code != 0);
    db::message_refused(tx, &message.id, code).await
}

/// Twilio tells how a message fares, perhaps before we know that it is ours.
pub async fn status(
    tx: &mut Tx,
    at: Time,
    event: &TwilioMessageStatus,
) -> Result<(), store::Error> {
    let word = event.message_status.to_ascii_lowercase();
    let code = event.error_code.filter(|code| *code != 0);
    db::delivery_advance(tx, &event.message_sid, &word, code.map(i64::from)).await?;
    if code == Some(OPTED_OUT)
        && let Some(message) = db::message_by_sid(tx, &event.message_sid).await?
    {
        silence(tx, &message, Evidence::At(at)).await?;
    }
    Ok(())
}

/// The one whom a message was for wants no more.
async fn silence(tx: &mut Tx, message: &Message, evidence: Evidence) -> Result<(), store::Error> {
    if let Some((thread, _)) = db::conversation_find(tx, &message.conversation_id).await? {
        let person = (thread.tenant_id.as_str(), thread.customer.as_str());
        opt_out::note(tx, person, true, evidence).await?;
    }
    Ok(())
}
