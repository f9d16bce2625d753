//! How one call may go, what is told of it, and what must be known of it in the end.

use bus::Bus;
use chrono::{DateTime, TimeDelta, Utc};
use clock::Time;
use events::v1::call_looked_up::Leg;
use events::v1::{
    AfterHours, AnswerTaken, CallLookedUp, CallSettle, CallStatus, DialFinished, DialResult,
    InterviewEnded, InterviewEvaluated, InterviewStarted, OpenHours, TenantContext, VoiceInbound,
    VoiceWhisper, Whisper,
};
use events::{Envelope, Event, ReplyTo};
use proptest::prelude::*;

use crate::words::{dial_finished, inbound, narrowed, status, tenant, whisper};

pub const CALLER: &str = "+15550109999";
pub const NUMBER: &str = "+15550100001";
pub const OWNER: &str = "+15550100002";

/// Which day this is does not matter; that the business is closed at night does.
pub fn at(second: i64) -> Time {
    DateTime::<Utc>::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::seconds(second)
}

/// A way that a call went.
pub trait Story: std::fmt::Debug {
    /// Outcome and reason that must come out, whatever comes when.
    fn outcome(&self) -> (&'static str, &'static str);

    /// Everything that is told, in the order in which it happened, without what got lost.
    fn told(&self, call: &str) -> Vec<Told>;

    /// What Twilio says when it is asked.
    fn looked_up(&self, call: &str) -> CallLookedUp;
}

/// How a call that is forwarded went in truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Truth {
    pub plan: Plan,
    pub whisper: bool,
    pub dial: Dial,
    /// Whether `DialBridged` came with the end of the dial.
    pub bridged_told: bool,
    /// The caller's own status at the end.
    pub status: &'static str,
    /// Whether the front door's fallback answered in our place.
    pub fallback: bool,
    pub inbound_lost: bool,
    pub dial_lost: bool,
    pub status_lost: bool,
}

/// What the business wants done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Plan {
    Forward,
    Apologize,
    Reject,
    NoNumber,
}

/// What became of the dialled leg.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Dial {
    /// There was none.
    None,
    /// Somebody talked.
    Talked,
    /// It was picked up, and nobody pressed 1 (another key, or none).
    Unpressed(Option<&'static str>),
    /// It was picked up when the caller had just gone.
    TooLate,
    /// It was not picked up.
    Missed(&'static str),
}

impl Story for Truth {
    fn outcome(&self) -> (&'static str, &'static str) {
        match (self.dial, self.plan) {
            (Dial::Talked, _) => ("answered", ""),
            (Dial::Unpressed(_), _) => ("missed", "not-accepted"),
            (Dial::TooLate, _) => (
                "missed",
                if self.whisper {
                    "not-accepted"
                } else {
                    "no-answer"
                },
            ),
            (Dial::Missed(reason), _) => ("missed", reason),
            (Dial::None, Plan::Forward) => ("missed", "abandoned"),
            (Dial::None, Plan::NoNumber) => ("missed", "no-forwarding-number"),
            (Dial::None, Plan::Apologize | Plan::Reject) => ("missed", "closed"),
        }
    }

    fn told(&self, call: &str) -> Vec<Told> {
        let mut told = Vec::new();
        if !self.inbound_lost {
            let waits = !self.fallback;
            told.push(Told::new(
                0,
                "inbound",
                What::Inbound(inbound(call, self.tenant())),
                waits,
            ));
        }
        let keys = match self.dial {
            Dial::Talked => Some(Some("1")),
            Dial::Unpressed(keys) => Some(keys),
            _ => None,
        };
        if let (true, Some(keys)) = (self.whisper && !self.fallback, keys) {
            let whisper = |digits: &str, answered| whisper(call, self.tenant(), digits, answered);
            told.push(Told::new(
                12,
                "whisper",
                What::Whisper(whisper("", false)),
                true,
            ));
            if let Some(keys) = keys {
                told.push(Told::new(
                    15,
                    "pressed",
                    What::Whisper(whisper(keys, true)),
                    true,
                ));
            }
        }
        if let (Some(status), false) = (self.dial_status(), self.dial_lost) {
            let dial = DialResult {
                status: status.into(),
                call_sid: "CA-leg".into(),
                duration_s: self.leg_s(),
                bridged: self.bridged_told.then(|| self.bridged()),
            };
            let event = dial_finished(call, self.tenant(), dial);
            told.push(Told::new(75, "dial", What::Dial(event), false));
        }
        if !self.status_lost {
            let event = status(
                call,
                self.tenant(),
                self.status,
                Some(77),
                &at(74).to_rfc3339(),
            );
            told.push(Told::new(76, "status", What::Status(event), false));
        }
        let settle = CallSettle {
            call_sid: call.into(),
            tenant: Some(self.tenant()),
        };
        told.push(Told::new(90, "settle", What::Settle(settle), false));
        told.push(Told::new(
            91,
            "looked-up",
            What::LookedUp(self.looked_up(call)),
            false,
        ));
        told
    }

    fn looked_up(&self, call: &str) -> CallLookedUp {
        let leg = |status: &str| Leg {
            call_sid: "CA-leg".into(),
            status: status.into(),
            duration_s: self.leg_s(),
        };
        CallLookedUp {
            call_sid: call.into(),
            tenant: Some(self.tenant()),
            found: true,
            status: self.status.into(),
            duration_s: Some(77),
            legs: self.dial_status().map(leg).into_iter().collect(),
        }
    }
}

impl Truth {
    pub fn tenant(&self) -> TenantContext {
        let closed = matches!(self.plan, Plan::Apologize | Plan::Reject);
        let action = if self.plan == Plan::Reject {
            "reject"
        } else {
            "apologize"
        };
        TenantContext {
            // An hour that never comes: closed at all times.
            hours: if closed {
                vec![OpenHours {
                    weekday: 9,
                    from_minute: 0,
                    to_minute: 1,
                }]
            } else {
                Vec::new()
            },
            after_hours: Some(AfterHours {
                action: action.into(),
                say: String::new(),
            }),
            forward_to: if self.plan == Plan::NoNumber {
                String::new()
            } else {
                OWNER.into()
            },
            whisper: Some(Whisper {
                enabled: self.whisper,
                say: String::new(),
            }),
            ..tenant("smith")
        }
    }

    fn bridged(&self) -> bool {
        self.dial == Dial::Talked
    }

    fn dial_status(&self) -> Option<&'static str> {
        match self.dial {
            Dial::None => None,
            Dial::Talked | Dial::Unpressed(_) | Dial::TooLate => Some("completed"),
            Dial::Missed(status) => Some(status),
        }
    }

    fn leg_s(&self) -> Option<u32> {
        match self.dial {
            Dial::Talked => Some(60),
            Dial::Unpressed(_) => Some(9),
            Dial::TooLate => Some(0),
            Dial::None | Dial::Missed(_) => None,
        }
    }
}

/// One thing that is told of a call.
#[derive(Debug, Clone)]
pub struct Told {
    pub id: String,
    pub at: Time,
    pub what: What,
    /// Whether somebody waits for an answer.
    pub waits: bool,
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
        }
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
        Envelope::at("trunkline/test", self.id.clone(), self.at, event).tenant("smith")
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

/// Any way that a call may go and be told of.
pub fn truths() -> impl Strategy<Value = Truth> {
    let missed = prop::sample::select(vec!["no-answer", "busy", "failed", "canceled"]);
    let dial = prop_oneof![
        3 => Just(Dial::Talked),
        2 => prop::option::of(Just("2")).prop_map(Dial::Unpressed),
        1 => Just(Dial::TooLate),
        3 => missed.prop_map(Dial::Missed),
        1 => Just(Dial::None),
    ];
    let plan = prop_oneof![4 => Just(Plan::Forward), 1 => Just(Plan::Apologize), 1 => Just(Plan::Reject), 1 => Just(Plan::NoNumber)];
    let status = prop::sample::select(vec![
        "completed",
        "completed",
        "no-answer",
        "busy",
        "canceled",
        "failed",
    ]);
    let flags = any::<[bool; 6]>();
    (plan, dial, status, flags).prop_map(|(plan, dial, status, flags)| {
        let [
            whisper,
            bridged_told,
            fallback,
            inbound_lost,
            dial_lost,
            status_lost,
        ] = flags;
        make_possible(Truth {
            plan,
            whisper,
            dial,
            bridged_told,
            status,
            fallback,
            inbound_lost,
            dial_lost,
            status_lost,
        })
    })
}

/// What cannot go together is put right.
fn make_possible(mut truth: Truth) -> Truth {
    // The fallback does not know of whispers; and the business's phone rings only by our word or by the fallback's.
    let rings = truth.plan == Plan::Forward || (truth.fallback && truth.plan != Plan::NoNumber);
    truth.whisper &= !truth.fallback && truth.plan == Plan::Forward;
    truth.dial = match truth.dial {
        _ if !rings || (truth.inbound_lost && !truth.fallback) => Dial::None,
        Dial::Unpressed(_) if !truth.whisper => Dial::Missed("no-answer"),
        dial => dial,
    };
    if truth.dial == Dial::Talked {
        truth.status = "completed";
    }
    // Twilio says which of the two it was where there is nothing else to tell them apart.
    truth.bridged_told |= truth.dial == Dial::TooLate;
    // A call of which nothing at all is told is not known.
    let dial_told = truth.dial != Dial::None && !truth.dial_lost;
    truth.status_lost &= !truth.inbound_lost || dial_told;
    truth
}
