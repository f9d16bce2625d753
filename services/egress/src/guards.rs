//! Our own rules: what is never sent, whatever Twilio would say.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::DateTime;
use clock::{Clock, Time};
use events::v1::MessageSend;
use phone::{Address, E164};
use role::Fault;
use store::Store;
use twilio_api::code;

use crate::db::opt_outs;
use crate::effect::Refusal;

/// The rules. Clones share everything.
#[derive(Clone)]
pub(crate) struct Guards {
    pub store: Store,
    pub clock: Clock,
    /// The only numbers that may be texted; none: all.
    pub whitelist: Option<Arc<HashSet<E164>>>,
}

impl Guards {
    /// Why this message must not be sent.
    pub(crate) async fn check(&self, message: &MessageSend) -> Result<Option<Refusal>, Fault> {
        let limit = DateTime::parse_from_rfc3339(&message.expires_at).ok();
        if limit.is_some_and(|limit| Time::from(limit) <= self.clock.now()) {
            return Ok(Some(refusal(0, "expired")));
        }
        let address = Address::parse(&message.to);
        let Some(to) = address.as_e164() else {
            return Ok(Some(refusal(0, "invalid_address")));
        };
        if message.from.is_empty() && message.messaging_service_sid.is_empty() {
            return Ok(Some(refusal(0, "no_sender")));
        }
        if self
            .whitelist
            .as_ref()
            .is_some_and(|list| !list.contains(to))
        {
            return Ok(Some(refusal(0, "not_whitelisted")));
        }
        let mut tx = self.store.read().await?;
        if opt_outs::is_out(&mut tx, &message.tenant_id, to.as_str()).await? {
            return Ok(Some(refusal(code::OPTED_OUT, "opted_out")));
        }
        Ok(None)
    }
}

fn refusal(code: u32, reason: &'static str) -> Refusal {
    Refusal {
        code,
        reason,
        detail: String::new(),
    }
}
