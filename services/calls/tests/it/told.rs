//! What is told of a call, one thing at a time, and who takes it.

use bus::Bus;
use clock::Time;
use events::v1::{
    AnswerTaken, CallLookedUp, CallSettle, CallStatus, DialFinished, InterviewEnded,
    InterviewEvaluated, InterviewStarted, VoiceInbound, VoiceWhisper,
};
use events::{Envelope, Event, ReplyTo};

use crate::story::at;
use crate::words::{inbound, narrowed, tenant};

/// One thing that is told of a call.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: String,
    pub at: Time,
    pub what: What,
    /// Whether a requester waits for an answer.
    pub waits: bool,
    /// Whose event it is.
    pub tenant: &'static str,
}

#[derive(Debug, Clone)]
pub enum What {
    Inbound(VoiceInbound),
    Whisper(VoiceWhisper),
    Dial(DialFinished),
    Status(CallStatus),
    Settle(CallSettle),
    LookedUp(CallLookedUp),
    Began(InterviewStarted),
    Answer(AnswerTaken),
    Ended(InterviewEnded),
    Evaluated(InterviewEvaluated),
}

impl Told {
    pub fn new(second: i64, id: &str, what: What, waits: bool) -> Self {
        Self {
            id: id.into(),
            at: at(second),
            what,
            waits,
            tenant: "smith",
        }
    }

    /// A call of smith's comes in.
    pub fn comes_in(call: &str) -> Self {
        let event = inbound(call, tenant("smith"));
        Self::new(0, &format!("{call}-inbound"), What::Inbound(event), true)
    }

    /// Whether it tells that 1 was pressed.
    pub fn accepts(&self) -> bool {
        matches!(&self.what, What::Whisper(w) if w.whisper.as_ref().is_some_and(|w| w.digits == "1"))
    }

    /// Whether something may be concluded from what was not told before it.
    pub fn listens_to_silence(&self) -> bool {
        matches!(self.what, What::Settle(_) | What::LookedUp(_))
    }

    pub fn envelope(&self) -> Envelope {
        let envelope = match &self.what {
            What::Inbound(event) => narrowed(self.envelope_of(event)),
            What::Whisper(event) => self.envelope_of(event),
            What::Dial(event) => self.envelope_of(event),
            What::Status(event) => self.envelope_of(event),
            What::Settle(event) => self.envelope_of(event),
            What::LookedUp(event) => self.envelope_of(event),
            What::Began(event) => self.envelope_of(event),
            What::Answer(event) => self.envelope_of(event),
            What::Ended(event) => self.envelope_of(event),
            What::Evaluated(event) => self.envelope_of(event),
        };
        let reply_to = ReplyTo {
            address: "test".into(),
            correlation: self.id.clone(),
        };
        Envelope {
            reply_to: self.waits.then_some(reply_to),
            ..envelope
        }
    }

    fn envelope_of<E: Event>(&self, event: &E) -> Envelope {
        Envelope::at("trunkline/test", self.id.clone(), self.at, event).tenant(self.tenant)
    }

    /// Publishes it. Nobody waits here for an answer, so the front door counts as having answered.
    pub async fn publish(&self, bus: &Bus) {
        let envelope = Envelope {
            reply_to: None,
            ..self.envelope()
        };
        bus.publish(&envelope).await.unwrap();
    }

    /// The consumer that takes it.
    pub fn queue(&self) -> &'static str {
        match self.what {
            What::Inbound(_) => "calls.forward",
            What::Whisper(_) => "calls.whisper",
            What::Dial(_) => "calls.dial-finished",
            What::Status(_) => "calls.status",
            What::Settle(_) => "calls.settle",
            What::LookedUp(_) => "calls.looked-up",
            What::Began(_) => "calls.interview-started",
            What::Answer(_) => "calls.answer-taken",
            What::Ended(_) => "calls.interview-ended",
            What::Evaluated(_) => "calls.interview-evaluated",
        }
    }
}
