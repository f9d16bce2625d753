//! What a role answers when it is told to forget a person.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use clock::Time;
use events::Event;
use events::v1::person_forgotten::Count;
use events::v1::{CallsForget, CopiesForget, PersonForgotten, RetentionDue};
use tracing::info;

use crate::{Cause, Decision, Outcome};

/// As many things go into one command that follows, or are removed in one transaction.
pub const BATCH: usize = 500;

/// What Twilio has a copy of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Copies {
    /// Calls, with the legs that they dialled.
    Calls,
    /// Texts.
    Messages,
    /// Recordings.
    Recordings,
}

/// A part of an erasure that is being done.
pub struct Forgotten {
    told: PersonForgotten,
    orders: Decision,
}

impl Forgotten {
    /// Nothing is removed yet. `part` is the role's name, or what the command that it follows is awaited as.
    pub fn new(receipt_id: &str, part: impl Into<String>) -> Self {
        Self {
            told: PersonForgotten {
                receipt_id: receipt_id.to_owned(),
                part: part.into(),
                ..PersonForgotten::default()
            },
            orders: Decision::nothing(),
        }
    }

    /// So many were removed.
    pub fn count(&mut self, what: &str, count: usize) {
        if count > 0 {
            self.told.counts.push(Count {
                what: what.to_owned(),
                count: count as u64,
            });
        }
    }

    /// Something else has to be removed by these parts, each of which tells when it has.
    pub fn order<E: Event>(&mut self, command: &E, parts: impl IntoIterator<Item = String>) {
        let orders = std::mem::replace(&mut self.orders, Decision::nothing());
        self.orders = orders.publish(command);
        self.told.awaits.extend(parts);
    }

    /// What recordings and streams keep of these calls has to be removed.
    pub fn order_calls(&mut self, cause: &Cause, call_sids: &[String]) {
        for (nth, call_sids) in call_sids.chunks(BATCH).enumerate() {
            let part = cause.derive_id(&format!("calls {nth}"));
            let command = CallsForget {
                receipt_id: self.told.receipt_id.clone(),
                part: part.clone(),
                call_sids: call_sids.to_vec(),
            };
            self.order(
                &command,
                ["recordings", "streams"].map(|role| format!("{role}/{part}")),
            );
        }
    }

    /// Twilio's copies of these have to be deleted, each in its account: pairs of account and SID.
    pub fn order_copies(
        &mut self,
        cause: &Cause,
        kind: Copies,
        copies: impl IntoIterator<Item = (String, String)>,
    ) {
        let mut by_account: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (account_sid, sid) in copies {
            by_account.entry(account_sid).or_default().push(sid);
        }
        for (account_sid, sids) in by_account {
            for (nth, sids) in sids.chunks(BATCH).enumerate() {
                let part = cause.derive_id(&format!("copies {account_sid} {nth}"));
                let mut command = CopiesForget {
                    receipt_id: self.told.receipt_id.clone(),
                    part: part.clone(),
                    account_sid: account_sid.clone(),
                    ..CopiesForget::default()
                };
                match kind {
                    Copies::Calls => command.call_sids = sids.to_vec(),
                    Copies::Messages => command.message_sids = sids.to_vec(),
                    Copies::Recordings => command.recording_sids = sids.to_vec(),
                }
                self.order(&command, [format!("egress/{part}")]);
            }
        }
    }

    /// What follows, for a decider.
    pub fn decision(self) -> Decision {
        self.orders.publish(&self.told)
    }

    /// What came of it, for a performer.
    pub fn outcome(self) -> Outcome {
        Outcome(self.decision())
    }
}

/// The moment before which things are removed, as `retention.due` says it; none: they are kept.
pub fn before(text: &str) -> Option<Time> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(time.with_timezone(&Utc))
}

/// What follows when as many of `what` were removed because their time is over: where a transaction had as many as it may,
/// there may be more, and the next one looks.
pub fn expired(event: &RetentionDue, what: &'static str, removed: usize) -> Decision {
    if removed > 0 {
        info!(
            tenant.id = event.tenant_id,
            what, removed, "removed: their time is over"
        );
    }
    match removed < BATCH {
        true => Decision::nothing(),
        false => Decision::nothing().publish(event),
    }
}

#[cfg(test)]
mod tests {
    use clock::Clock;
    use events::Envelope;

    use super::*;

    fn cause() -> Cause {
        let envelope = Envelope::new("trunkline/test", &Clock::system(), &RetentionDue::default());
        Cause::new("test.forget", envelope, 1, Clock::system().now())
    }

    #[test]
    fn copies_are_ordered_by_account_and_batch_and_each_part_is_awaited() {
        let cause = cause();
        let mut forgotten = Forgotten::new("r1", "dispatch");
        let copies = (0..=BATCH).map(|nth| ("AC1".to_owned(), format!("SM{nth}")));
        let copies = copies.chain([("AC2".to_owned(), "SM".to_owned())]);
        forgotten.order_copies(&cause, Copies::Messages, copies);
        let awaits = forgotten.told.awaits.clone();
        assert_eq!(
            awaits.len(),
            3,
            "two batches of the one account, one of the other"
        );
        assert!(awaits.iter().all(|part| part.starts_with("egress/")));
        let calls = vec!["CA1".to_owned()];
        forgotten.order_calls(&cause, &calls);
        let awaits = forgotten.told.awaits.clone();
        assert!(awaits[3].starts_with("recordings/") && awaits[4].starts_with("streams/"));
        let decision = forgotten.decision();
        assert_eq!(
            decision.kinds(),
            [
                "copies.forget",
                "copies.forget",
                "copies.forget",
                "calls.forget",
                "person.forgotten"
            ]
        );
    }

    #[test]
    fn full_batch_is_followed_by_another_look() {
        let due = RetentionDue::default();
        assert!(expired(&due, "calls", BATCH - 1).kinds().is_empty());
        assert_eq!(expired(&due, "calls", BATCH).kinds(), ["retention.due"]);
    }
}
