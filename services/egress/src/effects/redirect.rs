//! Letting a call ask for another document.

use std::time::Duration;

use async_trait::async_trait;
use clock::Time;
use events::Event;
use events::v1::CallRedirect;
use role::{Cause, HandlerError, Outcome, Performer, derive_id};
use tracing::info;
use twilio_api::{CallChange, Error};

use super::change::{Change, done, refusal};
use crate::accounts::Account;
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;

/// Redirects.
pub(crate) struct Redirect {
    pub runner: EffectRunner,
}

#[async_trait]
impl Performer for Redirect {
    type Command = CallRedirect;
    const NAME: &'static str = "call-redirect";

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    /// The call's own request for the document tells that it was done.
    async fn perform(&self, cause: &Cause, command: CallRedirect) -> Result<Outcome, HandlerError> {
        let redirecting = Redirecting {
            command: &command,
            order: &cause.id,
        };
        let change = redirecting.change();
        change.make(&self.runner, cause, &redirecting).await
    }
}

struct Redirecting<'a> {
    command: &'a CallRedirect,
    /// A call may be redirected again, by another order.
    order: &'a str,
}

impl Redirecting<'_> {
    fn change(&self) -> Change<'_> {
        Change {
            kind: CallRedirect::TYPE,
            call_sid: &self.command.call_sid,
            tenant_id: &self.command.tenant_id,
            account_sid: &self.command.account_sid,
        }
    }
}

#[async_trait]
impl Effect for Redirecting<'_> {
    fn key(&self) -> EffectKey {
        let id = derive_id(&[&self.command.call_sid, self.order]);
        self.change().key(id)
    }

    /// To redirect a call to the same document twice is harmless, so there is nothing to look for.
    async fn find(&self, _: &Account, _: Time) -> Result<Vec<Done>, Error> {
        Ok(Vec::new())
    }

    fn doubt(&self) -> Doubt {
        Doubt::None
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        let sid = &self.command.call_sid;
        let change = CallChange {
            method: Some("POST".to_owned()).filter(|_| self.command.twiml.is_empty()),
            twiml: Some(self.command.twiml.clone()).filter(|twiml| !twiml.is_empty()),
            url: Some(self.command.url.clone()).filter(|_| self.command.twiml.is_empty()),
            ..CallChange::default()
        };
        let calls = account.client.calls();
        let status = match account
            .ask("calls.update", calls.update(sid, &change))
            .await
        {
            Ok(_) => "redirected",
            Err(e) if e.is_not_found() => "gone",
            Err(e) => return Err(e),
        };
        info!(call.sid = sid, status, "a call is redirected");
        Ok(done(status))
    }

    /// 21220: the call is not in progress, so there is nothing to redirect.
    fn refusal(&self, code: u32, _: &str) -> Refusal {
        refusal(code)
    }
}
