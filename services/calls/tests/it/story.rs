//! How one call may go, what is told of it, and what must be known of it in the end.

use chrono::{DateTime, TimeDelta, Utc};
use clock::Time;
use events::v1::call_looked_up::Leg;
use events::v1::{
    AfterHours, CallLookedUp, CallSettle, DialResult, OpenHours, TenantContext, Whisper,
};
use proptest::prelude::*;

use crate::told::{Told, What};
use crate::words::{dial_finished, inbound, status, tenant, whisper};

/// The call that a case is about.
pub const CALL: &str = "CA1";
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
    /// The callee talked.
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
                ..DialResult::default()
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
            code: 0,
        }
    }
}

impl Truth {
    /// A call that is forwarded and that nobody picks up. Everything is told of it.
    pub fn plain() -> Self {
        Self {
            plan: Plan::Forward,
            whisper: false,
            dial: Dial::Missed("no-answer"),
            bridged_told: true,
            status: "completed",
            fallback: false,
            inbound_lost: false,
            dial_lost: false,
            status_lost: false,
        }
    }

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
