//! A customer's text is kept in its thread; a STOP is honoured at once, an emergency told at once, and the AI answers later.

use async_trait::async_trait;
use chrono::TimeDelta;
use clock::Time;
use directory::Directory;
use events::v1::{InboundText, OptOutChanged, SmsInbound, TenantContext};
use metrics::counter;
use phone::Address;
use prost::Message as _;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use store::types::{self, Json};
use tracing::info;
use triage::Wish;

use super::business::Business;
use super::emergency::{self, Audience};
use super::follow::{Follow, Out};
use super::outgoing::{self, Answers};
use super::reactions::{react, reacted_before};
use super::{media, schedule, wording};
use crate::db::{
    self, Answering, Conversation, Evidence, Media, Message, OptOutEvidence, Sender, Status, Window,
};

/// How long the same words twice count as a machine's.
const REPEAT: TimeDelta = TimeDelta::minutes(10);
/// How long an automatic reply keeps another from being answered.
const ROBOT: TimeDelta = TimeDelta::hours(24);

/// The decider on `sms.inbound`.
pub struct Inbound(pub Directory);

/// What became of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The thread it belongs to.
    pub conversation: Conversation,
    /// Whether the customer is silent to us after it.
    pub opted_out: bool,
    /// What the customer asked for, when it is news.
    pub changed: Option<OptOutChanged>,
    /// What follows.
    pub follow: Follow,
}

#[async_trait]
impl Decider for Inbound {
    type Event = SmsInbound;
    const NAME: &'static str = "inbound";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: SmsInbound,
    ) -> Result<Decision, HandlerError> {
        let (Some(text), Some(tenant)) = (event.text, event.tenant) else {
            return Err(HandlerError::Reject(
                "a text without its words or its tenant".to_owned(),
            ));
        };
        if text.message_sid.is_empty() || text.from.is_empty() || tenant.tenant_id.is_empty() {
            return Err(HandlerError::Reject(
                "a text without MessageSid, sender or tenant".to_owned(),
            ));
        }
        let ours = self.0.entry(&text.from).is_some();
        let Some(kept) = keep(tx, cause.time, &text, &tenant, ours).await? else {
            info!(
                message.sid = text.message_sid,
                "this text was kept before, or is nobody's"
            );
            return Ok(Decision::nothing());
        };
        let customer = Address::parse(&text.from).redacted();
        info!(
            message.sid = text.message_sid,
            conversation.id = kept.conversation.id,
            customer,
            media = text.media.len(),
            opted_out = kept.opted_out,
            urgency = kept.conversation.urgency,
            "text kept"
        );
        counter!("dispatch_inbound_texts_total").increment(1);
        Ok(kept.follow.into_decision(&kept.conversation.id))
    }
}

/// Keeps a text; none if it was kept before, or its number takes none. `ours`: it comes from a number of this platform.
pub async fn keep(
    tx: &mut Tx,
    at: Time,
    text: &InboundText,
    tenant: &TenantContext,
    ours: bool,
) -> Result<Option<Kept>, store::Error> {
    let (wish, source) = wish(text);
    let own = tenant.number.as_ref();
    let takes_texts = own.is_none_or(|it| it.sms.is_empty() || it.sms == "conversation");
    let stops_or_starts = matches!(wish, Some(Wish::Stop | Wish::Start));
    // A number without conversations sends text-backs all the same: whoever answers STOP means them.
    if !takes_texts && !stops_or_starts {
        return Ok(None);
    }
    let own = own.map_or("", |it| it.number.as_str());
    let number = if text.to.is_empty() { own } else { &text.to };
    let customer = db::opt_out_lock(tx, &tenant.tenant_id, &text.from).await?;
    let id = derive_id(&["inbound", &text.message_sid]);
    let known = db::message_by_sid(tx, &text.message_sid).await?.is_some();
    if known || db::evidence_is_kept(tx, &id).await? {
        return Ok(None);
    }
    let new = Conversation::new(
        &tenant.tenant_id,
        &text.from,
        number,
        &tenant.account_sid,
        at,
    );
    let mut thread = db::conversation_open(tx, &new).await?;
    let pair = (tenant.tenant_id.as_str(), text.from.as_str());
    db::unreachable_forget(tx, pair).await?;
    db::context_put(tx, (pair.0, number), &tenant.encode_to_vec()).await?;

    let mut follow = Follow::default();
    if let Some(reaction) = triage::reaction(&text.body) {
        if reacted_before(tx, &thread, &text.message_sid).await? {
            return Ok(None);
        }
        if react(tx, at, &mut thread, text, &reaction).await? {
            db::conversation_save(tx, &thread).await?;
            return Ok(Some(Kept {
                conversation: thread,
                opted_out: customer.opted_out,
                changed: None,
                follow,
            }));
        }
    }
    let robot = is_robot(tx, at, &thread, text).await?;
    let ignored = customer.blocked && !stops_or_starts;
    let label = match (ignored, robot.is_automatic) {
        (true, _) => "blocked",
        (false, true) => "automatic",
        (false, false) => "",
    };
    let message = Message {
        body: readable(text),
        media: carried(text, &id, ignored),
        label: label.to_owned(),
        ..db::new_inbound(id.clone(), &thread.id, &text.message_sid, at)
    };
    db::message_insert(tx, &message).await?;
    if ignored {
        return Ok(Some(Kept {
            conversation: thread,
            opted_out: customer.opted_out,
            changed: None,
            follow,
        }));
    }
    for order in media::fetch(at, &thread, tenant, &message) {
        follow.push(order);
    }
    reopen(&mut thread, at, &mut follow);
    thread.unread += 1;
    thread.is_unread = true;

    let (mut opted_out, mut changed) = (customer.opted_out, None);
    if let Some(wish @ (Wish::Stop | Wish::Start)) = wish {
        let stop = wish == Wish::Stop;
        let news = db::opt_out_set(tx, &customer, stop, Evidence::At(at)).await?;
        // A YES to a question is no opt-in that must be proved.
        if stop || customer.opted_out {
            let evidence = OptOutEvidence {
                id,
                tenant_id: tenant.tenant_id.clone(),
                customer: text.from.clone(),
                number: number.to_owned(),
                wish: wish.as_str().to_owned(),
                message_sid: text.message_sid.clone(),
                body: text.body.clone(),
                source: source.to_owned(),
                at: types::Time(at),
            };
            db::evidence_insert(tx, &evidence).await?;
        }
        changed = news.then(|| OptOutChanged {
            tenant_id: tenant.tenant_id.clone(),
            customer: text.from.clone(),
            opted_out: stop,
        });
        if let Some(changed) = &changed {
            follow.push(Out::OptOut(changed.clone()));
        }
        opted_out = if news { stop } else { customer.opted_out };
        if stop {
            thread.cancel_reply();
        }
    }
    let silent = ours || Business::of(tenant).is_suspended();
    let told = Told {
        wish,
        opted_out,
        was_opted_out: customer.opted_out,
        silent,
        ours,
        is_phone: Address::parse(&text.from).as_e164().is_some(),
        robot,
    };
    answer_later(
        tx,
        at,
        &mut thread,
        (text, tenant),
        &message,
        told,
        &mut follow,
    )
    .await?;
    db::conversation_save(tx, &thread).await?;
    Ok(Some(Kept {
        conversation: thread,
        opted_out,
        changed,
        follow,
    }))
}

/// What decides whether a text is answered.
struct Told {
    wish: Option<Wish>,
    opted_out: bool,
    was_opted_out: bool,
    /// Whether nothing is sent by itself: to a number of this platform, or for a tenant that is suspended.
    silent: bool,
    ours: bool,
    /// Whether it comes from a telephone number: no short code, no other channel.
    is_phone: bool,
    robot: Robot,
}

async fn answer_later(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    (text, tenant): (&InboundText, &TenantContext),
    message: &Message,
    told: Told,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    if told.wish == Some(Wish::Stop) {
        return Ok(());
    }
    if !told.is_phone {
        thread.ask_for_attention("not_a_phone_number");
        return Ok(());
    }
    let silent = told.opted_out || told.silent;
    let by_ai = thread.is_answered_by_ai();
    let fixed = match told.wish {
        Some(Wish::Help) => Some(wording::help(tenant)),
        Some(Wish::Start) if told.was_opted_out => Some(wording::welcome_back(tenant)),
        _ => None,
    };
    if let Some(body) = fixed {
        // Twilio answers keywords itself on numbers of the United States and Canada, and where it names the type.
        let answered = !text.opt_out_type.is_empty() || thread.number.starts_with("+1");
        if !silent && by_ai && !answered {
            let id = derive_id(&["keyword", &message.id]);
            let reply = Message {
                body,
                ..db::new_outbound(id, &thread.id, Sender::System, at)
            };
            let answers = Answers::At(at);
            let send = outgoing::write(tx, thread, tenant, reply, "reply", answers).await?;
            follow.push(Out::Send(send));
        }
        return Ok(());
    }
    if told.ours {
        thread.ask_for_attention("own_number");
        return Ok(());
    }
    if told.silent {
        return Ok(());
    }
    // No rule is sure whether that is an opt-out.
    if triage::mentions_stop(&text.body) {
        thread.ask_for_attention("perhaps_stop");
    }
    // "Thanks for texting! My basement is flooding" may be a person's: the owner is told, and no machine is answered.
    let audience = Audience {
        customer: by_ai && !silent && !told.robot.is_automatic,
        is_machine: told.robot.is_automatic,
    };
    emergency::look(tx, at, thread, tenant, message, audience, follow).await?;
    if silent || !by_ai {
        return Ok(());
    }
    if told.robot.was_answered && thread.waiting_since.is_none() {
        thread.ask_for_attention("automatic_replies");
        follow.tell(thread, "attention", "automatic_replies");
        return Ok(());
    }
    schedule::schedule(thread, tenant, at, follow);
    Ok(())
}

/// A new text opens a thread again. An operator's time may have run out without its timer.
fn reopen(thread: &mut Conversation, at: Time, follow: &mut Follow) {
    if thread.human_until.is_some_and(|until| until.0 <= at) {
        Answering::Ai.as_str().clone_into(&mut thread.answering);
        thread.human_until = None;
    }
    if thread.status != Status::Active.as_str() {
        Status::Active.as_str().clone_into(&mut thread.status);
        thread.opened_at = Some(types::Time(at));
        thread.closed_at = None;
        "normal".clone_into(&mut thread.urgency);
        follow.tell(thread, "reopened", "");
    }
}

struct Robot {
    is_automatic: bool,
    /// Whether one such text was let through already.
    was_answered: bool,
}

async fn is_robot(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
    text: &InboundText,
) -> Result<Robot, store::Error> {
    let window = Window {
        before: None,
        limit: 8,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?;
    let inbound = || latest.iter().rev().filter(|it| it.direction == "inbound");
    let repeats = inbound().next().is_some_and(|it| {
        let near = (at - it.created_at.0).abs() <= REPEAT;
        let long = text.body.split_whitespace().count() >= 3;
        near && long && triage::same_words(&it.body, &text.body)
    });
    let before =
        inbound().any(|it| it.label == "automatic" && (at - it.created_at.0).abs() <= ROBOT);
    Ok(Robot {
        is_automatic: repeats || triage::is_automatic(&text.body),
        was_answered: repeats || before,
    })
}

/// What the text asks for, and who says so. Twilio's own reading of it, where there is one, knows the business's own words.
fn wish(text: &InboundText) -> (Option<Wish>, &'static str) {
    match Wish::parse(&text.opt_out_type) {
        Some(wish) => (Some(wish), "twilio"),
        None => (triage::wish(&text.body), "words"),
    }
}

/// The words, and what of the message could not be read: whoever reads the thread would wait for a picture in vain.
fn readable(text: &InboundText) -> String {
    if text.left_out.is_empty() {
        return text.body.clone();
    }
    let left_out = text.left_out.join(", ");
    format!("{}\n[could not be read: {left_out}]", text.body)
}

/// What it carries: on its way here, or left where it is.
fn carried(text: &InboundText, message: &str, ignored: bool) -> Json {
    let status = if ignored { "blocked" } else { "pending" };
    let list = text.media.iter().enumerate().map(|(nth, it)| Media {
        id: media::id(message, nth),
        content_type: Some(it.content_type.clone()).filter(|t| !t.is_empty()),
        url: it.url.clone(),
        status: status.to_owned(),
        size_bytes: None,
    });
    db::media_list(list)
}
