//! Our own rules: what is never sent and who is never called, whatever Twilio would say.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::DateTime;
use clock::{Clock, Time};
use directory::Directory;
use encryption::Sealer;
use events::v1::{CallPlace, MessageSend};
use phone::{Address, E164};
use role::{HandlerError, Tx};
use store::Store;
use twilio_api::code;

use crate::db::opt_outs;
use crate::db::spending::Kind;
use crate::effect::Refusal;
use crate::quiet;
use crate::spend::{Leaving, SpendGuard};

/// Why nothing is sent or placed for a tenant that is suspended.
const SUSPENDED: &str = "suspended";

/// The rules. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guards {
    pub store: Store,
    pub clock: Clock,
    /// The only numbers that may be called or texted; none: all. What is forwarded is no call of ours (decision 16).
    pub whitelist: Option<Arc<HashSet<E164>>>,
    /// Which numbers are suspended.
    pub directory: Directory,
    /// Names those who were forgotten.
    pub sealer: Sealer,
    /// How much may leave.
    pub spend: SpendGuard,
}

/// The texts and calls that go out however many there were: a person may be in danger.
const WHATEVER_IT_COSTS: &str = "alert";
/// The purpose of such a call. It goes before all others.
pub(crate) const EMERGENCY: &str = "emergency";

impl Guards {
    /// Why this message must not be sent.
    pub(crate) async fn check(
        &self,
        message: &MessageSend,
    ) -> Result<Option<Refusal>, HandlerError> {
        let has_sender = !message.from.is_empty() || !message.messaging_service_sid.is_empty();
        let to = match self.reachable(&message.expires_at, &message.to, has_sender) {
            Ok(to) => to,
            Err(reason) => return Ok(Some(refusal(0, reason))),
        };
        if self.is_suspended(&message.tenant_id, &message.from) {
            return Ok(Some(refusal(0, SUSPENDED)));
        }
        let now = self.clock.now();
        if let Some(until) = quiet::until(message, &to, now) {
            let left = (until - now).to_std().unwrap_or_default();
            return Err(HandlerError::Unavailable {
                reason: "it is quiet at the customer's place, and the text answers nothing"
                    .to_owned(),
                retry_after: Some(left.min(quiet::LOOK_AGAIN)),
            });
        }
        let mut tx = self.store.read().await?;
        let is_out = opt_outs::is_out(&mut tx, &message.tenant_id, &self.names(&to)).await?;
        Ok(is_out.then(opted_out))
    }

    /// The same for the list of opt-outs, in the transaction that lets the request leave: a STOP that is decided meanwhile
    /// waits, and one that has been decided is seen. What leaves is counted, and what was spent already says no.
    pub(crate) async fn check_departure(
        &self,
        tx: &mut Tx,
        message: &MessageSend,
        counted: bool,
    ) -> Result<Option<Refusal>, HandlerError> {
        let address = Address::parse(&message.to);
        let Some(to) = address.as_e164() else {
            return Ok(None);
        };
        let names = self.names(to);
        let is_out = opt_outs::is_out_now(tx, &message.tenant_id, to.as_str(), &names).await?;
        if is_out {
            return Ok(Some(opted_out()));
        }
        let leaving = Leaving {
            kind: Kind::Texts,
            tenant: &message.tenant_id,
            to: Some(to),
            id: &message.message_id,
            urgent: message.purpose == WHATEVER_IT_COSTS,
            counted,
        };
        self.spend.check(tx, &leaving).await
    }

    /// Counts a call that leaves, or says why it does not.
    pub(crate) async fn check_call_departure(
        &self,
        tx: &mut Tx,
        call: &CallPlace,
        counted: bool,
    ) -> Result<Option<Refusal>, HandlerError> {
        let address = Address::parse(&call.to);
        let leaving = Leaving {
            kind: Kind::Calls,
            tenant: &call.tenant_id,
            to: address.as_e164(),
            id: &call.place_id,
            urgent: call.purpose == EMERGENCY,
            counted,
        };
        self.spend.check(tx, &leaving).await
    }

    /// The names under which the list may have a number: itself, and the pseudonyms of one that was forgotten.
    fn names(&self, number: &E164) -> Vec<String> {
        let mut names = self.sealer.pseudonyms(number.as_str());
        names.push(number.as_str().to_owned());
        names
    }

    /// Why this call must not be placed. Who does not want to be texted may be called.
    pub(crate) fn check_call(&self, call: &CallPlace) -> Option<Refusal> {
        let reachable = self.reachable(&call.expires_at, &call.to, !call.from.is_empty());
        match reachable {
            Err(reason) => Some(refusal(0, reason)),
            Ok(_) if self.is_suspended(&call.tenant_id, &call.from) => Some(refusal(0, SUSPENDED)),
            Ok(_) => None,
        }
    }

    /// Whether the number, or the tenant that it belongs to, is suspended: nothing is begun for it. What is known is
    /// up to a minute old, and nothing where tenants is away.
    fn is_suspended(&self, tenant: &str, from: &str) -> bool {
        let entry = self.directory.entry(from);
        entry.is_some_and(|entry| entry.suspended && entry.tenant_id == tenant)
    }

    /// The recipient, if we may reach it and it is not too late.
    fn reachable(
        &self,
        expires_at: &str,
        to: &str,
        has_sender: bool,
    ) -> Result<E164, &'static str> {
        let limit = DateTime::parse_from_rfc3339(expires_at).ok();
        if limit.is_some_and(|limit| Time::from(limit) <= self.clock.now()) {
            return Err("expired");
        }
        let address = Address::parse(to);
        let to = address.as_e164().ok_or("invalid_address")?;
        if !has_sender {
            return Err("no_sender");
        }
        let listed = |list: &Arc<HashSet<E164>>| list.contains(to);
        if !self.whitelist.as_ref().is_none_or(listed) {
            return Err("not_whitelisted");
        }
        Ok(to.clone())
    }
}

fn opted_out() -> Refusal {
    refusal(code::OPTED_OUT, "opted_out")
}

fn refusal(code: u32, reason: &'static str) -> Refusal {
    Refusal {
        code,
        reason,
        detail: String::new(),
    }
}
