//! A text that did not arrive is sent once more, where the business wants that and nothing has come between.

use async_trait::async_trait;
use chrono::TimeDelta;
use clock::Time;
use events::v1::MessageAgain;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use store::types;

use super::follow::{Follow, Out};
use super::human::context;
use super::outgoing::{self, Answers, expiring};
use crate::db::{self, Conversation, Message, Status, Window};

/// How long a telephone that cannot be reached is given.
const WAIT: TimeDelta = TimeDelta::minutes(10);
/// Twilio's codes for what may pass: a full queue, a telephone that is off, a carrier that is busy, a reason that nobody knows.
const PASSING: [u32; 4] = [30001, 30003, 30008, 30017];
/// The label of the second attempt: there is no third.
const LABEL: &str = "again";

/// The decider on `message.again`.
pub struct Again;

#[async_trait]
impl Decider for Again {
    type Event = MessageAgain;
    const NAME: &'static str = "message-again";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MessageAgain,
    ) -> Result<Decision, HandlerError> {
        let follow = due(tx, cause.time, &event).await?;
        Ok(follow.into_decision(&event.conversation_id))
    }
}

/// Has it looked at later whether a text is sent once more.
pub async fn schedule(
    tx: &mut Tx,
    thread: &Conversation,
    message: &Message,
    code: Option<u32>,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    let passes = code.is_none_or(|code| PASSING.contains(&code));
    if !passes || message.label == LABEL || !context(tx, thread).await?.resend_undelivered {
        return Ok(());
    }
    let timer = MessageAgain {
        message_id: message.id.clone(),
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
    };
    follow.push(Out::Again(timer, WAIT));
    Ok(())
}

/// Sends a text once more: unless it arrived after all, a person has written since, or the customer wants silence.
pub async fn due(tx: &mut Tx, at: Time, event: &MessageAgain) -> Result<Follow, store::Error> {
    let mut follow = Follow::default();
    let Some((thread, _)) = db::conversation_find(tx, &event.conversation_id).await? else {
        return Ok(follow);
    };
    let customer = db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let window = Window {
        before: None,
        limit: 1,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?.pop();
    let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? else {
        return Ok(follow);
    };
    let is_wanted =
        !customer.opted_out && !customer.blocked && thread.status == Status::Active.as_str();
    let failed = |it: &Message| {
        it.id == event.message_id && matches!(it.status.as_str(), "failed" | "undelivered")
    };
    let Some(message) = latest.filter(|it| is_wanted && failed(it)) else {
        return Ok(follow);
    };
    let tenant = context(tx, &thread).await?;
    let media = message.media();
    let purpose = if message.call_id.is_some() {
        "text_back"
    } else {
        "reply"
    };
    let text = Message {
        id: derive_id(&["again", &message.id]),
        status: "queued".to_owned(),
        message_sid: None,
        error_code: None,
        error_message: String::new(),
        created_at: types::Time(at),
        sent_at: None,
        label: LABEL.to_owned(),
        ..message
    };
    let answers = Answers::latest(tx, &thread.id).await?;
    let call_id = text.call_id.clone();
    let send = outgoing::write(tx, &thread, &tenant, text, purpose, answers).await?;
    follow.push(Out::Send(events::v1::MessageSend {
        media_urls: media.into_iter().map(|it| it.url).collect(),
        call_id: call_id.unwrap_or_default(),
        ..expiring(send, at)
    }));
    thread.updated_at = thread.updated_at.max(types::Time(at));
    db::conversation_save(tx, &thread).await?;
    Ok(follow)
}
