//! The AI's answer falls due: the thread is looked at again, and an answer is asked for, unless something has come between.

use async_trait::async_trait;
use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use events::v1::{ReplyDraft, ReplyDue, TenantContext, ThreadLine};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use serde_json::json;
use store::types::{self, Json};
use triage::Answer;

use super::ahead::Held;
use super::business::Business;
use super::follow::{Follow, Out};
use super::outgoing::{self, Answers, expiring, open};
use super::validate::Facts;
use super::{calendar, drafted, leads, pictures};
use crate::db::{self, Booking, Conversation, Entry, Message, Sender, Window};

/// How many texts the AI writes to a customer in an hour, and in a day: more is no conversation.
const MOST_AN_HOUR: i64 = 12;
const MOST_A_DAY: i64 = 40;
/// How many messages of a thread a model is shown.
const HISTORY: i64 = 80;

/// The decider on `reply.due`.
pub struct Due;

#[async_trait]
impl Decider for Due {
    type Event = ReplyDue;
    const NAME: &'static str = "reply-due";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: ReplyDue,
    ) -> Result<Decision, HandlerError> {
        let follow = due(tx, cause.time, &event).await?;
        let outcome = match follow.0.first() {
            None => "nothing",
            Some(Out::Draft(_)) => "draft",
            Some(Out::Send(_)) => "answered",
            Some(_) => "held",
        };
        counter!("dispatch_replies_due_total", "outcome" => outcome).increment(1);
        Ok(follow.into_decision(&event.conversation_id))
    }
}

/// Decides what is done about a thread whose answer is due.
pub async fn due(tx: &mut Tx, at: Time, event: &ReplyDue) -> Result<Follow, store::Error> {
    let mut follow = Follow::default();
    let Some(mut thread) = open(tx, &event.conversation_id).await? else {
        return Ok(follow);
    };
    if thread.revision.unsigned_abs() != event.revision {
        return Ok(follow);
    }
    if thread.draft_id.is_some() {
        return match event.ahead {
            true => Ok(follow),
            false => release(tx, at, thread).await,
        };
    }
    let Some(since) = thread.waiting_since else {
        return Ok(follow);
    };
    let is_over = is_over_the_rate(tx, at, &thread).await?;
    // What a yes confirms, and that the AI has written enough, is said when it is due.
    if event.ahead && (is_over || !thread.question.is_empty()) {
        return Ok(follow);
    }
    let plain = TenantContext::default();
    let tenant = event.tenant.as_ref().unwrap_or(&plain);
    if !event.ahead {
        thread.reply_due_at = None;
    }
    if is_over {
        thread.waiting_since = None;
        thread.ask_for_attention("rate_limit");
        follow.tell(&thread, "attention", "rate_limit");
        db::conversation_save(tx, &thread).await?;
        return Ok(follow);
    }
    let window = Window {
        before: None,
        limit: HISTORY,
    };
    let messages = db::message_list(tx, &thread.id, &window).await?;
    let new = |it: &&Message| it.direction == "inbound" && it.created_at >= since;
    let latest = messages.iter().rev().find(new);
    let answer = latest.and_then(|it| triage::answer(&it.body));
    if !thread.question.is_empty()
        && confirm(tx, at, &mut thread, tenant, answer, &mut follow).await?
    {
        db::conversation_save(tx, &thread).await?;
        return Ok(follow);
    }
    let facts: Facts = thread.facts.read().unwrap_or_default();
    let said: Vec<&str> = messages
        .iter()
        .filter(new)
        .map(|it| it.body.as_str())
        .collect();
    let wish = format!("{} {}", facts.preferred_time.value, said.join(" "));
    let draft = draft(tx, at, &thread, tenant, &messages, &wish, &facts).await?;
    thread.draft_id = Some(draft.draft_id.clone());
    db::conversation_save(tx, &thread).await?;
    follow.push(Out::Draft(Box::new(draft)));
    Ok(follow)
}

/// The answer of a thread is due: what is held leaves; what is still being written leaves when it comes.
async fn release(tx: &mut Tx, at: Time, mut thread: Conversation) -> Result<Follow, store::Error> {
    if thread.reply_due_at.take().is_none() {
        return Ok(Follow::default());
    }
    match Held::of(&thread) {
        Some(Held::Drafted { event, .. }) => drafted::send(tx, at, thread, &event).await,
        Some(Held::Failed(event)) => drafted::fall_back(tx, at, thread, &event).await,
        None => {
            db::conversation_save(tx, &thread).await?;
            Ok(Follow::default())
        }
    }
}

/// Whether the AI has written to the customer as often as it may.
async fn is_over_the_rate(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
) -> Result<bool, store::Error> {
    let hour = db::message_count(tx, &thread.id, Sender::Ai, at - TimeDelta::hours(1)).await?;
    let day = db::message_count(tx, &thread.id, Sender::Ai, at - TimeDelta::days(1)).await?;
    Ok(hour >= MOST_AN_HOUR || day >= MOST_A_DAY)
}

async fn draft(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
    tenant: &TenantContext,
    messages: &[Message],
    wish: &str,
    known: &Facts,
) -> Result<ReplyDraft, store::Error> {
    let business = Business::of(tenant);
    let free = calendar::free(tx, business, at, wish, &thread.id).await?;
    let zone = business.zone();
    let is_shown = |it: &&Message| {
        !matches!(it.label.as_str(), "automatic" | "blocked") && it.status != "refused"
    };
    let shown: Vec<&Message> = messages.iter().filter(is_shown).collect();
    let pictures = pictures::pictures(&thread.tenant_id, &shown);
    let history = shown.iter().zip(pictures).map(|(it, pictures)| ThreadLine {
        sender: it.sender.clone(),
        body: it.body.clone(),
        media: u32::try_from(it.media().len()).unwrap_or(u32::MAX),
        pictures,
    });
    Ok(ReplyDraft {
        draft_id: db::draft_id(&thread.id, thread.revision),
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
        tenant: Some(tenant.clone()),
        history: history.collect(),
        slots: free.into_iter().map(|slot| slot.to_slot(zone)).collect(),
        known: Some(known.to_event()),
        urgency: thread.urgency.clone(),
        local_now: business
            .local(at)
            .to_rfc3339_opts(SecondsFormat::Secs, false),
        open: business.is_open(at),
    })
}

/// Books what was proposed when the customer has said yes; lets go of it when the customer has said no. Whether the customer
/// has been answered by that.
async fn confirm(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    tenant: &TenantContext,
    answer: Option<Answer>,
    follow: &mut Follow,
) -> Result<bool, store::Error> {
    let Some(booking) = db::booking_find(tx, &thread.question).await? else {
        thread.question.clear();
        return Ok(false);
    };
    match answer {
        None => return Ok(false),
        Some(Answer::No) => {
            db::bookings_release(tx, &thread.id).await?;
            thread.question.clear();
            return Ok(false);
        }
        Some(Answer::Yes) => {}
    }
    thread.question.clear();
    let business = Business::of(tenant);
    if booking.starts_at.0 <= at || !is_still_free(tx, at, business, &booking, thread).await? {
        db::bookings_release(tx, &thread.id).await?;
        return Ok(false);
    }
    db::booking_status(tx, &booking.id, "confirmed").await?;
    let mut lead = leads::open(tx, at, thread).await?;
    "appointment_scheduled".clone_into(&mut lead.status);
    lead.appointment_at = Some(booking.starts_at);
    lead.updated_at = lead.updated_at.max(types::Time(at));
    db::lead_save(tx, &lead).await?;

    let label = calendar::label(booking.starts_at.0, booking.ends_at.0, business.zone());
    let facts: Facts = thread.facts.read().unwrap_or_default();
    let place = match facts.address.value.as_str() {
        "" => String::new(),
        address => format!(" at {}", address.trim_end_matches('.')),
    };
    let body = format!(
        "Booked: {label}{place}. Reply here to change it. {}",
        tenant.name
    );
    let text = Message {
        body: super::wording::cheap(&body),
        ..db::new_outbound(
            derive_id(&["booked", &booking.id]),
            &thread.id,
            Sender::Ai,
            at,
        )
    };
    let answers = Answers::latest(tx, &thread.id).await?;
    let send = outgoing::write(tx, thread, tenant, text, "reply", answers).await?;
    follow.push(Out::Send(expiring(send, at)));
    let entry = Entry {
        id: derive_id(&["booking", &booking.id]),
        conversation_id: thread.id.clone(),
        kind: "booking".to_owned(),
        at: types::Time(at),
        call_id: None,
        call_sid: None,
        detail: Json(
            json!({ "status": "confirmed", "starts_at": booking.starts_at.0, "label": label, "service": booking.service }),
        ),
    };
    db::entry_put(tx, &entry).await?;
    let mut told = super::follow::changed(thread, "booked", "");
    told.lead_id = lead.id;
    told.appointment_at = super::human::rfc3339(booking.starts_at.0);
    follow.push(Out::Changed(told));
    thread.waiting_since = None;
    thread.updated_at = thread.updated_at.max(types::Time(at));
    Ok(true)
}

/// Whether nobody else was given the place meanwhile.
async fn is_still_free(
    tx: &mut Tx,
    at: Time,
    business: Business<'_>,
    booking: &Booking,
    thread: &Conversation,
) -> Result<bool, store::Error> {
    let around = (booking.starts_at.0 - TimeDelta::days(1), booking.ends_at.0);
    let tenant = &thread.tenant_id;
    let taken = db::bookings_between(tx, tenant, around, at - calendar::PROPOSED).await?;
    let others = taken.iter().filter(|it| {
        it.id != booking.id
            && it.status == "confirmed"
            && it.starts_at < booking.ends_at
            && it.ends_at > booking.starts_at
    });
    let capacity = business.calendar().map_or(0, |it| it.capacity as usize);
    Ok(others.count() < capacity)
}
