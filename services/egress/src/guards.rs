//! Our own rules: what is never sent and who is never called, whatever Twilio would say.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::DateTime;
use clock::{Clock, Time};
use events::v1::{CallPlace, MessageSend};
use phone::{Address, E164};
use role::HandlerError;
use store::Store;
use twilio_api::code;

use crate::db::opt_outs;
use crate::effect::Refusal;

/// The rules. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guards {
    pub store: Store,
    pub clock: Clock,
    /// The only numbers that may be called or texted; none: all. What is forwarded is no call of ours (decision 16).
    pub whitelist: Option<Arc<HashSet<E164>>>,
}

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
        let mut tx = self.store.read().await?;
        if opt_outs::is_out(&mut tx, &message.tenant_id, to.as_str()).await? {
            return Ok(Some(refusal(code::OPTED_OUT, "opted_out")));
        }
        Ok(None)
    }

    /// Why this call must not be placed. Who does not want to be texted may be called.
    pub(crate) fn check_call(&self, call: &CallPlace) -> Option<Refusal> {
        self.reachable(&call.expires_at, &call.to, !call.from.is_empty())
            .err()
            .map(|reason| refusal(0, reason))
    }

    /// Whom it is for, if that is somebody whom we may reach, and still in time.
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

fn refusal(code: u32, reason: &'static str) -> Refusal {
    Refusal {
        code,
        reason,
        detail: String::new(),
    }
}
