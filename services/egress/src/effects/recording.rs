//! Recordings of live calls: begun, held, gone on with, stopped; and deleted when they are no longer wanted.

use std::marker::PhantomData;
use std::time::Duration;

use async_trait::async_trait;
use clock::Time;
use events::Event;
use events::v1::{
    RecordingChanged, RecordingDelete, RecordingPause, RecordingRefused, RecordingResume,
    RecordingStart,
};
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer, derive_id};
use tracing::info;
use twilio_api::{
    Error, NewRecording, Recording, RecordingChange, RecordingFilter, RecordingStatus,
};

use super::change::{done, refusal};
use super::is_sid;
use crate::accounts::Account;
use crate::db::effects::State;
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;

/// What is to become of a call's recording.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Start,
    Pause,
    Resume,
    Delete,
}

/// An order about a recording, whichever command it came by.
pub(crate) struct Order<'a> {
    act: Act,
    kind: &'static str,
    /// The same order is carried out once.
    id: String,
    call_sid: &'a str,
    recording_sid: &'a str,
    tenant_id: &'a str,
    account_sid: &'a str,
    status_callback: &'a str,
}

/// A command about a recording.
pub(crate) trait Ordered: Event {
    /// The performer's name within the role.
    const NAME: &'static str;

    /// What it orders.
    fn order(&self, cause: &Cause) -> Order<'_>;
}

impl Ordered for RecordingStart {
    const NAME: &'static str = "recording-start";

    /// The recording's own callbacks tell the rest.
    fn order(&self, _: &Cause) -> Order<'_> {
        Order {
            act: Act::Start,
            kind: Self::TYPE,
            // A call is recorded once, by whichever order.
            id: self.call_sid.clone(),
            call_sid: &self.call_sid,
            recording_sid: "",
            tenant_id: &self.tenant_id,
            account_sid: &self.account_sid,
            status_callback: &self.status_callback,
        }
    }
}

impl Ordered for RecordingPause {
    const NAME: &'static str = "recording-pause";

    fn order(&self, cause: &Cause) -> Order<'_> {
        Order {
            act: Act::Pause,
            kind: Self::TYPE,
            id: cause.id.clone(),
            call_sid: &self.call_sid,
            recording_sid: &self.recording_sid,
            tenant_id: &self.tenant_id,
            account_sid: &self.account_sid,
            status_callback: "",
        }
    }
}

impl Ordered for RecordingResume {
    const NAME: &'static str = "recording-resume";

    fn order(&self, cause: &Cause) -> Order<'_> {
        Order {
            act: Act::Resume,
            kind: Self::TYPE,
            id: cause.id.clone(),
            call_sid: &self.call_sid,
            recording_sid: &self.recording_sid,
            tenant_id: &self.tenant_id,
            account_sid: &self.account_sid,
            status_callback: "",
        }
    }
}

impl Ordered for RecordingDelete {
    const NAME: &'static str = "recording-delete";

    fn order(&self, _: &Cause) -> Order<'_> {
        Order {
            act: Act::Delete,
            kind: Self::TYPE,
            id: self.recording_sid.clone(),
            call_sid: &self.call_sid,
            recording_sid: &self.recording_sid,
            tenant_id: &self.tenant_id,
            account_sid: &self.account_sid,
            status_callback: "",
        }
    }
}

/// Carries out orders of one kind.
pub(crate) struct CarryOut<C> {
    runner: EffectRunner,
    command: PhantomData<fn(C)>,
}

impl<C: Ordered> CarryOut<C> {
    pub(crate) fn new(runner: EffectRunner) -> Self {
        Self {
            runner,
            command: PhantomData,
        }
    }
}

#[async_trait]
impl<C: Ordered> Performer for CarryOut<C> {
    type Command = C;
    const NAME: &'static str = C::NAME;

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: C) -> Result<Outcome, HandlerError> {
        command.order(cause).run(&self.runner, cause).await
    }
}

impl Order<'_> {
    async fn run(&self, runner: &EffectRunner, cause: &Cause) -> Result<Outcome, HandlerError> {
        let named = match self.act {
            Act::Delete => self.recording_sid,
            _ => self.call_sid,
        };
        if !is_sid(named) || !(self.recording_sid.is_empty() || is_sid(self.recording_sid)) {
            return Err(HandlerError::Reject(format!("{} without a SID", self.kind)));
        }
        let entry = runner.execute(self, cause).await?;
        let event = if entry.state() == State::Refused {
            OutgoingEvent::new(&RecordingRefused {
                call_sid: self.call_sid.to_owned(),
                recording_sid: self.recording_sid.to_owned(),
                action: self.kind.to_owned(),
                code: u32::try_from(entry.code).unwrap_or_default(),
                reason: entry.reason.unwrap_or_default(),
            })
        } else {
            OutgoingEvent::new(&RecordingChanged {
                call_sid: self.call_sid.to_owned(),
                recording_sid: entry.sid.or(entry.detail).unwrap_or_default(),
                status: entry.status.unwrap_or_default(),
            })
        };
        Ok(Outcome::nothing().publish(event.key(self.call_sid).tenant(self.tenant_id)))
    }

    /// The call's recording that is going on; answers of interviews are none.
    async fn live(&self, account: &Account) -> Result<Option<Recording>, Error> {
        let filter = RecordingFilter {
            call_sid: Some(self.call_sid.to_owned()),
            ..RecordingFilter::default()
        };
        let recordings = account.client.recordings();
        let mut pages = recordings.list(&filter);
        let page = account.ask("recordings.list", pages.next()).await?;
        let is_live = |it: &Recording| {
            let going_on = matches!(
                it.status,
                RecordingStatus::InProgress | RecordingStatus::Paused
            );
            going_on && it.source.as_deref() != Some("RecordVerb")
        };
        Ok(page.unwrap_or_default().into_iter().find(is_live))
    }
}

#[async_trait]
impl Effect for Order<'_> {
    fn key(&self) -> EffectKey {
        EffectKey {
            kind: self.kind,
            id: self.id.clone(),
            tenant_id: self.tenant_id.to_owned(),
            account_sid: self.account_sid.to_owned(),
            fingerprint: derive_id(&[self.kind, self.call_sid, self.recording_sid]),
            lane: None,
            urgent: true,
            sender: String::new(),
            recipient: String::new(),
        }
    }

    /// Only beginning a recording twice would do harm: the second attempt finds what the first has begun.
    async fn find(&self, account: &Account, _: Time) -> Result<Vec<Done>, Error> {
        if self.act != Act::Start {
            return Ok(Vec::new());
        }
        let live = self.live(account).await?;
        Ok(live.map(|it| begun(it.sid)).into_iter().collect())
    }

    fn doubt(&self) -> Doubt {
        match self.act {
            Act::Start => Doubt::Short,
            Act::Pause | Act::Resume | Act::Delete => Doubt::None,
        }
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        let recordings = account.client.recordings();
        match self.act {
            Act::Start => {
                // The call's own document may have begun one meanwhile: two would be one too many.
                if let Some(live) = self.live(account).await? {
                    return Ok(begun(live.sid));
                }
                let new = NewRecording::dual(self.status_callback);
                let asked = recordings.start(self.call_sid, &new);
                let made = account.ask("recordings.start", asked).await?;
                info!(
                    call.sid = self.call_sid,
                    recording.sid = made.sid,
                    "recording begun"
                );
                Ok(begun(made.sid))
            }
            Act::Pause | Act::Resume => {
                let sid = match self.recording_sid {
                    "" => self.live(account).await?.map(|it| it.sid),
                    sid => Some(sid.to_owned()),
                };
                let Some(sid) = sid else {
                    return Ok(done("none"));
                };
                let (change, word) = match self.act {
                    Act::Pause => (RecordingChange::Pause, "paused"),
                    _ => (RecordingChange::Resume, "in-progress"),
                };
                let asked = recordings.change(self.call_sid, &sid, change);
                match account.ask("recordings.change", asked).await {
                    Ok(_) => Ok(Done {
                        detail: sid,
                        ..done(word)
                    }),
                    Err(e) if e.is_not_found() => Ok(done("gone")),
                    Err(e) => Err(e),
                }
            }
            Act::Delete => {
                let asked = recordings.delete(self.recording_sid);
                match account.ask("recordings.delete", asked).await {
                    Ok(()) => Ok(done("deleted")),
                    Err(e) if e.is_not_found() => Ok(done("gone")),
                    Err(e) => Err(e),
                }
            }
        }
    }

    /// 21220: the call, or its recording, is not going on.
    fn refusal(&self, code: u32, _: &str) -> Refusal {
        refusal(code)
    }

    fn may_try_again(&self) -> bool {
        self.act == Act::Delete
    }
}

fn begun(sid: String) -> Done {
    Done {
        sid: Some(sid),
        ..done("in-progress")
    }
}
