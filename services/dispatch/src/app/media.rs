//! What customers' messages carry: it is fetched, shown with its thread, and what cannot be shown is said to the customer once.

use async_trait::async_trait;
use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use directory::Directory;
use events::v1::{MediaErase, MediaFetch, MediaFetched, MediaMissed, TenantContext};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};

use super::business::Business;
use super::follow::{Follow, Out};
use super::human::context;
use super::outgoing::{self, Answers};
use super::wording;
use crate::db::{self, Conversation, Media, Message, Sender};

/// After so long a file that Twilio does not give is given up.
const EXPIRES: TimeDelta = TimeDelta::hours(24);

/// The decider on `media.fetched`.
pub struct Fetched;

/// The decider on `media.missed`.
pub struct Missed(pub Directory);

#[async_trait]
impl Decider for Fetched {
    type Event = MediaFetched;
    const NAME: &'static str = "media-fetched";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: MediaFetched,
    ) -> Result<Decision, HandlerError> {
        let stored = |media: &mut Media| {
            "stored".clone_into(&mut media.status);
            media.content_type = Some(event.content_type.clone());
            media.size_bytes = Some(event.size_bytes);
        };
        if note(tx, &event.message_id, &event.media_id, stored)
            .await?
            .is_some()
        {
            return Ok(Decision::nothing());
        }
        // The customer was forgotten meanwhile, or the thread's time is over.
        let erase = MediaErase {
            keys: vec![db::media_key(&event.tenant_id, &event.media_id)],
            ..MediaErase::default()
        };
        Ok(Decision::nothing().publish(OutgoingEvent::new(&erase).tenant(&event.tenant_id)))
    }
}

#[async_trait]
impl Decider for Missed {
    type Event = MediaMissed;
    const NAME: &'static str = "media-missed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: MediaMissed,
    ) -> Result<Decision, HandlerError> {
        let reason = event.reason.as_str();
        let missed = |media: &mut Media| reason.clone_into(&mut media.status);
        let Some(message) = note(tx, &event.message_id, &event.media_id, missed).await? else {
            return Ok(Decision::nothing());
        };
        let mut follow = Follow::default();
        if matches!(reason, "unsupported" | "too_large") {
            tell(tx, cause.time, &self.0, &message, &mut follow).await?;
        }
        Ok(follow.into_decision(&message.conversation_id))
    }
}

/// The id of what a message carries in a place. It leads to the message.
pub fn id(message: &str, nth: usize) -> String {
    format!("{message}.{nth}")
}

/// The message of what is named so.
pub fn message_of(id: &str) -> Option<&str> {
    id.rsplit_once('.').map(|(message, _)| message)
}

/// Has what a new message carries fetched.
pub fn fetch(
    at: Time,
    thread: &Conversation,
    tenant: &TenantContext,
    message: &Message,
) -> Vec<Out> {
    let account = outgoing::command(thread, tenant).account_sid;
    let order = |media: Media| {
        Out::Fetch(MediaFetch {
            media_id: media.id,
            message_id: message.id.clone(),
            conversation_id: thread.id.clone(),
            tenant_id: thread.tenant_id.clone(),
            account_sid: account.clone(),
            url: media.url,
            expires_at: (at + EXPIRES).to_rfc3339_opts(SecondsFormat::Micros, true),
        })
    };
    message.media().into_iter().map(order).collect()
}

/// Changes what is known of one thing that a message carries; none: there is no such message any more.
async fn note(
    tx: &mut Tx,
    message: &str,
    id: &str,
    change: impl FnOnce(&mut Media),
) -> Result<Option<Message>, store::Error> {
    let Some(message) = db::message_find(tx, message).await? else {
        return Ok(None);
    };
    let Some((thread, _)) = db::conversation_find(tx, &message.conversation_id).await? else {
        return Ok(None);
    };
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let Some(mut message) = db::message_find(tx, &message.id).await? else {
        return Ok(None);
    };
    let mut all = message.media();
    if let Some(media) = all.iter_mut().find(|it| it.id == id) {
        change(media);
        message.media = db::media_list(all.into_iter());
        db::message_media(tx, &message.id, &message.media).await?;
    }
    Ok(Some(message))
}

/// Tells the customer, once in a thread, what cannot be shown here. The customer's lock is held.
async fn tell(
    tx: &mut Tx,
    at: Time,
    directory: &Directory,
    message: &Message,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    let Some(thread) = outgoing::open(tx, &message.conversation_id).await? else {
        return Ok(());
    };
    let tenant = context(tx, &thread).await?;
    let id = derive_id(&["unsupported", &thread.id]);
    let ours = directory.entry(&thread.customer).is_some();
    let silent = ours || Business::of(&tenant).is_suspended() || !message.label.is_empty();
    if silent || db::message_find(tx, &id).await?.is_some() {
        return Ok(());
    }
    let text = Message {
        body: wording::unsupported(&tenant),
        ..db::new_outbound(id, &thread.id, Sender::System, at)
    };
    let answers = Answers::At(message.created_at.0);
    let send = outgoing::write(tx, &thread, &tenant, text, "reply", answers).await?;
    follow.push(Out::Send(outgoing::expiring(send, at)));
    Ok(())
}
