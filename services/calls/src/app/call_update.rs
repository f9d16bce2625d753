//! What all deciders of this role do with a call's row: open it, settle it, tell of it.

use chrono::{Duration, SecondsFormat};
use clock::Time;
use events::Event;
use events::v1::{
    Call, CallAnswered, CallEnded, CallMissed, CallSettle, CallStarted, Interview, RecordingStart,
    TenantContext, VoiceParameters,
};
use metrics::{counter, histogram};
use role::{Cause, Decision, HandlerError, OutgoingEvent, Tx, call_id, derive_id};
use serde_json::{Value, json};
use store::types::Json;
use tracing::info;
use twilio_types::Direction;

use super::app_handled::{self, PATIENCE};
use super::state;
use super::verdict::{Outcome, Verdict};
use crate::db::{self, CallRow, LineRow};

/// How long a call may be over before we ask Twilio how it went. The end of the dial mostly comes within a second
/// of the end of the call.
pub const SETTLE_AFTER: Duration = Duration::seconds(10);

/// How long two people may talk before we look again.
pub const TALK: Duration = Duration::minutes(5);

/// A call in a decider's hands: its row, the lines of its timeline, and what follows.
pub struct CallUpdate {
    /// The row, as it is about to be saved.
    pub row: CallRow,
    tenant: TenantContext,
    /// What the lines of this event are named after, and when it happened.
    event: (String, Time),
    lines: Vec<LineRow>,
    decision: Decision,
    /// Whether nothing was known of it before.
    fresh: bool,
    /// Whether it is going to be looked at again.
    checked: bool,
    /// Whether its end has been told.
    told: bool,
}

impl CallUpdate {
    /// Opens the call that a webhook of its own is about.
    pub async fn open(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        voice: &VoiceParameters,
    ) -> Result<Self, HandlerError> {
        let mut update = Self::make(tx, cause, tenant, voice).await?;
        let row = &mut update.row;
        row.from_address.clone_from(&voice.from);
        row.to_address.clone_from(&voice.to);
        direction(voice).clone_into(&mut row.direction);
        Ok(update)
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
            recording: interview.recording.clone(),
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
        let mut update = Self::make(tx, cause, &tenant, &voice).await?;
        let row = &mut update.row;
        for (known, said) in [
            (&mut row.from_address, &interview.from),
            (&mut row.to_address, &interview.to),
        ] {
            if known.is_empty() {
                known.clone_from(said);
            }
        }
        Ok(update)
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

    /// Opens the call that a stream carries.
    pub async fn open_by_stream(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        voice: &VoiceParameters,
    ) -> Result<Self, HandlerError> {
        Self::make(tx, cause, tenant, voice).await
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
            dialled: String::new(),
            code: 0,
            error: String::new(),
            sip_code: 0,
            quarter: quarter_of(at),
        };
        let (row, fresh) = db::call_open(tx, &new).await?;
        if row.tenant_id != tenant.tenant_id {
            // One who can name another's call must not be able to end it.
            return Err(HandlerError::Reject(
                "the call belongs to another tenant".to_owned(),
            ));
        }
        let mut update = Self::of(row, cause, tenant);
        let row = &mut update.row;
        row.started_at = row.started_at.min(at.into());
        row.quarter = quarter_of(row.started_at.0);
        if row.account_sid.is_empty() {
            row.account_sid.clone_from(&tenant.account_sid);
        }
        row.whispered |= tenant.whisper.as_ref().is_some_and(|w| w.enabled);
        state::raise_status(row, &voice.call_status);
        update.fresh = fresh;
        if fresh {
            let (sid, tenant) = (voice.call_sid.clone(), tenant.tenant_id.clone());
            update.observe(move || {
                counter!("calls_started_total").increment(1);
                info!(call.sid = sid, tenant.id = tenant, "call started");
            });
            let started = CallStarted {
                call: Some(update.call()),
            };
            update.emit_once("call.started", &started);
        }
        Ok(update)
    }

    /// A call that must be there already.
    pub async fn find(
        tx: &mut Tx,
        cause: &Cause,
        tenant: &TenantContext,
        call_sid: &str,
    ) -> Result<Option<Self>, store::Error> {
        let row = db::call_lock(tx, call_sid).await?;
        Ok(row.map(|row| Self::of(row, cause, tenant)))
    }

    fn of(row: CallRow, cause: &Cause, tenant: &TenantContext) -> Self {
        Self {
            told: row.ended_at.is_some() && !row.outcome.is_empty(),
            row,
            tenant: tenant.clone(),
            event: (cause.derive_id("line"), cause.time),
            lines: Vec::new(),
            decision: Decision::nothing(),
            fresh: false,
            checked: false,
        }
    }

    /// Adds a line to the timeline.
    pub fn log(&mut self, kind: &str, detail: Value) {
        // Lines of one event share its time; their ids keep them in order.
        let (event, at) = &self.event;
        self.lines.push(LineRow {
            id: format!("{event}.{:02}", self.lines.len()),
            call_sid: self.row.call_sid.clone(),
            at: (*at).into(),
            kind: kind.to_owned(),
            detail: Json(detail),
        });
    }

    /// Counts or logs something when it has been committed.
    fn observe(&mut self, observe: impl FnOnce() + Send + Sync + 'static) {
        self.decision = std::mem::take(&mut self.decision).observe(observe);
    }

    /// Adds an event that a call has once: its identity comes from the call.
    pub fn emit_once<E: Event>(&mut self, purpose: &str, event: &E) {
        self.schedule_once(purpose, Duration::zero(), event);
    }

    /// The same, when `after` has passed.
    fn schedule_once<E: Event>(&mut self, purpose: &str, after: Duration, event: &E) {
        let (sid, tenant) = (&self.row.call_sid, &self.row.tenant_id);
        let id = derive_id(&[purpose, sid]);
        let event = OutgoingEvent::new(event).id(id).key(sid).tenant(tenant);
        self.decision = std::mem::take(&mut self.decision).schedule(after, event);
    }

    /// Has a call recorded whose caller was answered without us: the document that would have started it was not heard.
    pub fn start_recording(&mut self, status_callback: &str) {
        if self.row.elsewhere || state::is_final(&self.row.status) {
            return;
        }
        let start = RecordingStart {
            call_sid: self.row.call_sid.clone(),
            tenant_id: self.row.tenant_id.clone(),
            account_sid: self.row.account_sid.clone(),
            status_callback: status_callback.to_owned(),
        };
        self.emit_once("recording.start", &start);
    }

    /// Looks at the call again after some time, in case no more is heard of it.
    pub fn schedule_check(&mut self, purpose: &str, after: Duration) {
        if self.is_told() {
            return;
        }
        let settle = CallSettle {
            call_sid: self.row.call_sid.clone(),
            tenant: Some(self.tenant.clone()),
        };
        self.checked = true;
        self.schedule_once(purpose, after, &settle);
    }

    /// The business's phone was dialled.
    pub fn dialled(&mut self, tenant: &TenantContext) {
        self.row.forwarded = true;
        if self.row.dialled.is_empty() {
            self.row.dialled.clone_from(&tenant.forward_to);
        }
    }

    /// Whether both how the call went and that it is over are known: nothing is left to find out.
    pub fn is_told(&self) -> bool {
        !self.row.outcome.is_empty() && self.row.ended_at.is_some()
    }

    /// Sets the outcome, if its webhooks can say it now and it has not been set before.
    pub fn settle(&mut self) {
        let verdict = state::verdict(&self.row);
        self.apply(verdict);
    }

    /// Sets the outcome that was found, or looks again later.
    pub fn apply(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => {}
            Verdict::Unknown if app_handled::is_served(&self.row) => {
                self.schedule_check("call.patience", PATIENCE);
            }
            Verdict::Unknown => self.schedule_check("call.settle", SETTLE_AFTER),
            Verdict::Settled { outcome, reason } => self.conclude(outcome, &reason),
        }
        self.emit_ended();
    }

    /// Sets the outcome. The first one stays.
    pub fn conclude(&mut self, outcome: Outcome, reason: &str) {
        if !self.row.outcome.is_empty() {
            return;
        }
        // Whoever calls a number that is suspended is turned away at the door: nobody could have taken the call.
        let turned_away = outcome == Outcome::Missed
            && !self.row.forwarded
            && app_handled::is_suspended(&self.tenant);
        let (outcome, reason) = if turned_away {
            (Outcome::Failed, app_handled::SUSPENDED)
        } else {
            (outcome, reason)
        };
        outcome.as_str().clone_into(&mut self.row.outcome);
        reason.clone_into(&mut self.row.reason);
        let (sid, tenant) = (self.row.call_sid.clone(), self.row.tenant_id.clone());
        let (word, why) = (outcome.as_str(), reason.to_owned());
        self.observe(move || {
            info!(
                call.sid = sid,
                tenant.id = tenant,
                outcome = word,
                reason = why,
                "call settled"
            );
            counter!("calls_settled_total", "outcome" => word, "reason" => why).increment(1);
        });
        let call = Some(self.call());
        if outcome == Outcome::Missed {
            let texts = self.tenant.text_back.as_ref().is_some_and(|it| it.enabled);
            if !texts {
                self.log(
                    "event",
                    json!({ "what": "no text is sent", "reason": "disabled" }),
                );
            }
            let missed = CallMissed {
                call,
                tenant: Some(self.tenant.clone()),
                reason: reason.to_owned(),
            };
            self.emit_once("call.missed", &missed);
        } else if outcome == Outcome::Answered {
            let answered = CallAnswered { call };
            self.emit_once("call.answered", &answered);
        }
    }

    /// Says that the call is over, as soon as both its end and its outcome are known. What comes later (how long it
    /// lasted, as a rule) is told by `GET /calls/{id}` alone.
    fn emit_ended(&mut self) {
        if self.told || self.row.ended_at.is_none() || self.row.outcome.is_empty() {
            return;
        }
        self.told = true;
        if let Some(seconds) = self.row.duration_s {
            #[expect(
                clippy::cast_precision_loss,
                reason = "a call lasts less than 2^52 seconds"
            )]
            let seconds = seconds as f64;
            self.observe(move || histogram!("call_duration_seconds").record(seconds));
        }
        let ended = CallEnded {
            call: Some(self.call()),
        };
        self.emit_once("call.ended", &ended);
    }

    /// Writes everything and hands over what follows.
    pub async fn save(mut self, tx: &mut Tx) -> Result<Decision, store::Error> {
        if self.fresh && !self.checked {
            // Nothing more may ever be told of it.
            self.schedule_check("call.silent", TALK);
        }
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
            // What came in at another front door is not on a Twilio that we could ask to record it.
            recording: self.tenant.recording.clone().filter(|_| !row.elsewhere),
        }
    }
}

/// The quarter of an hour in which a moment is, counted from 1970: what calls are counted by.
pub fn quarter_of(at: Time) -> i64 {
    at.timestamp().div_euclid(900)
}

/// Ours, of Twilio's words.
fn direction(voice: &VoiceParameters) -> &'static str {
    if Direction::parse(&voice.direction).is_outbound() {
        "outbound"
    } else {
        "inbound"
    }
}

/// How long the call lasted, as far as we were told: nothing at all when nobody answered.
pub fn duration_s(row: &CallRow) -> Option<i64> {
    if row.outcome == Outcome::Missed.as_str() {
        Some(0)
    } else {
        row.duration_s.or(row.dial_duration_s)
    }
}

/// When the call ended. Its end may be Twilio's time, cut to seconds, its start ours.
pub fn ended_at(row: &CallRow) -> Option<Time> {
    row.ended_at.map(|end| end.0.max(row.started_at.0))
}
