//! Doing an effect once, whatever happens to the processes, the connections and Twilio in between.
//!
//! Twilio does not deduplicate, so the ledger does: the effect's row says before the request that there may be
//! one, and after it what came of it. An attempt that finds a row without an outcome looks at Twilio first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use clock::{Clock, Time};
use metrics::counter;
use role::{Cause, HandlerError, KeyedMutex, Timeline};
use store::Store;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use twilio_api::code;

use crate::accounts::{Account, Accounts};
use crate::db::effects::{self, Entry, State};
use crate::effect::{Attempt, Done, Doubt, Effect, EffectKey, Refusal};
use crate::noted::note;
use crate::slots::{Permit, Request, Slots};
use crate::timings::Timings;

/// Twilio's code for an account that has as many calls as it may have at a time.
const TOO_MANY_CALLS: u32 = 10004;

/// Whether a request leaves.
enum Departure {
    Free,
    Forbidden(Refusal),
    /// The lease had ended, and another process has the effect.
    Lost,
}

/// Does effects once. Clones share everything.
#[derive(Clone)]
pub(crate) struct EffectRunner {
    pub store: Store,
    pub clock: Clock,
    pub accounts: Accounts,
    pub slots: Slots,
    pub locks: Arc<KeyedMutex>,
    pub timings: Arc<Timings>,
    pub timeline: Timeline,
    /// Cancelled when the process is asked to stop: what only waits is delivered again anyway.
    pub stopping: CancellationToken,
}

impl EffectRunner {
    /// Does the effect, or finds that it is done or refused already. The entry is settled.
    pub(crate) async fn execute(
        &self,
        effect: &dyn Effect,
        cause: &Cause,
    ) -> Result<Entry, HandlerError> {
        let key = effect.key();
        let _lock = self
            .unless_stopping(self.locks.take(&key.fingerprint))
            .await?;
        let seen = self.find(key.kind, &key.id).await?;
        if let Some(entry) = seen.as_ref().filter(|entry| entry.is_settled()) {
            let again = entry.state() == State::Refused
                && entry.cause != cause.id
                && effect.may_try_again();
            if !again {
                return Ok(entry.clone());
            }
        }
        if let Some(entry) = &seen {
            self.wait_for(entry).await?;
        }
        let account = self.accounts.of(&key.account_sid).await?;
        let _permit = self.permit(&key, &account).await?;

        let now = self.clock.now();
        let in_doubt = seen.as_ref().is_some_and(Entry::is_in_doubt);
        let (doubt_until, looking) = self.doubt(effect, seen.as_ref(), now);
        let mut held = self.entry(&key, &account, cause, seen.as_ref(), now);
        held.doubt_until = Some(doubt_until.into());
        let mut tx = self.store.begin().await?;
        if !effects::claim(&mut tx, &held, seen.as_ref(), now).await? {
            tx.rollback().await?;
            return Err(later(&key, "another attempt is under way"));
        }
        tx.commit().await?;

        let (began, since) = (self.clock.now(), Instant::now());
        let attempt = self.attempt(effect, &account, &mut held, in_doubt, looking);
        let attempt = match attempt.await {
            Ok(attempt) => attempt,
            Err(fault) => {
                // Nothing was asked of Twilio yet.
                self.release(&held, in_doubt, false).await?;
                return Err(fault);
            }
        };
        let took = since.elapsed();
        let noted = note(&key, cause, &attempt, held.attempts, began, took);
        self.timeline.note(noted);
        match attempt {
            Attempt::NotDone(why) => {
                self.release(&held, in_doubt, false).await?;
                Err(later(&key, &why))
            }
            Attempt::Busy(reason, wait) => {
                self.release(&held, in_doubt, false).await?;
                Err(HandlerError::Unavailable {
                    reason,
                    retry_after: Some(wait),
                })
            }
            Attempt::Undecided => {
                self.release(&held, true, true).await?;
                Err(HandlerError::Unavailable {
                    reason: format!("{} {}: Twilio may have done it already", key.kind, key.id),
                    retry_after: Some(self.timings.look_after),
                })
            }
            Attempt::Unknown(why) => {
                self.release(&held, true, true).await?;
                Err(later(&key, &why))
            }
            Attempt::Done { done, reconciled } => self.done(held, done, reconciled).await,
            Attempt::Refused { refusal, asked } => self.refused(effect, held, refusal, asked).await,
        }
    }

    /// Takes over what a process left under way that is known to be gone.
    pub(crate) async fn recover_leases(&self) -> Result<usize, store::Error> {
        let until = self.clock.now() + delta(self.timings.look_after);
        let mut tx = self.store.begin().await?;
        let left = effects::recover_leases(&mut tx, until).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// Waits for a slot of the account.
    async fn permit(&self, key: &EffectKey, account: &Account) -> Result<Permit, HandlerError> {
        let request = Request {
            account: &account.sid,
            tenant: &key.tenant_id,
            lane: key.lane.as_deref(),
            urgent: key.urgent,
        };
        let permit = self.unless_stopping(self.slots.acquire(request)).await?;
        permit.map_err(|wait| HandlerError::Unavailable {
            reason: format!(
                "{} {}: too many requests wait for this account",
                key.kind, key.id
            ),
            retry_after: Some(wait),
        })
    }

    /// Until when an effect counts as done perhaps, and whether it is to be looked for only.
    fn doubt(&self, effect: &dyn Effect, seen: Option<&Entry>, now: Time) -> (Time, bool) {
        let doubt = delta(match effect.doubt() {
            Doubt::Long => self.timings.doubt,
            Doubt::Short => self.timings.look_after,
            Doubt::None => Duration::ZERO,
        });
        let until = seen.filter(|entry| entry.is_in_doubt()).map(|entry| {
            let known = entry.doubt_until.map(|until| until.0);
            known.unwrap_or(entry.started_at.0 + doubt)
        });
        match until {
            Some(until) if now < until => (until, true),
            _ => (now + doubt, false),
        }
    }

    pub(crate) async fn unless_stopping<T>(
        &self,
        wait: impl Future<Output = T>,
    ) -> Result<T, HandlerError> {
        tokio::select! {
            done = wait => Ok(done),
            () = self.stopping.cancelled() => Err(HandlerError::unavailable("this process stops")),
        }
    }

    /// What is known of an effect.
    pub(crate) async fn find(&self, kind: &str, id: &str) -> Result<Option<Entry>, HandlerError> {
        let mut tx = self.store.read().await?;
        Ok(effects::find(&mut tx, kind, id).await?)
    }

    /// Waits until an earlier attempt is over and its trace can be found; gives up if that takes long.
    async fn wait_for(&self, entry: &Entry) -> Result<(), HandlerError> {
        let left = entry.lease_until.0 - self.clock.now();
        let left = left.to_std().unwrap_or_default();
        if left > self.timings.look_after {
            return Err(HandlerError::Unavailable {
                reason: format!("{} {}: another attempt is under way", entry.kind, entry.id),
                retry_after: Some(left),
            });
        }
        self.unless_stopping(tokio::time::sleep(left)).await
    }

    /// The row as it is while this attempt runs.
    fn entry(
        &self,
        key: &EffectKey,
        account: &Account,
        cause: &Cause,
        seen: Option<&Entry>,
        now: Time,
    ) -> Entry {
        let lease_until = (now + delta(self.timings.lease)).into();
        let fresh = Entry {
            kind: key.kind.to_owned(),
            id: key.id.clone(),
            entry: self.clock.id(),
            cause: cause.id.clone(),
            tenant_id: key.tenant_id.clone(),
            account_sid: account.sid.clone(),
            fingerprint: key.fingerprint.clone(),
            sender: key.sender.clone(),
            recipient: key.recipient.clone(),
            state: State::Started.as_str().to_owned(),
            attempts: 1,
            asked: false,
            reconciled: false,
            sid: None,
            status: None,
            detail: None,
            code: 0,
            reason: None,
            started_at: now.into(),
            lease_until,
            settled_at: None,
            doubt_until: None,
            witness: None,
            repeated: false,
            counted: false,
        };
        let Some(seen) = seen else { return fresh };
        Entry {
            witness: seen.witness.clone(),
            repeated: seen.repeated,
            counted: seen.counted,
            attempts: seen.attempts + 1,
            entry: seen.entry.clone(),
            // What an attempt in doubt has done is found from its beginning on.
            started_at: if seen.is_in_doubt() {
                seen.started_at
            } else {
                now.into()
            },
            ..fresh
        }
    }

    async fn attempt(
        &self,
        effect: &dyn Effect,
        account: &Account,
        held: &mut Entry,
        in_doubt: bool,
        looking: bool,
    ) -> Result<Attempt, HandlerError> {
        if in_doubt {
            if let Some(done) = self.witnessed(effect, held).await? {
                return Ok(Attempt::Done {
                    done,
                    reconciled: true,
                });
            }
            let found = effect.find(account, held.started_at.0);
            // Half of the lease is for the request that may follow.
            match tokio::time::timeout(self.timings.lease / 2, found).await {
                Ok(Ok(found)) => {
                    if let Some(done) = self.unclaimed(held, found).await? {
                        return Ok(Attempt::Done {
                            done,
                            reconciled: true,
                        });
                    }
                }
                Ok(Err(e)) => return Ok(Attempt::NotDone(format!("looking for it: {e}"))),
                Err(_) => return Ok(Attempt::NotDone("looking for it took too long".into())),
            }
        }
        if looking {
            return Ok(Attempt::Undecided);
        }
        let forbidden = match effect.check_policy().await? {
            Some(refusal) => Some(refusal),
            None => match self.depart(effect, held).await? {
                Departure::Forbidden(refusal) => Some(refusal),
                Departure::Free => None,
                Departure::Lost => {
                    return Ok(Attempt::NotDone("another attempt has taken it".into()));
                }
            },
        };
        if let Some(refusal) = forbidden {
            return Ok(Attempt::Refused {
                refusal,
                asked: false,
            });
        }
        if in_doubt && effect.doubt() == Doubt::Long {
            held.repeated = true;
            counter!("egress_repeats_total", "kind" => held.kind.clone()).increment(1);
            warn!(
                effect.kind = held.kind,
                effect.id = held.id,
                tenant.id = held.tenant_id,
                "an effect of unknown outcome is repeated: Twilio neither lists it nor has told of it"
            );
        }
        Ok(match effect.execute(account).await {
            Ok(done) => Attempt::Done {
                done,
                reconciled: false,
            },
            Err(e) => self.classify(effect, account, e),
        })
    }

    /// The last look at what our rules forbid, and the word that the request leaves, in one transaction. The lease begins
    /// anew: looking at Twilio may have taken most of it.
    async fn depart(&self, effect: &dyn Effect, held: &Entry) -> Result<Departure, HandlerError> {
        let until = self.clock.now() + delta(self.timings.lease);
        let mut tx = self.store.begin().await?;
        if let Some(refusal) = effect.check_departure(&mut tx, held.counted).await? {
            tx.commit().await?;
            return Ok(Departure::Forbidden(refusal));
        }
        if !effects::extend(&mut tx, held, until).await? {
            tx.rollback().await?;
            return Ok(Departure::Lost);
        }
        tx.commit().await?;
        Ok(Departure::Free)
    }

    /// What Twilio's own callback has told of it meanwhile.
    async fn witnessed(
        &self,
        effect: &dyn Effect,
        held: &Entry,
    ) -> Result<Option<Done>, HandlerError> {
        let mut tx = self.store.read().await?;
        let entry = effects::find(&mut tx, &held.kind, &held.id).await?;
        let sid = entry.and_then(|entry| entry.witness);
        Ok(sid.and_then(|sid| effect.witnessed(sid)))
    }

    /// The oldest that no other effect has made. The oldest, so that of several effects which look the same each
    /// finds one: what a later one may have, an earlier one may have too, but not the other way round.
    async fn unclaimed(
        &self,
        held: &Entry,
        found: Vec<Done>,
    ) -> Result<Option<Done>, HandlerError> {
        let sids: Vec<String> = found.iter().filter_map(|done| done.sid.clone()).collect();
        if found.is_empty() {
            return Ok(None);
        }
        let mut tx = self.store.read().await?;
        let taken = effects::taken(&mut tx, &held.kind, &sids).await?;
        let free = |done: &Done| done.sid.as_ref().is_none_or(|sid| !taken.contains(sid));
        Ok(found.into_iter().find(free))
    }

    fn classify(&self, effect: &dyn Effect, account: &Account, e: twilio_api::Error) -> Attempt {
        match &e {
            // The account's credentials or a proxy's are wrong: mended, the same request will pass.
            twilio_api::Error::Refused { status, code, .. }
                if matches!(status, 401 | 407 | 408) || *code == code::AUTHENTICATION =>
            {
                Attempt::NotDone(e.to_string())
            }
            // As many calls are going on as the account may have: one of them will end.
            twilio_api::Error::Refused {
                code: TOO_MANY_CALLS,
                ..
            } => Attempt::NotDone(e.to_string()),
            twilio_api::Error::Refused { code, message, .. } => Attempt::Refused {
                refusal: effect.refusal(*code, message),
                asked: true,
            },
            twilio_api::Error::Busy { retry_after } => {
                let wait = retry_after.unwrap_or(self.timings.look_after / 2);
                self.slots.throttle(&account.sid, wait);
                Attempt::Busy(e.to_string(), wait)
            }
            _ if e.surely_not_done() => Attempt::NotDone(e.to_string()),
            _ => Attempt::Unknown(e.to_string()),
        }
    }
}

/// What is outside is away or busy: that is not charged to the command, which expires by its own time.
fn later(key: &EffectKey, why: &str) -> HandlerError {
    HandlerError::unavailable(format!("{} {}: {why}", key.kind, key.id))
}

pub(crate) fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
