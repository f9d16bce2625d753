//! An answer was written, or will not be: it is checked, and sent unless something has come between.

use async_trait::async_trait;
use clock::Time;
use events::v1::{ReplyDraftFailed, ReplyDrafted, TenantContext};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use store::types::{self, Json};
use tracing::info;
use triage::Level;

use super::ahead::{self, is_early};
use super::business::Business;
use super::follow::{Follow, Out};
use super::human::context;
use super::outgoing::{self, Answers, expiring, open};
use super::validate::{Checked, Facts, check};
use super::{calendar, emergency, leads, wording};
use crate::db::{self, Booking, Conversation, Message, Sender};

/// The decider on `reply.drafted`.
pub struct Drafted;

/// The decider on `reply.draft_failed`.
pub struct DraftFailed;

#[async_trait]
impl Decider for Drafted {
    type Event = ReplyDrafted;
    const NAME: &'static str = "reply-drafted";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: ReplyDrafted,
    ) -> Result<Decision, HandlerError> {
        let follow = drafted(tx, cause.time, &event).await?;
        let outcome = match follow.0.first() {
            None => "overtaken",
            Some(Out::Drafted(_)) => "held",
            Some(_) => "sent",
        };
        counter!("dispatch_replies_total", "outcome" => outcome).increment(1);
        info!(
            conversation.id = event.conversation_id,
            outcome,
            action = event.next_action,
            "answer drafted"
        );
        Ok(follow.into_decision(&event.conversation_id))
    }
}

#[async_trait]
impl Decider for DraftFailed {
    type Event = ReplyDraftFailed;
    const NAME: &'static str = "reply-draft-failed";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: ReplyDraftFailed,
    ) -> Result<Decision, HandlerError> {
        let follow = failed(tx, cause.time, &event).await?;
        counter!("dispatch_replies_total", "outcome" => "failed").increment(1);
        info!(
            conversation.id = event.conversation_id,
            reason = event.reason,
            "no answer could be drafted"
        );
        Ok(follow.into_decision(&event.conversation_id))
    }
}

/// The thread that waits for this draft and no other.
async fn waiting(tx: &mut Tx, id: &str, draft: &str) -> Result<Option<Conversation>, store::Error> {
    let thread = open(tx, id).await?;
    Ok(thread.filter(|it| it.draft_id.as_deref() == Some(draft)))
}

/// Sends what a draft says, as far as it holds; before it is due it waits.
pub async fn drafted(tx: &mut Tx, at: Time, event: &ReplyDrafted) -> Result<Follow, store::Error> {
    let Some(thread) = waiting(tx, &event.conversation_id, &event.draft_id).await? else {
        return Ok(Follow::default());
    };
    if !is_early(&thread, at) {
        return send(tx, at, thread, event).await;
    }
    let tenant = context(tx, &thread).await?;
    let (_, checked) = checked(tx, at, &thread, &tenant, event).await?;
    ahead::hold(tx, thread, &tenant, &checked.text, event).await
}

/// What our own rules make of a draft, and what is known with it.
async fn checked(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
    tenant: &TenantContext,
    event: &ReplyDrafted,
) -> Result<(Facts, Checked), store::Error> {
    let business = Business::of(tenant);
    let known: Facts = thread.facts.read().unwrap_or_default();
    let facts = known.updated_by(Facts::told(event.facts.clone()));
    let free = calendar::free(tx, business, at, &facts.preferred_time.value, &thread.id).await?;
    let checked = check(business, at, &facts, &free, event);
    Ok((facts, checked))
}

/// Sends a draft whose time has come.
pub(super) async fn send(
    tx: &mut Tx,
    at: Time,
    mut thread: Conversation,
    event: &ReplyDrafted,
) -> Result<Follow, store::Error> {
    let mut follow = Follow::default();
    let tenant = context(tx, &thread).await?;
    let (facts, checked) = checked(tx, at, &thread, &tenant, event).await?;

    let simulated = event.usage.as_ref().is_some_and(|usage| usage.simulated);
    let text = Message {
        body: checked.text.clone(),
        label: if simulated { "simulated" } else { "" }.to_owned(),
        ..db::new_outbound(
            derive_id(&["ai", &event.draft_id]),
            &thread.id,
            Sender::Ai,
            at,
        )
    };
    let answers = Answers::latest(tx, &thread.id).await?;
    let send = outgoing::write(tx, &thread, &tenant, text, "reply", answers).await?;
    follow.push(Out::Send(expiring(send, at)));

    thread.facts = Json::of(&facts).unwrap_or(thread.facts);
    propose(tx, at, &mut thread, &facts, &checked, &event.draft_id).await?;
    if checked.action == "hand_over" {
        thread.ask_for_attention("hand_over");
        follow.tell(&thread, "attention", "hand_over");
    }
    let level = Level::parse(&event.urgency).unwrap_or(Level::Normal);
    emergency::by_model(tx, at, &mut thread, &tenant, level, &mut follow).await?;
    if !facts.is_empty() {
        lead(tx, at, &thread, &facts).await?;
    }
    thread.waiting_since = None;
    thread.drop_draft();
    thread.fallback_at = None;
    thread.updated_at = thread.updated_at.max(types::Time(at));
    db::conversation_save(tx, &thread).await?;
    Ok(follow)
}

/// Keeps a place for what is proposed until the customer has answered.
async fn propose(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    facts: &Facts,
    checked: &Checked,
    draft: &str,
) -> Result<(), store::Error> {
    let Some(slot) = checked.slot else {
        return Ok(());
    };
    db::bookings_release(tx, &thread.id).await?;
    let booking = Booking {
        id: derive_id(&["booking", draft]),
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
        starts_at: slot.starts_at.into(),
        ends_at: slot.ends_at.into(),
        status: "tentative".to_owned(),
        service: facts.job.value.clone(),
        made_at: types::Time(at),
    };
    db::booking_insert(tx, &booking).await?;
    thread.question = booking.id;
    Ok(())
}

/// Keeps what is known in the thread's lead.
async fn lead(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
    facts: &Facts,
) -> Result<(), store::Error> {
    let mut lead = leads::open(tx, at, thread).await?;
    lead.name.clone_from(&facts.name.value);
    lead.address.clone_from(&facts.address.value);
    lead.job.clone_from(&facts.job.value);
    lead.preferred_time.clone_from(&facts.preferred_time.value);
    lead.urgency.clone_from(&thread.urgency);
    if lead.status == "new" && !lead.job.is_empty() && !lead.address.is_empty() {
        "qualified".clone_into(&mut lead.status);
    }
    lead.updated_at = lead.updated_at.max(types::Time(at));
    db::lead_save(tx, &lead).await
}

/// There will be no answer of the AI's. Before it is due, that waits, too.
pub async fn failed(
    tx: &mut Tx,
    at: Time,
    event: &ReplyDraftFailed,
) -> Result<Follow, store::Error> {
    let Some(thread) = waiting(tx, &event.conversation_id, &event.draft_id).await? else {
        return Ok(Follow::default());
    };
    match is_early(&thread, at) {
        true => ahead::hold_failure(tx, thread, event).await,
        false => fall_back(tx, at, thread, event).await,
    }
}

/// Sends the fixed text, once until an answer can be written again, and asks a person to look.
pub(super) async fn fall_back(
    tx: &mut Tx,
    at: Time,
    mut thread: Conversation,
    event: &ReplyDraftFailed,
) -> Result<Follow, store::Error> {
    let mut follow = Follow::default();
    let tenant = context(tx, &thread).await?;
    if thread.fallback_at.is_none() {
        let text = Message {
            body: wording::fallback(&tenant),
            label: "fallback".to_owned(),
            ..db::new_outbound(
                derive_id(&["ai", &event.draft_id]),
                &thread.id,
                Sender::Ai,
                at,
            )
        };
        let answers = Answers::latest(tx, &thread.id).await?;
        let send = outgoing::write(tx, &thread, &tenant, text, "reply", answers).await?;
        follow.push(Out::Send(expiring(send, at)));
        thread.fallback_at = Some(types::Time(at));
        thread.updated_at = thread.updated_at.max(types::Time(at));
    }
    thread.ask_for_attention("fallback");
    follow.tell(&thread, "attention", "fallback");
    thread.waiting_since = None;
    thread.drop_draft();
    db::conversation_save(tx, &thread).await?;
    Ok(follow)
}
