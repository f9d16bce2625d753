//! What follows from a decision in a thread, before it is put on the bus.

use chrono::TimeDelta;
use clock::Time;
use events::v1::{
    AnsweringDue, CallPlace, ConversationChanged, MediaFetch, MessageAgain, MessageRefused,
    MessageSend, OptOutChanged, ReplyDraft, ReplyDue,
};
use events::{Envelope, Event};
use role::{Decision, OutgoingEvent, derive_id};
use store::outbox;

use crate::db::Conversation;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub enum Out {
    /// A text.
    Send(MessageSend),
    /// A text that is not even asked for, and why.
    NotSent(MessageRefused),
    /// What the business may want to know.
    Changed(ConversationChanged),
    /// What only operators at the thread want to know.
    Drafted(ConversationChanged),
    /// A customer's wish.
    OptOut(OptOutChanged),
    /// Look whether the AI answers, later.
    Due(Box<ReplyDue>, TimeDelta),
    /// Write an answer.
    Draft(Box<ReplyDraft>),
    /// Look whether the thread goes back to the AI, later.
    HandBack(AnsweringDue, TimeDelta),
    /// Call the owner.
    Call(Box<CallPlace>),
    /// Fetch what a message carries.
    Fetch(MediaFetch),
    /// Look whether a text that did not arrive is sent once more, later.
    Again(MessageAgain, TimeDelta),
}

/// What follows, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Follow(pub Vec<Out>);

/// What a decision and a handler's outbox both take.
trait Sink {
    fn take<E: Event>(
        &mut self,
        event: &E,
        after: TimeDelta,
        id: Option<String>,
        key: &str,
        tenant: &str,
    );

    /// By a key of its own: only for who asks for it.
    fn narrow<E: Event>(&mut self, event: &E, suffix: &str, key: &str, tenant: &str);
}

impl Follow {
    /// Adds an event.
    pub fn push(&mut self, out: Out) {
        self.0.push(out);
    }

    /// Tells of a change in a thread.
    pub fn tell(&mut self, thread: &Conversation, change: &str, reason: &str) {
        self.push(Out::Changed(changed(thread, change, reason)));
    }

    /// The texts among it.
    pub fn sends(&self) -> impl Iterator<Item = &MessageSend> {
        self.0.iter().filter_map(|out| match out {
            Out::Send(send) => Some(send),
            _ => None,
        })
    }

    /// As a decider gives it. `key`: of the events that have no thread of their own.
    pub fn into_decision(self, key: &str) -> Decision {
        let mut sink = Deciding(Decision::nothing());
        self.drain_into(&mut sink, key);
        sink.0
    }

    /// As a handler puts it into its outbox: each event with the time at which it leaves. `cause` makes the ids.
    pub fn into_envelopes(self, cause: &str, now: Time) -> Vec<(Envelope, Time)> {
        let mut sink = Handling {
            cause,
            now,
            envelopes: Vec::new(),
        };
        self.drain_into(&mut sink, "");
        sink.envelopes
    }

    fn drain_into(self, sink: &mut impl Sink, key: &str) {
        let now = TimeDelta::zero();
        for out in self.0 {
            match out {
                Out::Send(it) => {
                    let key = if key.is_empty() {
                        &it.conversation_id
                    } else {
                        key
                    };
                    sink.take(&it, now, Some(it.message_id.clone()), key, &it.tenant_id);
                }
                Out::NotSent(it) => {
                    let id = derive_id(&[MessageRefused::TYPE, &it.message_id]);
                    sink.take(&it, now, Some(id), key, &it.tenant_id);
                }
                Out::Changed(it) => sink.take(&it, now, None, &it.conversation_id, &it.tenant_id),
                Out::Drafted(it) => {
                    sink.narrow(&it, &it.change, &it.conversation_id, &it.tenant_id)
                }
                Out::OptOut(it) => sink.take(&it, now, None, key, &it.tenant_id),
                Out::Due(it, after) => {
                    sink.take(&*it, after, None, &it.conversation_id, &it.tenant_id);
                }
                Out::Draft(it) => {
                    sink.take(
                        &*it,
                        now,
                        Some(it.draft_id.clone()),
                        &it.conversation_id,
                        &it.tenant_id,
                    );
                }
                Out::HandBack(it, after) => {
                    sink.take(&it, after, None, &it.conversation_id, &it.tenant_id);
                }
                Out::Call(it) => {
                    sink.take(&*it, now, Some(it.place_id.clone()), key, &it.tenant_id);
                }
                Out::Fetch(it) => {
                    let id = derive_id(&[MediaFetch::TYPE, &it.media_id]);
                    sink.take(&it, now, Some(id), &it.conversation_id, &it.tenant_id);
                }
                Out::Again(it, after) => {
                    let id = derive_id(&[MessageAgain::TYPE, &it.message_id]);
                    sink.take(&it, after, Some(id), &it.conversation_id, &it.tenant_id);
                }
            }
        }
    }
}

struct Deciding(Decision);

impl Sink for Deciding {
    fn take<E: Event>(
        &mut self,
        event: &E,
        after: TimeDelta,
        id: Option<String>,
        key: &str,
        tenant: &str,
    ) {
        let event = OutgoingEvent::new(event).tenant(tenant).key(key);
        let event = match id {
            Some(id) => event.id(id),
            None => event,
        };
        self.0 = std::mem::take(&mut self.0).schedule(after, event);
    }

    fn narrow<E: Event>(&mut self, event: &E, suffix: &str, key: &str, tenant: &str) {
        let event = OutgoingEvent::new(event).routed_to(suffix);
        let event = event.tenant(tenant).key(key);
        self.0 = std::mem::take(&mut self.0).publish(event);
    }
}

struct Handling<'a> {
    cause: &'a str,
    now: Time,
    envelopes: Vec<(Envelope, Time)>,
}

impl Sink for Handling<'_> {
    fn take<E: Event>(
        &mut self,
        event: &E,
        after: TimeDelta,
        id: Option<String>,
        key: &str,
        tenant: &str,
    ) {
        let nth = self.envelopes.len().to_string();
        let id = id.unwrap_or_else(|| derive_id(&[self.cause, E::TYPE, &nth]));
        let due = self.now + after;
        let mut envelope = Envelope::at("trunkline/dispatch", id, due, event)
            .tenant(tenant)
            .key(key);
        envelope.traceparent = telemetry::traceparent();
        self.envelopes.push((envelope, due));
    }

    fn narrow<E: Event>(&mut self, event: &E, suffix: &str, key: &str, tenant: &str) {
        self.take(event, TimeDelta::zero(), None, key, tenant);
        if let Some((envelope, _)) = self.envelopes.last_mut() {
            envelope.kind = format!("{}.{suffix}", E::TYPE);
        }
    }
}

/// The rows of what leaves later.
pub fn later_rows(later: &[(Envelope, Time)]) -> Vec<outbox::Row> {
    later
        .iter()
        .map(|(envelope, due)| outbox::Row {
            id: envelope.id.clone(),
            due_at: (*due).into(),
            envelope: envelope.to_bytes(),
        })
        .collect()
}

/// A change in a thread, as the business is told.
pub fn changed(thread: &Conversation, change: &str, reason: &str) -> ConversationChanged {
    ConversationChanged {
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
        customer: thread.customer.clone(),
        number: thread.number.clone(),
        change: change.to_owned(),
        reason: reason.to_owned(),
        ..ConversationChanged::default()
    }
}
