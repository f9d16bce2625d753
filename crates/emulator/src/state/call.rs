//! The record of one leg.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedSender;

use crate::leg_control::Control;
use crate::script::{Expect, Step};
use crate::state::{Moment, Wait};
use crate::status::Status;

/// Twilio ends a call after four hours.
const LONGEST_S: u32 = 14_400;

/// How a leg came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Inbound,
    OutboundApi,
    OutboundDial,
}

impl Direction {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundDial => "outbound-dial",
        }
    }
}

/// Who is told about a leg's progress.
#[derive(Clone, Debug)]
pub(crate) struct StatusCallback {
    pub(crate) url: String,
    pub(crate) method: String,
    /// `initiated`, `ringing`, `answered`, `completed`.
    pub(crate) events: Vec<String>,
    /// How many were sent.
    pub(crate) sent: u32,
}

/// Something that reached the ear of the person on the phone.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Heard {
    pub(crate) at: DateTime<Utc>,
    /// `say`, `play`, `beep`, `keys`, `sms`, and later `stream`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// One TwiML document that a call ran on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Fetched {
    pub(crate) at: DateTime<Utc>,
    /// Empty for TwiML that came through the API.
    pub(crate) url: String,
    pub(crate) status: Option<u16>,
    pub(crate) error_code: Option<u32>,
    pub(crate) body: String,
}

/// How far a script has come.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct ScriptReport {
    pub(crate) steps: usize,
    pub(crate) done: usize,
    pub(crate) finished: bool,
    /// What stopped it.
    pub(crate) problem: Option<String>,
}

/// One leg.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) sid: String,
    pub(crate) parent: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) direction: Direction,
    pub(crate) status: Status,
    /// The phone whose carrier has forwarded it to us.
    pub(crate) forwarded_from: Option<String>,
    /// The account's number that it came to or goes out from.
    pub(crate) number_sid: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) started: Option<DateTime<Utc>>,
    pub(crate) answered: Option<DateTime<Utc>>,
    pub(crate) ended: Option<DateTime<Utc>>,
    /// Both parties are, or were, connected.
    pub(crate) bridged: bool,
    /// What answering machine detection found.
    pub(crate) answered_by: Option<&'static str>,
    pub(crate) callback: Option<StatusCallback>,
    /// Asked when TwiML cannot be had, with its method.
    pub(crate) fallback: Option<(String, String)>,
    /// How long it may last from its answer on.
    pub(crate) time_limit_s: u32,
    pub(crate) timeline: Vec<Moment>,
    pub(crate) heard: Vec<Heard>,
    pub(crate) pressed: String,
    pub(crate) said: Vec<String>,
    /// What came after each answer that was recorded.
    pub(crate) waits: Vec<Wait>,
    pub(crate) twiml: Vec<Fetched>,
    pub(crate) script: Option<ScriptReport>,
    pub(crate) expect: Option<Expect>,
    /// Where the wishes of a person at a page go, who speaks for the caller.
    pub(crate) live: Option<UnboundedSender<Step>>,
    pub(crate) control: Arc<Control>,
}

impl Call {
    pub(crate) fn new(
        sid: String,
        direction: Direction,
        from: &str,
        to: &str,
        now: DateTime<Utc>,
        control: Arc<Control>,
    ) -> Self {
        Self {
            sid,
            parent: None,
            from: from.to_owned(),
            to: to.to_owned(),
            direction,
            status: Status::Queued,
            forwarded_from: None,
            number_sid: None,
            created: now,
            updated: now,
            started: None,
            answered: None,
            ended: None,
            bridged: false,
            answered_by: None,
            callback: None,
            fallback: None,
            time_limit_s: LONGEST_S,
            timeline: Vec::new(),
            heard: Vec::new(),
            pressed: String::new(),
            said: Vec::new(),
            waits: Vec::new(),
            twiml: Vec::new(),
            script: None,
            expect: None,
            live: None,
            control,
        }
    }

    /// The simulated phone's number: the other end from ours.
    pub(crate) fn phone(&self) -> &str {
        match self.direction {
            Direction::Inbound => &self.from,
            Direction::OutboundApi | Direction::OutboundDial => &self.to,
        }
    }

    /// Seconds from the answer to the end; 0 for a call that nobody answered.
    pub(crate) fn duration_s(&self) -> i64 {
        self.ended.map_or(0, |ended| self.lasted_s(ended))
    }

    /// Seconds from the answer to a moment; 0 for a call that nobody answered.
    pub(crate) fn lasted_s(&self, until: DateTime<Utc>) -> i64 {
        self.answered.map_or(0, |answered| {
            ((until - answered).num_milliseconds().max(0) + 999) / 1000
        })
    }

    /// Seconds that are left of its time limit.
    pub(crate) fn left_s(&self, now: DateTime<Utc>) -> f64 {
        let lasted = now - self.answered.unwrap_or(self.created);
        f64::from(self.time_limit_s) - lasted.as_seconds_f64()
    }
}
