//! Ending a call.

use std::time::Duration;

use async_trait::async_trait;
use clock::Time;
use events::Event;
use events::v1::CallHangUp;
use role::{Cause, HandlerError, Outcome, Performer};
use tracing::info;
use twilio_api::{CallChange, CallStatus, Error};

use super::change::{Change, done, refusal};
use crate::accounts::Account;
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;

/// A call can be answered while it is being taken back, and end while it is being hung up, but not go back.
const TRIES: usize = 3;

/// Hangs up.
pub(crate) struct HangUp {
    pub runner: EffectRunner,
}

#[async_trait]
impl Performer for HangUp {
    type Command = CallHangUp;
    const NAME: &'static str = "call-hang-up";

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    /// The call's own end is told by its status callback.
    async fn perform(&self, cause: &Cause, command: CallHangUp) -> Result<Outcome, HandlerError> {
        let hanging_up = HangingUp { command: &command };
        let change = hanging_up.change();
        change.make(&self.runner, cause, &hanging_up).await
    }
}

struct HangingUp<'a> {
    command: &'a CallHangUp,
}

impl HangingUp<'_> {
    fn change(&self) -> Change<'_> {
        Change {
            kind: CallHangUp::TYPE,
            call_sid: &self.command.call_sid,
            tenant_id: &self.command.tenant_id,
            account_sid: &self.command.account_sid,
        }
    }

    /// The call's status. A call that is not there is over.
    async fn status(&self, account: &Account) -> Result<CallStatus, Error> {
        let calls = account.client.calls();
        match account
            .ask("calls.fetch", calls.fetch(&self.command.call_sid))
            .await
        {
            Ok(call) => Ok(call.status),
            Err(e) if e.is_not_found() => Ok(CallStatus::Completed),
            Err(e) => Err(e),
        }
    }
}

#[async_trait]
impl Effect for HangingUp<'_> {
    /// A call is hung up once, by whichever order.
    fn key(&self) -> EffectKey {
        self.change().key(self.command.call_sid.clone())
    }

    /// To hang up twice is harmless, so there is nothing to look for.
    async fn find(&self, _: &Account, _: Time) -> Result<Vec<Done>, Error> {
        Ok(Vec::new())
    }

    fn doubt(&self) -> Doubt {
        Doubt::None
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        let sid = &self.command.call_sid;
        // `completed` ends a call that was answered; Twilio's word for one that was not is `canceled`.
        let mut word = CallStatus::Completed;
        for _ in 0..TRIES {
            let change = CallChange {
                status: Some(word),
                ..CallChange::default()
            };
            let calls = account.client.calls();
            let refused = match account
                .ask("calls.update", calls.update(sid, &change))
                .await
            {
                Ok(_) => {
                    info!(
                        call.sid = sid,
                        reason = self.command.reason,
                        "a call is hung up"
                    );
                    return Ok(done("hung-up"));
                }
                Err(e) if e.is_not_found() => return Ok(done("gone")),
                Err(e @ Error::Refused { status: 400, .. }) => e,
                Err(e) => return Err(e),
            };
            word = match self.status(account).await? {
                status if status.is_terminal() => return Ok(done("over")),
                CallStatus::Queued | CallStatus::Initiated | CallStatus::Ringing => {
                    CallStatus::Canceled
                }
                CallStatus::InProgress => CallStatus::Completed,
                _ => return Err(refused),
            };
        }
        // It changed at each try. The next attempt begins anew.
        Err(Error::Unavailable {
            status: None,
            sent: true,
            retry_after: None,
            source: None,
        })
    }

    fn refusal(&self, code: u32, _: &str) -> Refusal {
        refusal(code)
    }

    fn may_try_again(&self) -> bool {
        true
    }
}
