//! What all deciders of this role do with a call's row: open it, settle it, tell of it.

use chrono::{Duration, SecondsFormat};
use clock::Time;
use events::v1::{
    Call, CallAnswered, CallEnded, CallMissed, CallSettle, CallStarted, Interview, TenantContext,
    VoiceParameters,
};
use metrics::{counter, histogram};
use role::{Cause, Decision, HandlerError, Tx, call_id, derive_id};
use serde_json::Value;
use store::types::Json;
use tracing::info;

use super::served::{self, PATIENCE};
use super::state::{self, MISSED, Verdict};
use crate::db::{self, CallRow, LineRow};

/// How long a call may be over before we ask Twilio how it went. The end of the dial mostly comes within a second
/// of the end of the call.
pub const SETTLE_AFTER: Duration = Duration::seconds(10);

/// A call in a decider's hands: its row, the lines of its timeline, and what follows.
pub struct Record {
    /// The row, as it is about to be saved.
    pub row: CallRow,
    tenant: TenantContext,
    lines: Vec<LineRow>,
    decision: Decision,
    /// Whether its end has been told.
    told: bool,
}

impl Record {
    /// Opens the call that a webhook of its own is about.
    pub async fn open(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        voice: &VoiceParameters,
    ) -> Result<Self, HandlerError> {
        let mut record = Self::make(tx, cause, tenant, voice).await?;
        let row = &mut record.row;
        row.from_address.clone_from(&voice.from);
        row.to_address.clone_from(&voice.to);
        direction(voice).clone_into(&mut row.direction);
        Ok(record)
    }

    /// Opens the call that an interview is made on. The call's own webhooks say what it says of the call again, and
    /// they count.
    pub async fn open_by_interview(
        tx: &mut Tx,
        cause: &Cause,
        interview: &Interview,
    ) -> Result<Self, HandlerError> {
        let tenant = TenantContext {
            tenant_id: interview.tenant_id.clone(),
            account_sid: interview.account_sid.clone(),
            ..TenantContext::default()
        };
        let status = match interview.status.as_str() {
            "in-progress" => "in-progress",
            _ => "queued",
        };
        let voice = VoiceParameters {
            call_sid: interview.call_sid.clone(),
            from: interview.from.clone(),
            to: interview.to.clone(),
            direction: interview.direction.clone(),
            call_status: status.to_owned(),
            ..VoiceParameters::default()
        };
        let mut record = Self::make(tx, cause, &tenant, &voice).await?;
        let row = &mut record.row;
        for (known, said) in [
            (&mut row.from_address, &interview.from),
            (&mut row.to_address, &interview.to),
        ] {
            if known.is_empty() {
                known.clone_from(said);
            }
        }
        Ok(record)
    }

    /// Opens the call that one of its legs is about, which knows of it what it must know: a leg shows the caller's
    /// number, and was dialled for the business's. The call's own webhooks say it again, and they count.
    pub async fn open_by_leg(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        call_sid: &str,
        leg: Option<&VoiceParameters>,
    ) -> Result<Self, HandlerError> {
        let number = tenant.number.as_ref().map(|n| n.number.clone());
        let voice = VoiceParameters {
            call_sid: call_sid.to_owned(),
            from: leg.map(|leg| leg.from.clone()).unwrap_or_default(),
            to: number.unwrap_or_default(),
            call_status: "in-progress".to_owned(),
            ..VoiceParameters::default()
        };
        Self::make(tx, cause, tenant, &voice).await
    }

    async fn make(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        voice: &VoiceParameters,
    ) -> Result<Self, HandlerError> {
        let at = cause.time;
        let new = CallRow {
            id: call_id(&voice.call_sid),
            call_sid: voice.call_sid.clone(),
            tenant_id: tenant.tenant_id.clone(),
            account_sid: tenant.account_sid.clone(),
            direction: direction(voice).to_owned(),
            from_address: voice.from.clone(),
            to_address: voice.to.clone(),
            status: voice.call_status.clone(),
            forwarded: false,
            whispered: false,
            accepted: false,
            dial_status: None,
            dial_bridged: None,
            dial_duration_s: None,
            duration_s: None,
            outcome: String::new(),
            reason: String::new(),
            conversation_id: None,
            started_at: at.into(),
            ended_at: None,
            served: false,
            elsewhere: false,
            answered_by: String::new(),
            interview_id: String::new(),
            interview_flow: String::new(),
            interview_status: String::new(),
            interview_outcome: String::new(),
        };
        let (row, fresh) = db::call_open(tx, &new).await?;
        if row.tenant_id != tenant.tenant_id {
            // One who can name another's call must not be able to end it.
            return Err(HandlerError::Reject(
                "the call belongs to another tenant".to_owned(),
            ));
        }
        let mut record = Self::of(row, tenant);
        let row = &mut record.row;
        row.started_at = row.started_at.min(at.into());
        if row.account_sid.is_empty() {
            row.account_sid.clone_from(&tenant.account_sid);
        }
        row.whispered |= tenant.whisper.as_ref().is_some_and(|w| w.enabled);
        state::raise_status(row, &voice.call_status);
        if fresh {
            counter!("calls_started_total").increment(1);
            info!(
                call.sid = voice.call_sid,
                tenant.id = tenant.tenant_id,
                "call started"
            );
            let started = CallStarted {
                call: Some(record.call()),
            };
            record.follow("call.started", |decision| decision.then(&started));
        }
        Ok(record)
    }

    /// A call that must be there already.
    pub async fn find(
        tx: &mut Tx,
        tenant: &TenantContext,
        call_sid: &str,
    ) -> Result<Option<Self>, store::Error> {
        let row = db::call_lock(tx, call_sid).await?;
        Ok(row.map(|row| Self::of(row, tenant)))
    }

    fn of(row: CallRow, tenant: &TenantContext) -> Self {
        Self {
            told: row.ended_at.is_some() && !row.outcome.is_empty(),
            row,
            tenant: tenant.clone(),
            lines: Vec::new(),
            decision: Decision::nothing(),
        }
    }

    /// Adds a line to the timeline.
    pub fn line(&mut self, cause: &Cause, at: Time, kind: &str, detail: Value) {
        // Lines of one event share its time; their ids keep them in order.
        let (event, n) = (cause.derive_id("line"), self.lines.len());
        self.lines.push(LineRow {
            id: format!("{event}.{n:02}"),
            call_sid: self.row.call_sid.clone(),
            at: at.into(),
            kind: kind.to_owned(),
            detail: Json(detail),
        });
    }

    /// Adds an event that a call has once: its identity comes from the call.
    pub fn follow(&mut self, purpose: &str, add: impl FnOnce(Decision) -> Decision) {
        let decision = std::mem::take(&mut self.decision);
        let (sid, tenant) = (self.row.call_sid.clone(), self.row.tenant_id.clone());
        self.decision = add(decision)
            .identified(derive_id(&[purpose, &sid]))
            .keyed(sid)
            .of_tenant(tenant);
    }

    /// Looks at the call again after some time, in case no more is heard of it.
    pub fn look_again(&mut self, purpose: &str, after: Duration) {
        if self.is_told() {
            return;
        }
        let settle = CallSettle {
            call_sid: self.row.call_sid.clone(),
            tenant: Some(self.tenant.clone()),
        };
        self.follow(purpose, |decision| decision.then_after(after, &settle));
    }

    /// Whether both how the call went and that it is over are known: nothing is left to find out.
    pub fn is_told(&self) -> bool {
        !self.row.outcome.is_empty() && self.row.ended_at.is_some()
    }

    /// Sets the outcome, if its webhooks can say it now and it has not been set before.
    pub fn settle(&mut self) {
        let verdict = state::verdict(&self.row);
        self.take(verdict);
    }

    /// Sets the outcome that was found, or looks again later.
    pub fn take(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => {}
            Verdict::Unknown if served::is_served(&self.row) => {
                self.look_again("call.patience", PATIENCE);
            }
            Verdict::Unknown => self.look_again("call.settle", SETTLE_AFTER),
            Verdict::Settled { outcome, reason } => self.conclude(outcome, &reason),
        }
        self.tell_end();
    }

    /// Sets the outcome. The first one stays.
    pub fn conclude(&mut self, outcome: &'static str, reason: &str) {
        if !self.row.outcome.is_empty() {
            return;
        }
        outcome.clone_into(&mut self.row.outcome);
        reason.clone_into(&mut self.row.reason);
        counter!("calls_settled_total", "outcome" => outcome, "reason" => reason.to_owned())
            .increment(1);
        info!(
            call.sid = self.row.call_sid,
            tenant.id = self.row.tenant_id,
            outcome,
            reason,
            "call settled"
        );
        let call = Some(self.call());
        if outcome == MISSED {
            let missed = CallMissed {
                call,
                tenant: Some(self.tenant.clone()),
                reason: reason.to_owned(),
            };
            self.follow("call.missed", |decision| decision.then(&missed));
        } else if outcome == state::ANSWERED {
            let answered = CallAnswered { call };
            self.follow("call.answered", |decision| decision.then(&answered));
        }
    }

    /// Says that the call is over, as soon as both its end and its outcome are known. What comes later (how long it
    /// lasted, as a rule) is told by `GET /calls/{id}` alone.
    fn tell_end(&mut self) {
        if self.told || self.row.ended_at.is_none() || self.row.outcome.is_empty() {
            return;
        }
        self.told = true;
        if let Some(seconds) = self.row.duration_s {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a call lasts less than 2^52 seconds"
            )]
            histogram!("call_duration_seconds").record(seconds as f64);
        }
        let ended = CallEnded {
            call: Some(self.call()),
        };
        self.follow("call.ended", |decision| decision.then(&ended));
    }

    /// Writes everything and hands over what follows.
    pub async fn save(self, tx: &mut Tx) -> Result<Decision, store::Error> {
        db::call_save(tx, self.row, self.lines).await?;
        Ok(self.decision)
    }

    fn call(&self) -> Call {
        let row = &self.row;
        let text = |t: Time| t.to_rfc3339_opts(SecondsFormat::Millis, true);
        Call {
            id: row.id.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            direction: row.direction.clone(),
            from: row.from_address.clone(),
            to: row.to_address.clone(),
            status: row.status.clone(),
            outcome: row.outcome.clone(),
            duration_s: duration_s(row).and_then(|s| u32::try_from(s).ok()),
            started_at: text(row.started_at.0),
            ended_at: ended_at(row).map(text).unwrap_or_default(),
            account_sid: row.account_sid.clone(),
        }
    }
}

/// Ours, of Twilio's words.
fn direction(voice: &VoiceParameters) -> &'static str {
    if voice.direction.starts_with("outbound") {
        "outbound"
    } else {
        "inbound"
    }
}

/// How long the call lasted, as far as we were told: nothing at all when nobody answered.
pub fn duration_s(row: &CallRow) -> Option<i64> {
    if row.outcome == MISSED {
        Some(0)
    } else {
        row.duration_s.or(row.dial_duration_s)
    }
}

/// When the call ended. Its end may be Twilio's time, cut to seconds, its start ours.
pub fn ended_at(row: &CallRow) -> Option<Time> {
    row.ended_at.map(|end| end.0.max(row.started_at.0))
}
