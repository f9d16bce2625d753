//! What hanging up and redirecting have in common: each changes a call that Twilio has, and names it by its SID.

use role::{Cause, HandlerError, Outcome, derive_id};

use super::is_sid;
use crate::effect::{Done, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;

/// A change of a call, as its command names it.
pub(super) struct Change<'a> {
    /// The command's type.
    pub kind: &'static str,
    pub call_sid: &'a str,
    pub tenant_id: &'a str,
    pub account_sid: &'a str,
}

impl Change<'_> {
    /// Has it made once. Nothing follows here: the call's own webhooks tell what came of it.
    pub(super) async fn make(
        &self,
        runner: &EffectRunner,
        cause: &Cause,
        effect: &dyn Effect,
    ) -> Result<Outcome, HandlerError> {
        if !is_sid(self.call_sid) {
            return Err(HandlerError::Reject(format!(
                "{} without a CallSid",
                self.kind
            )));
        }
        runner.execute(effect, cause).await?;
        Ok(Outcome::nothing())
    }

    /// For the ledger. The id says which changes of a call are one.
    pub(super) fn key(&self, id: String) -> EffectKey {
        EffectKey {
            kind: self.kind,
            id,
            tenant_id: self.tenant_id.to_owned(),
            account_sid: self.account_sid.to_owned(),
            fingerprint: derive_id(&[self.kind, self.call_sid]),
            lane: None,
            urgent: true,
            sender: String::new(),
            recipient: String::new(),
        }
    }
}

/// Twilio has made it, or finds the call as it was to be. A change has no SID of its own.
pub(super) fn done(status: &str) -> Done {
    Done {
        sid: None,
        status: status.to_owned(),
        detail: String::new(),
    }
}

/// Twilio does not make it.
pub(super) fn refusal(code: u32) -> Refusal {
    Refusal {
        code,
        reason: "refused_by_twilio",
        detail: String::new(),
    }
}
