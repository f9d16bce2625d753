//! How an attempt ends in the ledger: released, done, or refused.

use metrics::counter;
use role::HandlerError;
use tracing::{error, info, warn};

use crate::db::effects::{self, Entry, State};
use crate::effect::{Done, Effect, Refusal};
use crate::effect_runner::{EffectRunner, delta};

impl EffectRunner {
    /// Releases an effect whose outcome is not known yet. `grace`: it is not taken up again at once.
    pub(crate) async fn release(
        &self,
        held: &Entry,
        in_doubt: bool,
        grace: bool,
    ) -> Result<(), HandlerError> {
        let now = self.clock.now();
        let until = if grace {
            now + delta(self.timings.look_after)
        } else {
            now
        };
        let state = if in_doubt {
            State::Unknown
        } else {
            State::Waiting
        };
        let mut tx = self.store.begin().await?;
        effects::release(&mut tx, held, state, until).await?;
        tx.commit().await?;
        counter!("egress_effects_total", "kind" => held.kind.clone(), "outcome" => state.as_str())
            .increment(1);
        Ok(())
    }

    pub(crate) async fn done(
        &self,
        held: Entry,
        done: Done,
        reconciled: bool,
    ) -> Result<Entry, HandlerError> {
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
                self.release(&held, true, false).await?;
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
            repeated = settled.repeated,
            "effect done"
        );
        Ok(settled)
    }

    pub(crate) async fn refused(
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
