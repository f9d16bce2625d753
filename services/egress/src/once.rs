//! Doing an effect once, whatever happens to the processes, the connections and Twilio in between.
//!
//! Twilio does not deduplicate, so the ledger does: the effect's row says before the request that there may be
//! one, and after it what came of it. An attempt that finds a row without an outcome looks at Twilio first.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clock::{Clock, Time};
use metrics::counter;
use role::{Cause, HandlerError, Turns};
use store::Store;
use tracing::{error, info, warn};
use twilio_api::code;

use crate::accounts::{Account, Accounts};
use crate::db::effects::{self, Entry, State};
use crate::effect::{Done, Effect, Facts, Refusal};
use crate::pace::{Pace, Timings};

/// Twilio's code for an account that has as many calls as it may have at a time.
const TOO_MANY_CALLS: u32 = 10004;

/// How an attempt ended.
enum Attempt {
    Done {
        done: Done,
        reconciled: bool,
    },
    Refused {
        refusal: Refusal,
        asked: bool,
    },
    /// This attempt surely did nothing.
    NotDone(String),
    /// Nobody knows.
    Unknown(String),
}

/// Does effects once. Clones share everything.
#[derive(Clone)]
pub(crate) struct Once {
    pub store: Store,
    pub clock: Clock,
    pub accounts: Accounts,
    pub pace: Arc<Pace>,
    pub turns: Arc<Turns>,
    pub timings: Arc<Timings>,
}

impl Once {
    /// Does the effect, or finds that it is done or refused already. The entry is settled.
    pub(crate) async fn run(
        &self,
        effect: &dyn Effect,
        cause: &Cause,
    ) -> Result<Entry, HandlerError> {
        let facts = effect.facts();
        let _turn = self.turns.take(&facts.fingerprint).await;
        let seen = self.look(&facts).await?;
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
        let account = self.accounts.of(&facts.account_sid).await?;
        self.pace.ready(&account.sid, facts.lane.as_deref()).await;

        let now = self.clock.now();
        let held = self.entry(&facts, &account, cause, seen.as_ref(), now);
        let mut tx = self.store.begin().await?;
        if !effects::claim(&mut tx, &held, seen.as_ref(), now).await? {
            tx.rollback().await?;
            return Err(later(&facts, "another attempt is under way"));
        }
        tx.commit().await?;

        let in_doubt = seen.as_ref().is_some_and(Entry::is_in_doubt);
        let attempt = match self.attempt(effect, &account, &held, in_doubt).await {
            Ok(attempt) => attempt,
            Err(fault) => {
                // Nothing was asked of Twilio yet.
                self.let_go(&held, in_doubt, false).await?;
                return Err(fault);
            }
        };
        match attempt {
            Attempt::NotDone(why) => {
                self.let_go(&held, in_doubt, false).await?;
                Err(later(&facts, &why))
            }
            Attempt::Unknown(why) => {
                self.let_go(&held, true, true).await?;
                Err(later(&facts, &why))
            }
            Attempt::Done { done, reconciled } => self.done(held, done, reconciled).await,
            Attempt::Refused { refusal, asked } => self.refused(effect, held, refusal, asked).await,
        }
    }

    /// Takes over what a process left under way that is known to be gone.
    pub(crate) async fn relieve(&self) -> Result<usize, store::Error> {
        let until = self.clock.now() + delta(self.timings.grace);
        let mut tx = self.store.begin().await?;
        let left = effects::relieve(&mut tx, until).await?;
        tx.commit().await?;
        Ok(left)
    }

    async fn look(&self, facts: &Facts) -> Result<Option<Entry>, HandlerError> {
        let mut tx = self.store.read().await?;
        Ok(effects::find(&mut tx, facts.kind, &facts.id).await?)
    }

    /// Waits until an earlier attempt is over and its trace can be found; gives up if that takes long.
    async fn wait_for(&self, entry: &Entry) -> Result<(), HandlerError> {
        let left = entry.lease_until.0 - self.clock.now();
        let left = left.to_std().unwrap_or_default();
        if left > self.timings.grace {
            return Err(HandlerError::Retry(format!(
                "{} {} is in the hands of another attempt",
                entry.kind, entry.id
            )));
        }
        tokio::time::sleep(left).await;
        Ok(())
    }

    /// The row as it is while this attempt runs.
    fn entry(
        &self,
        facts: &Facts,
        account: &Account,
        cause: &Cause,
        seen: Option<&Entry>,
        now: Time,
    ) -> Entry {
        let lease_until = (now + delta(self.timings.lease)).into();
        let fresh = Entry {
            kind: facts.kind.to_owned(),
            id: facts.id.clone(),
            entry: self.clock.id(),
            cause: cause.id.clone(),
            tenant_id: facts.tenant_id.clone(),
            account_sid: account.sid.clone(),
            fingerprint: facts.fingerprint.clone(),
            sender: facts.sender.clone(),
            recipient: facts.recipient.clone(),
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
        };
        let Some(seen) = seen else { return fresh };
        Entry {
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
        held: &Entry,
        in_doubt: bool,
    ) -> Result<Attempt, HandlerError> {
        if in_doubt {
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
        if let Some(refusal) = effect.forbidden().await? {
            return Ok(Attempt::Refused {
                refusal,
                asked: false,
            });
        }
        Ok(match effect.act(account).await {
            Ok(done) => Attempt::Done {
                done,
                reconciled: false,
            },
            Err(e) => self.classify(effect, account, e),
        })
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
                let wait = retry_after.unwrap_or(self.timings.grace / 2);
                self.pace.hold(&account.sid, wait);
                Attempt::NotDone(e.to_string())
            }
            _ if e.surely_not_done() => Attempt::NotDone(e.to_string()),
            _ => Attempt::Unknown(e.to_string()),
        }
    }

    async fn let_go(&self, held: &Entry, in_doubt: bool, grace: bool) -> Result<(), HandlerError> {
        let now = self.clock.now();
        let until = if grace {
            now + delta(self.timings.grace)
        } else {
            now
        };
        let state = if in_doubt {
            State::Unknown
        } else {
            State::Waiting
        };
        let mut tx = self.store.begin().await?;
        effects::let_go(&mut tx, held, state, until).await?;
        tx.commit().await?;
        counter!("egress_effects_total", "kind" => held.kind.clone(), "outcome" => state.as_str())
            .increment(1);
        Ok(())
    }

    async fn done(&self, held: Entry, done: Done, reconciled: bool) -> Result<Entry, HandlerError> {
        let now = self.clock.now().into();
        let settled = Entry {
            state: State::Done.as_str().to_owned(),
            reconciled,
            sid: done.sid,
            status: Some(done.status),
            detail: Some(done.detail),
            settled_at: Some(now),
            lease_until: now,
            ..held.clone()
        };
        let mut tx = self.store.begin().await?;
        match effects::settle(&mut tx, &settled).await {
            Ok(true) => tx.commit().await?,
            Ok(false) => {
                tx.rollback().await?;
                // Possible only when this attempt slept through its lease.
                error!(
                    effect.kind = settled.kind,
                    effect.id = settled.id,
                    effect.sid = settled.sid,
                    "an effect was settled by another attempt meanwhile; it may have been done twice"
                );
                counter!("egress_effects_total", "kind" => settled.kind, "outcome" => "overtaken")
                    .increment(1);
                let mut tx = self.store.read().await?;
                let entry = effects::find(&mut tx, &held.kind, &held.id).await?;
                return entry
                    .ok_or_else(|| HandlerError::Retry("the ledger lost an effect".into()));
            }
            Err(e) if e.is_duplicate() => {
                tx.rollback().await?;
                self.let_go(&held, true, false).await?;
                warn!(
                    effect.kind = held.kind,
                    effect.id = held.id,
                    effect.sid = settled.sid,
                    "what was found belongs to another effect; looking again"
                );
                return Err(HandlerError::Retry(
                    "what was found belongs to another effect".into(),
                ));
            }
            Err(e) => return Err(e.into()),
        }
        if reconciled {
            counter!("egress_reconciled_total").increment(1);
        }
        counter!("egress_effects_total", "kind" => settled.kind.clone(), "outcome" => "done")
            .increment(1);
        info!(
            effect.kind = settled.kind,
            effect.id = settled.id,
            effect.sid = settled.sid,
            tenant.id = settled.tenant_id,
            to = settled.recipient,
            attempts = settled.attempts,
            reconciled,
            "effect done"
        );
        Ok(settled)
    }

    async fn refused(
        &self,
        effect: &dyn Effect,
        held: Entry,
        refusal: Refusal,
        asked: bool,
    ) -> Result<Entry, HandlerError> {
        let now = self.clock.now().into();
        let settled = Entry {
            state: State::Refused.as_str().to_owned(),
            asked,
            code: refusal.code.into(),
            reason: Some(refusal.reason.to_owned()),
            detail: Some(refusal.detail.clone()),
            settled_at: Some(now),
            lease_until: now,
            ..held
        };
        let mut tx = self.store.begin().await?;
        if !effects::settle(&mut tx, &settled).await? {
            tx.rollback().await?;
            return Err(HandlerError::Retry("another attempt settled it".into()));
        }
        if asked {
            effect.refused(&mut tx, &refusal).await?;
        }
        tx.commit().await?;
        counter!("egress_effects_total", "kind" => settled.kind.clone(), "outcome" => "refused")
            .increment(1);
        warn!(
            effect.kind = settled.kind,
            effect.id = settled.id,
            tenant.id = settled.tenant_id,
            to = settled.recipient,
            code = settled.code,
            reason = refusal.reason,
            asked,
            "effect refused"
        );
        Ok(settled)
    }
}

fn later(facts: &Facts, why: &str) -> HandlerError {
    HandlerError::Retry(format!("{} {}: {why}", facts.kind, facts.id))
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
