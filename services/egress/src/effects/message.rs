//! Sending a text message.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use clock::Time;
use events::Event;
use events::v1::{MessageRefused, MessageSend, MessageSent, OptOutChanged};
use phone::Address;
use role::{Cause, HandlerError, KeyedMutex, Outcome, OutgoingEvent, Performer, Tx, derive_id};
use tracing::info;
use twilio_api::{Message, MessageFilter, NewMessage, code};

use crate::accounts::Account;
use crate::admission::{Admission, Admitted, PREFETCH};
use crate::app::MESSAGE_ID;
use crate::db::effects::{Entry, State};
use crate::db::opt_outs;
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;
use crate::guards::Guards;

/// How far Twilio's clock may be behind ours; its dates have whole seconds besides.
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// The most that Twilio gives in one page, and how many pages of one conversation are looked through.
const PAGE: u32 = 1000;
const PAGES: usize = 5;
/// How long after its first admission a text waits for the one before it.
const PREDECESSOR_WITHIN: TimeDelta = TimeDelta::minutes(1);
/// How often it is looked whether that one is settled.
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// What Twilio puts before the text while an account is on trial.
const TRIAL: &str = "Sent from your Twilio trial account - ";

/// The purposes of texts that a person waits for: they go before bulk.
const URGENT: [&str; 5] = ["alert", "text_back", "reply", "ai_reply", "emergency"];

/// Sends messages.
pub(crate) struct Send {
    pub runner: EffectRunner,
    pub admission: Admission,
    pub guards: Guards,
    /// Where Twilio tells what becomes of a message; none when it could not reach us.
    pub status_callback: Option<String>,
    /// One text of a conversation at a time, in the order of their delivery.
    pub conversations: Arc<KeyedMutex>,
}

#[async_trait]
impl Performer for Send {
    type Command = MessageSend;
    const NAME: &'static str = "message-send";

    /// More than are in flight: the rest are enqueued, so that no line blocks another.
    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: MessageSend) -> Result<Outcome, HandlerError> {
        if command.message_id.is_empty() {
            return Err(HandlerError::Reject("a message without message_id".into()));
        }
        let sending = Sending {
            command: &command,
            cause,
            send: self,
        };
        let key = sending.key();
        let Some(mut admitted) = self.admission.admit(&key, cause, &command).await? else {
            return Ok(Outcome::nothing());
        };
        let sent = self.send(&sending, &mut admitted).await;
        admitted.finish(sent).await
    }
}

impl Send {
    async fn send(
        &self,
        sending: &Sending<'_>,
        admitted: &mut Admitted,
    ) -> Result<Outcome, HandlerError> {
        let command = sending.command;
        let conversation = match command.conversation_id.as_str() {
            "" => &command.message_id,
            conversation => conversation,
        };
        let conversation = format!("{} {conversation}", command.account_sid);
        let alone = admitted.join_queue(self.conversations.take(&conversation));
        let _alone = self.runner.unless_stopping(alone).await?;
        let since = admitted.since(sending.cause);
        self.wait_for_predecessor(command, since).await?;
        let entry = self.runner.execute(sending, sending.cause).await?;
        let told = self.guards.spend.told_by(&entry).await?;
        let outcome = outcome(command, &entry);
        Ok(match told {
            Some(limited) => outcome.publish(limited),
            None => outcome,
        })
    }

    /// The text before this one may be in flight in another process, or in the backlog.
    async fn wait_for_predecessor(
        &self,
        command: &MessageSend,
        since: Time,
    ) -> Result<(), HandlerError> {
        if command.after.is_empty() || self.runner.clock.now() > since + PREDECESSOR_WITHIN {
            return Ok(());
        }
        let before = self.runner.find(MessageSend::TYPE, &command.after).await?;
        if before.is_some_and(|entry| entry.is_settled()) {
            return Ok(());
        }
        Err(HandlerError::Unavailable {
            reason: format!("{} waits for {}", command.message_id, command.after),
            retry_after: Some(LOOK_AGAIN),
        })
    }
}

/// The same for every attempt, so that a consumer recognizes a repeat by its id.
fn outcome(command: &MessageSend, entry: &Entry) -> Outcome {
    let id = &command.message_id;
    let of_this = |kind: &str| derive_id(&[kind, id]);
    if entry.state() == State::Done {
        let sent = MessageSent {
            message_id: id.clone(),
            tenant_id: command.tenant_id.clone(),
            conversation_id: command.conversation_id.clone(),
            call_id: command.call_id.clone(),
            message_sid: entry.sid.clone().unwrap_or_default(),
            status: entry.status.clone().unwrap_or_default(),
            segments: entry
                .detail
                .as_deref()
                .and_then(|n| n.parse().ok())
                .unwrap_or_default(),
            purpose: command.purpose.clone(),
            reconciled: entry.reconciled,
            repeated: entry.repeated,
        };
        return Outcome::nothing().publish(
            OutgoingEvent::new(&sent)
                .id(of_this(MessageSent::TYPE))
                .tenant(&command.tenant_id),
        );
    }
    let refused = MessageRefused {
        message_id: id.clone(),
        tenant_id: command.tenant_id.clone(),
        conversation_id: command.conversation_id.clone(),
        call_id: command.call_id.clone(),
        code: u32::try_from(entry.code).unwrap_or_default(),
        reason: entry.reason.clone().unwrap_or_default(),
        purpose: command.purpose.clone(),
        to: command.to.clone(),
        message: entry.detail.clone().unwrap_or_default(),
    };
    let decision = Outcome::nothing().publish(
        OutgoingEvent::new(&refused)
            .id(of_this(MessageRefused::TYPE))
            .tenant(&command.tenant_id),
    );
    if !entry.asked || refused.code != code::OPTED_OUT {
        return decision;
    }
    // Twilio knew before us that the customer wants silence.
    let changed = OptOutChanged {
        tenant_id: command.tenant_id.clone(),
        customer: command.to.clone(),
        opted_out: true,
    };
    decision.publish(
        OutgoingEvent::new(&changed)
            .id(of_this(OptOutChanged::TYPE))
            .tenant(&command.tenant_id),
    )
}

struct Sending<'a> {
    command: &'a MessageSend,
    cause: &'a Cause,
    send: &'a Send,
}

impl Sending<'_> {
    /// Where Twilio tells what becomes of it. The address names our own id: a witness that the message exists, should its answer be lost.
    fn status_callback(&self) -> Option<String> {
        let url = self.send.status_callback.as_ref()?;
        let id = &self.command.message_id;
        let is_plain = id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        Some(if is_plain {
            format!("{url}?{MESSAGE_ID}={id}")
        } else {
            url.clone()
        })
    }

    /// Whether this is the message that we may have sent.
    fn is_ours(&self, message: &Message, from: Time) -> bool {
        let body = message.body.as_deref().unwrap_or_default();
        let ours = self.command.body.as_str();
        let same = body == ours || body.strip_prefix(TRIAL).is_some_and(|rest| rest == ours);
        let media = self.command.media_urls.len();
        // Of messages without a text the number of pictures is all that can be compared.
        let same_media = !ours.is_empty()
            || message
                .num_media
                .is_none_or(|n| usize::try_from(n).is_ok_and(|n| n == media));
        same && same_media
            && message.direction == "outbound-api"
            && message.date_created.is_some_and(|at| at >= from)
    }
}

#[async_trait]
impl Effect for Sending<'_> {
    fn key(&self) -> EffectKey {
        let MessageSend {
            from,
            to,
            body,
            account_sid,
            messaging_service_sid,
            purpose,
            ..
        } = self.command;
        let media = self.command.media_urls.join(" ");
        let sender = if from.is_empty() {
            messaging_service_sid
        } else {
            from
        };
        EffectKey {
            kind: MessageSend::TYPE,
            id: self.command.message_id.clone(),
            tenant_id: self.command.tenant_id.clone(),
            account_sid: account_sid.clone(),
            fingerprint: derive_id(&[MessageSend::TYPE, sender, to, body, &media]),
            lane: Some(sender.clone()).filter(|s| !s.is_empty()),
            urgent: URGENT.contains(&purpose.as_str()),
            sender: Address::parse(from).redacted(),
            recipient: Address::parse(to).redacted(),
        }
    }

    /// Without Twilio's filter by date: it goes by `date_sent`, which a message that waits does not have.
    async fn find(&self, account: &Account, since: Time) -> Result<Vec<Done>, twilio_api::Error> {
        let some = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
        let from = since - SKEW;
        let filter = MessageFilter {
            to: some(&self.command.to),
            from: some(&self.command.from),
            page_size: Some(PAGE),
            ..MessageFilter::default()
        };
        let mut found = Vec::new();
        let mut pages = account.client.messages().list(&filter);
        for _ in 0..PAGES {
            let Some(page) = account.ask("messages.list", pages.next()).await? else {
                break;
            };
            let old = |message: &Message| message.date_created.is_some_and(|at| at < from);
            let all_old = page.iter().all(old);
            found.extend(
                page.into_iter()
                    .filter(|message| self.is_ours(message, from)),
            );
            if all_old {
                break;
            }
        }
        found.sort_by_key(|message| message.date_created);
        Ok(found.into_iter().map(done).collect())
    }

    fn doubt(&self) -> Doubt {
        Doubt::Long
    }

    fn witnessed(&self, sid: String) -> Option<Done> {
        Some(Done {
            sid: Some(sid),
            status: "queued".to_owned(),
            detail: webhook::segments(&self.command.body).count.to_string(),
        })
    }

    async fn execute(&self, account: &Account) -> Result<Done, twilio_api::Error> {
        let some = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
        let message = NewMessage {
            to: self.command.to.clone(),
            from: some(&self.command.from),
            messaging_service_sid: some(&self.command.messaging_service_sid),
            body: some(&self.command.body),
            media_url: self.command.media_urls.clone(),
            status_callback: self.status_callback(),
            validity_period_s: None,
        };
        let sent = account
            .ask(
                "messages.create",
                account.client.messages().create(&message),
            )
            .await?;
        let parts = webhook::segments(&self.command.body);
        info!(message.id = self.command.message_id, message.sid = sent.sid, status = %sent.status,
            segments = parts.count, encoding = ?parts.encoding, "twilio has taken a message");
        Ok(done(sent))
    }

    async fn check_policy(&self) -> Result<Option<Refusal>, HandlerError> {
        self.send.guards.check(self.command).await
    }

    async fn check_departure(
        &self,
        tx: &mut Tx,
        counted: bool,
    ) -> Result<Option<Refusal>, HandlerError> {
        let guards = &self.send.guards;
        guards.check_departure(tx, self.command, counted).await
    }

    fn refusal(&self, code: u32, words: &str) -> Refusal {
        let reason = if code == code::OPTED_OUT {
            "opted_out"
        } else {
            "refused_by_twilio"
        };
        Refusal {
            code,
            reason,
            detail: words.to_owned(),
        }
    }

    async fn refused(&self, tx: &mut Tx, refusal: &Refusal) -> Result<(), HandlerError> {
        if refusal.code == code::OPTED_OUT {
            let MessageSend { tenant_id, to, .. } = self.command;
            opt_outs::set(tx, tenant_id, to, true, self.cause.time).await?;
        }
        Ok(())
    }
}

fn done(message: Message) -> Done {
    Done {
        sid: Some(message.sid),
        status: message.status.to_string(),
        detail: message.num_segments.unwrap_or(0).to_string(),
    }
}
