//! What became of the messages that we sent.

use async_trait::async_trait;
use clock::{Clock, Time};
use events::v1::{MessageFailed, MessageRefused, MessageSent, TwilioMessageStatus};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use tracing::{info, warn};

use crate::app::follow::Follow;
use crate::app::{again, opt_out};
use crate::db::{self, Evidence, Message};

/// The parameter of a status callback that names our id of the message.
const MESSAGE_ID: &str = "message_id";
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
        let known = db::message_by_sid(tx, &event.message_sid).await?.is_some();
        sent(tx, cause.time, self.0.now(), &event).await?;
        // Twilio may have told of its fate before.
        match known {
            true => Ok(Decision::nothing()),
            false => failure(tx, &event.message_sid, "").await,
        }
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
        if !is_of_account(tx, &event).await? {
            warn!(
                message.sid = event.message_sid,
                "a message's status comes from another account than the message's; it is ignored"
            );
            counter!("dispatch_statuses_refused_total", "reason" => "foreign_account").increment(1);
            return Ok(Decision::nothing());
        }
        let before = db::delivery_find(tx, &event.message_sid).await?;
        status(tx, cause.time, &event).await?;
        if before == db::delivery_find(tx, &event.message_sid).await? {
            return Ok(Decision::nothing());
        }
        failure(tx, &event.message_sid, &event.error_message).await
    }
}

/// Whether the account that signed is the message's. Twilio may tell of a message before we have heard its SID: then the address of
/// its callback names it by our own id, which stands in the thread before anything is sent.
async fn is_of_account(tx: &mut Tx, event: &TwilioMessageStatus) -> Result<bool, store::Error> {
    let Some(webhook) = &event.webhook else {
        return Ok(true);
    };
    let signed = &webhook.account_sid;
    let message = match db::message_by_sid(tx, &event.message_sid).await? {
        Some(message) => message,
        None => {
            let named = webhook.query.iter().find(|it| it.name == MESSAGE_ID);
            let id = named.map_or("", |it| it.value.as_str());
            let found = db::message_find(tx, id).await?;
            // It may have got this SID since it was looked for by it.
            let fits = |it: &Message| {
                let sid = it.message_sid.as_ref();
                sid.is_none_or(|sid| *sid == event.message_sid)
            };
            match found.filter(fits) {
                Some(message) => message,
                // None of ours, whoever says so.
                None => return Ok(false),
            }
        }
    };
    let thread = db::conversation_find(tx, &message.conversation_id).await?;
    let own = thread.map(|(thread, _)| thread.account_sid);
    Ok(own.is_none_or(|own| own.is_empty() || signed.is_empty() || own == *signed))
}

/// Tells that a message did not arrive, once, with Twilio's code and words.
async fn failure(tx: &mut Tx, message_sid: &str, words: &str) -> Result<Decision, HandlerError> {
    let Some(message) = db::message_by_sid(tx, message_sid).await? else {
        return Ok(Decision::nothing());
    };
    let Some(delivery) = db::delivery_find(tx, message_sid).await? else {
        return Ok(Decision::nothing());
    };
    if !matches!(delivery.status.as_str(), "failed" | "undelivered") {
        return Ok(Decision::nothing());
    }
    let Some((mut thread, _)) = db::conversation_find(tx, &message.conversation_id).await? else {
        return Ok(Decision::nothing());
    };
    let code = delivery
        .error_code
        .and_then(|code| u32::try_from(code).ok());
    let failed = MessageFailed {
        message_id: message.id.clone(),
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
        call_id: message.call_id.clone().unwrap_or_default(),
        message_sid: message_sid.to_owned(),
        status: delivery.status.clone(),
        code: code.unwrap_or_default(),
        message: words.to_owned(),
        to: thread.customer.clone(),
        ..MessageFailed::default()
    };
    let id = derive_id(&["message.failed", &message.id, &delivery.status]);
    let tenant = thread.tenant_id.clone();
    let decision = Decision::nothing().publish(OutgoingEvent::new(&failed).id(id).tenant(tenant));
    // One that has opted out, or has a landline, has been dealt with.
    let is_lasting = delivery.error_code.is_some_and(db::is_lasting) || code == Some(OPTED_OUT);
    if is_lasting {
        return Ok(decision);
    }
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    if let Some((now, _)) = db::conversation_find(tx, &thread.id).await? {
        thread = now;
    }
    thread.ask_for_attention("undelivered");
    db::conversation_save(tx, &thread).await?;
    let mut follow = Follow::default();
    follow.tell(&thread, "attention", "undelivered");
    again::schedule(tx, &thread, &message, code, &mut follow).await?;
    Ok(decision.merge(follow.into_decision(&thread.id)))
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
    let delivery = db::delivery_advance(tx, &event.message_sid, status, None, "").await?;
    if let Some(code) = delivery.error_code {
        heed(tx, &message, code, at).await?;
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
    if let Some(code) = code.filter(|code| db::is_lasting(*code)) {
        heed(tx, &message, code, at).await?;
    }
    db::message_refused(tx, &message.id, code, &event.reason, &event.message).await
}

/// Twilio tells how a message fares, perhaps before we know that it is ours.
pub async fn status(
    tx: &mut Tx,
    at: Time,
    event: &TwilioMessageStatus,
) -> Result<(), store::Error> {
    let word = event.message_status.to_ascii_lowercase();
    let code = event.error_code.filter(|code| *code != 0);
    let code_kept = code.map(i64::from);
    let words = event.error_message.as_str();
    db::delivery_advance(tx, &event.message_sid, &word, code_kept, words).await?;
    if let Some(code) = code
        && let Some(message) = db::message_by_sid(tx, &event.message_sid).await?
    {
        heed(tx, &message, i64::from(code), at).await?;
    }
    Ok(())
}

/// Draws the conclusions from a code of Twilio's: the customer has opted out, or has a number that takes no texts.
async fn heed(tx: &mut Tx, message: &Message, code: i64, at: Time) -> Result<(), store::Error> {
    if code == i64::from(OPTED_OUT) {
        return silence(tx, message, Evidence::At(at)).await;
    }
    if !db::is_lasting(code) {
        return Ok(());
    }
    let Some((thread, _)) = db::conversation_find(tx, &message.conversation_id).await? else {
        return Ok(());
    };
    let pair = (thread.tenant_id.as_str(), thread.customer.as_str());
    db::opt_out_lock(tx, pair.0, pair.1).await?;
    if db::unreachable_note(tx, pair, code, at).await?
        && let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await?
    {
        thread.ask_for_attention("cannot_be_texted");
        thread.cancel_reply();
        db::conversation_save(tx, &thread).await?;
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
