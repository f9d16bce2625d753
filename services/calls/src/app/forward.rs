//! A call comes in for a business that forwards: what does the caller get?

use std::sync::Arc;

use async_trait::async_trait;
use chrono::Duration;
use clock::Time;
use events::Event;
use events::v1::{TenantContext, TwimlReply, VoiceInbound};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use twiml::{Response, Start};

use super::app_handled;
use super::call_update::CallUpdate;
use super::consent;
use super::document;
use super::forwarding_loop::{self, ForwardingLoop};
use super::hours::is_open;
use super::promise::will_be_texted;
use super::reason::MissedReason;
use super::verdict::Outcome;

/// How long after the longest possible ringing we look at a call of which nothing more was heard. Twilio rings
/// about 5 s longer than told.
const PATIENCE: Duration = Duration::seconds(25);

/// Whether a number is one of this platform's; none while that is not known.
pub type OwnNumbers = Arc<dyn Fn(&str) -> Option<bool> + Send + Sync>;

/// Answers `voice.inbound.forward` with TwiML.
pub struct Forward {
    /// Which numbers are this platform's own.
    pub own_numbers: OwnNumbers,
    /// The public address, without a slash at its end. Twilio wants the recording's callback whole.
    pub public_url: String,
}

/// What the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// The business's phone rings.
    Dial,
    /// Speaks an apology and hangs up.
    Apologize { reason: MissedReason },
    /// A busy line.
    Reject { reason: MissedReason },
    /// A busy line for a call that another of this platform's calls has become, which ends with it: nobody is texted for this one.
    EndLoop,
    /// A busy line: the tenant or its number is suspended.
    NotServed,
    /// An empty document: the dial has already finished.
    Empty,
}

#[async_trait]
impl Decider for Forward {
    type Event = VoiceInbound;
    const NAME: &'static str = "forward";
    const DIRECT: bool = true;
    // All that it writes is the call, and what happened to it.
    const ASSUMES_NEW: bool = true;

    fn bindings(&self) -> Vec<String> {
        vec![format!("{}.forward", VoiceInbound::TYPE)]
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: VoiceInbound,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "voice.inbound without a tenant or parameters".to_owned(),
            ));
        };
        let mut update = CallUpdate::open(tx, cause, &tenant, &voice).await?;
        update.log(
            "webhook",
            json!({
                "what": "call comes in", "status": voice.call_status, "origin": event.origin,
                "forwarded_from": Some(&voice.forwarded_from).filter(|from| !from.is_empty()),
            }),
        );
        update.row.elsewhere |= event.origin == "api";
        let mut plan = plan(&tenant, cause.time, update.row.dial_status.is_some());
        if plan == Plan::Dial {
            let may_be_ours = (self.own_numbers)(&tenant.forward_to).unwrap_or(true);
            let found = forwarding_loop::find(tx, &tenant, &voice, may_be_ours, cause.time).await?;
            plan = found.map_or(Plan::Dial, Plan::of_loop);
        }
        let document = match plan {
            Plan::Apologize { reason } => {
                let is_ours = (self.own_numbers)(&voice.from).unwrap_or(false);
                let follows = !is_ours && will_be_texted(tx, &tenant, &voice, cause.time).await?;
                document::apology(&tenant, &voice.from, reason, follows)
            }
            Plan::Dial => document::dial(&tenant, &voice.call_sid, &self.public_url),
            Plan::Reject { .. } | Plan::EndLoop | Plan::NotServed => document::busy(),
            Plan::Empty => Response::empty(),
        };
        let xml = document
            .to_xml()
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        let (word, reason) = (plan.word(), plan.reason());
        update.log(
            "twiml",
            json!({ "plan": word, "reason": reason, "xml": xml }),
        );
        match plan.outcome() {
            Some((outcome, reason)) if cause.wants_reply => {
                update.conclude(outcome, reason);
                // Twilio's status callback may never arrive.
                update.schedule_check("call.silent", PATIENCE);
            }
            None if plan == Plan::Empty => {}
            // Either the business's phone rings by our word, or nobody waits for it any more: the front door's fallback
            // has answered, which dials even where we would not have. Its end, or Twilio, tells.
            _ => {
                if plan == Plan::Dial {
                    update.dialled(&tenant);
                }
                if !cause.wants_reply && consent::is_recorded(&tenant) {
                    update.start_recording(&Start::recording_status(&self.public_url));
                }
                let ringing = Duration::seconds(i64::from(tenant.dial_timeout_s));
                update.schedule_check("call.silent", ringing + PATIENCE);
            }
        }
        update.settle();
        Ok(update.save(tx).await?.reply(&TwimlReply { xml }))
    }
}

impl Plan {
    fn word(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Apologize { .. } => "apologize",
            Self::Reject { .. } | Self::EndLoop | Self::NotServed => "reject",
            Self::Empty => "nothing",
        }
    }

    /// What a call gets that has come back.
    fn of_loop(found: ForwardingLoop) -> Self {
        let reason = MissedReason::ForwardedBack;
        match found {
            // The call that rings the phone ends as busy, so that it is missed, and its caller texted.
            ForwardingLoop::Carrier {
                while_ringing: true,
            } => Self::Reject { reason },
            ForwardingLoop::Carrier {
                while_ringing: false,
            }
            | ForwardingLoop::OwnNumber => Self::Apologize { reason },
            ForwardingLoop::Numbers => Self::EndLoop,
        }
    }

    /// How the call ends, where nobody's phone rings.
    fn outcome(self) -> Option<(Outcome, &'static str)> {
        match self {
            Self::Apologize { reason } | Self::Reject { reason } => {
                Some((Outcome::Missed, reason.as_str()))
            }
            Self::EndLoop => Some((Outcome::Failed, "forwarding-loop")),
            Self::NotServed => Some((Outcome::Failed, app_handled::SUSPENDED)),
            Self::Dial | Self::Empty => None,
        }
    }

    fn reason(self) -> Option<&'static str> {
        self.outcome().map(|(_, reason)| reason)
    }
}

/// Why a call at this time is not forwarded, if so.
pub(super) fn missed_reason(tenant: &TenantContext, at: Time) -> Option<MissedReason> {
    match plan(tenant, at, false) {
        Plan::Apologize { reason } | Plan::Reject { reason } => Some(reason),
        _ => None,
    }
}

fn plan(tenant: &TenantContext, at: Time, dialled: bool) -> Plan {
    if dialled {
        return Plan::Empty;
    }
    if app_handled::is_suspended(tenant) {
        return Plan::NotServed;
    }
    let after_hours = tenant
        .after_hours
        .as_ref()
        .map_or("", |a| a.action.as_str());
    let reason = MissedReason::Closed;
    if !is_open(tenant, at) {
        match after_hours {
            "apologize" => return Plan::Apologize { reason },
            "reject" => return Plan::Reject { reason },
            _ => {}
        }
    }
    if tenant.forward_to.is_empty() {
        let reason = MissedReason::NoForwardingNumber;
        return Plan::Apologize { reason };
    }
    Plan::Dial
}
