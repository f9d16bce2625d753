//! Calls that come back to where they were forwarded from.
//!
//! Two kinds. The owner's carrier forwards what the owner's phone does not take to the business's number: dialling the
//! phone again would go round for ever. And numbers of this platform that forward to each other.

use chrono::Duration;
use clock::Time;
use events::v1::{TenantContext, VoiceParameters};
use phone::same_phone;
use role::Tx;

use crate::db;

/// How long a forwarded call may ring and be handed on, at most.
const WINDOW: Duration = Duration::minutes(10);

/// How a call has come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardingLoop {
    /// The carrier has forwarded it from the phone that would be dialled.
    Carrier {
        /// Whether the call that rings that phone is one of ours, and waits for its end.
        while_ringing: bool,
    },
    /// The number that would be dialled is the one that was called.
    OwnNumber,
    /// A number of this platform has forwarded the call here, and would get it back.
    Numbers,
}

/// Whether dialling the business's phone would bring the call back. `may_be_ours` says whether the phone may be
/// a number of this platform.
pub async fn find(
    tx: &mut Tx,
    tenant: &TenantContext,
    voice: &VoiceParameters,
    may_be_ours: bool,
    at: Time,
) -> Result<Option<ForwardingLoop>, store::Error> {
    let phone = tenant.forward_to.as_str();
    if phone.is_empty() {
        return Ok(None);
    }
    let own = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    if same_phone(own, phone) || same_phone(&voice.to, phone) {
        return Ok(Some(ForwardingLoop::OwnNumber));
    }
    let since = at - WINDOW;
    if same_phone(&voice.forwarded_from, phone) || same_phone(&voice.from, phone) {
        let ringing = db::call_rings(tx, (&tenant.tenant_id, phone), &voice.call_sid, since);
        let while_ringing = ringing.await?;
        return Ok(Some(ForwardingLoop::Carrier { while_ringing }));
    }
    if may_be_ours {
        let hops = db::call_hops(tx, &voice.from, &voice.call_sid, since).await?;
        if leads_back(&hops, phone, &voice.to) {
            return Ok(Some(ForwardingLoop::Numbers));
        }
    }
    Ok(None)
}

/// Whether a call that goes on from `from` to `to`, hop by hop, is one that goes on now. A hop is the number that was
/// called and the one that it dials.
fn leads_back(hops: &[(String, String)], from: &str, to: &str) -> bool {
    let mut reached = vec![to];
    let mut next = 0;
    while let Some(number) = reached.get(next).copied() {
        next += 1;
        for (called, dialled) in hops {
            if dialled == number && !reached.contains(&called.as_str()) {
                if called == from {
                    return true;
                }
                reached.push(called);
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_lead_back_round_any_number_of_corners() {
        let hops = |it: &[(&str, &str)]| {
            it.iter()
                .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
                .collect::<Vec<_>>()
        };
        // The call is at `to` and would dial `from`.
        assert!(leads_back(&hops(&[("a", "b")]), "a", "b"));
        assert!(leads_back(&hops(&[("b", "c"), ("a", "b")]), "a", "c"));
        assert!(!leads_back(&hops(&[("x", "b"), ("b", "x")]), "a", "b"));
        assert!(!leads_back(&hops(&[("a", "c")]), "a", "b"));
        assert!(!leads_back(&[], "a", "b"));
    }
}
