//! Paid work, done once: its result is kept under the effect's id before anybody is told, and a command that comes again finds it.
//!
//! What cannot be helped: a process that dies after a provider has answered and before the answer is kept pays again.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clock::Clock;
use objects::Objects;
use role::budget::{Budget, OVER_BUDGET};
use role::{Cause, HandlerError, KeyedMutex, Note, Timeline, derive_id};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedMutexGuard;
use tracing::{info, warn};

use crate::Timings;
use crate::usage::Took;

/// How often an answer that was paid for is offered to the store.
const KEEPING: u32 = 4;
/// The wait between those.
const KEEPING_WAIT: Duration = Duration::from_millis(250);
/// A key's part is no longer.
const LONGEST_ID: usize = 128;

/// Does work once. Clones share everything.
#[derive(Clone)]
pub(crate) struct Results {
    pub objects: Objects,
    pub locks: Arc<KeyedMutex>,
    pub timings: Arc<Timings>,
    pub timeline: Timeline,
    pub clock: Clock,
    pub budget: Budget,
}

/// Which work it is.
pub(crate) struct Effect<'a> {
    /// The folder of its results: `score`.
    pub kind: &'static str,
    /// The command's id of it.
    pub id: &'a str,
    /// Who pays; empty: nobody in particular.
    pub tenant: &'a str,
    /// A digest of what the result depends on: the same id with something else to work on is other work. Empty where the id
    /// says it all.
    pub made_of: String,
}

/// A result, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Kept<T> {
    pub made_of: String,
    pub value: T,
    /// None: nobody was asked.
    pub took: Option<Took>,
}

/// What came of the work.
pub(crate) enum EffectResult<T> {
    /// It is done, now or before.
    Done(Kept<T>),
    /// It will not be done, for this reason.
    Failed(&'static str),
}

/// Why work was not done.
#[derive(Debug)]
pub(crate) enum Miss {
    /// It may work later.
    Later { reason: &'static str, why: String },
    /// It never will.
    Never(&'static str),
    /// What it needs is not there yet: the command is delivered again after about so long, and no attempt is counted.
    NotYet { why: String, after: Duration },
}

impl From<ai::Error> for Miss {
    fn from(e: ai::Error) -> Self {
        let reason = e.reason();
        if e.is_retryable() {
            let why = e.to_string();
            Self::Later { reason, why }
        } else {
            warn!(error = %e, "a provider will not do it");
            Self::Never(reason)
        }
    }
}

impl From<objects::Error> for Miss {
    fn from(e: objects::Error) -> Self {
        Self::Later {
            reason: "store_failed",
            why: e.to_string(),
        }
    }
}

/// A result, and what it took.
pub(crate) type Made<T> = Result<(T, Option<Took>), Miss>;

impl Effect<'_> {
    /// The object that keeps its result. An id that no key can hold is digested.
    pub(crate) fn key(&self) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let id = self.id;
        let fits = id.len() <= LONGEST_ID && !id.starts_with('.') && id.chars().all(plain);
        if fits {
            format!("ai/{}/{id}.json", self.kind)
        } else {
            format!("ai/{}/{}.json", self.kind, derive_id(&[id]))
        }
    }

    /// The id of the event that tells its result: the same whenever it is told.
    pub(crate) fn told_as(&self, event: &str) -> String {
        derive_id(&[event, self.id, &self.made_of])
    }
}

impl Results {
    /// The result of `make`, which is only begun when there is none yet.
    pub(crate) async fn execute<T>(
        &self,
        effect: &Effect<'_>,
        cause: &Cause,
        make: impl Future<Output = Made<T>> + Send,
    ) -> Result<EffectResult<T>, HandlerError>
    where
        T: Serialize + DeserializeOwned + Send + Sync,
    {
        if effect.id.is_empty() {
            return Err(HandlerError::Reject(format!(
                "{} without an id",
                effect.kind
            )));
        }
        let _lock = self.lock(effect).await;
        match self.kept(effect).await {
            Ok(Some(kept)) if kept.made_of == effect.made_of => {
                info!(effect.kind, effect.id, "done before");
                return Ok(EffectResult::Done(kept));
            }
            Ok(_) => {}
            Err(miss) => return self.settle(effect, cause, miss),
        }
        // Whoever asked goes on as where no provider answers; what is kept already costs nothing.
        if self.budget.is_spent(effect.tenant).await {
            return self.settle(effect, cause, Miss::Never(OVER_BUDGET));
        }
        match make.await {
            Ok((value, took)) => {
                self.spent(effect.tenant, took.as_ref());
                self.note(effect, cause, took.as_ref());
                let made_of = effect.made_of.clone();
                let kept = Kept {
                    made_of,
                    value,
                    took,
                };
                self.keep(effect, &kept).await;
                Ok(EffectResult::Done(kept))
            }
            Err(miss) => self.settle(effect, cause, miss),
        }
    }

    /// Tells what it has cost.
    pub(crate) fn spent(&self, tenant: &str, took: Option<&Took>) {
        let cost = took.and_then(|took| took.cost_micro_usd);
        self.budget.spent(tenant, cost);
    }

    /// Notes what a provider was paid for, for the timeline of the call.
    pub(crate) fn note(&self, effect: &Effect<'_>, cause: &Cause, took: Option<&Took>) {
        let Some(took) = took else { return };
        let latency = Duration::from_millis(took.latency_ms.into());
        let began = self.clock.now() - TimeDelta::milliseconds(took.latency_ms.into());
        let note = Note::new("scoring", "provider", effect.kind, began)
            .tenant(cause.tenant.clone().unwrap_or_default())
            .key(cause.key.clone().unwrap_or_default())
            .took(latency)
            .detail(&took.facts());
        self.timeline.note(note);
    }

    /// Waits until nobody else in this process works on the same.
    pub(crate) async fn lock(&self, effect: &Effect<'_>) -> OwnedMutexGuard<()> {
        self.locks.take(&effect.key()).await
    }

    /// Again later, or never: after a few attempts whoever asked has waited long enough.
    pub(crate) fn settle<T>(
        &self,
        effect: &Effect<'_>,
        cause: &Cause,
        miss: Miss,
    ) -> Result<EffectResult<T>, HandlerError> {
        match miss {
            Miss::Later { why, .. } if cause.attempt < self.timings.attempts => {
                Err(HandlerError::Retry(why))
            }
            Miss::Later { reason, why } => {
                warn!(effect.kind, effect.id, reason, why, "given up");
                Ok(EffectResult::Failed(reason))
            }
            Miss::Never(reason) => Ok(EffectResult::Failed(reason)),
            Miss::NotYet { why, after } => Err(HandlerError::Unavailable {
                reason: why,
                retry_after: Some(after),
            }),
        }
    }

    /// What is kept of an effect. Something else in its place counts as nothing.
    pub(crate) async fn kept<T: DeserializeOwned>(
        &self,
        effect: &Effect<'_>,
    ) -> Result<Option<Kept<T>>, Miss> {
        let object = self.objects.get(&effect.key()).await?;
        Ok(object.and_then(|object| serde_json::from_slice(&object.bytes).ok()))
    }

    /// Keeps what was paid for. When it cannot be kept it is told all the same: asking again would not make it better.
    pub(crate) async fn keep<T: Serialize>(&self, effect: &Effect<'_>, kept: &Kept<T>) {
        let (key, Ok(bytes)) = (effect.key(), serde_json::to_vec(kept)) else {
            return;
        };
        for attempt in 1..=KEEPING {
            let put = self.objects.put(&key, bytes.clone(), "application/json");
            match put.await {
                Ok(()) => return,
                Err(e) if attempt == KEEPING || !e.is_away() => {
                    warn!(error = %e, key, "a result is not kept; a repeat would pay again");
                    return;
                }
                Err(_) => tokio::time::sleep(KEEPING_WAIT).await,
            }
        }
    }
}
