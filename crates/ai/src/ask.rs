use std::time::Duration;

use futures::future::BoxFuture;
use metrics::{counter, histogram};
use rand::Rng as _;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, warn};

use crate::attempt::{AttemptError, INVALID, LATE};
use crate::breaker::{Breaker, Permit};
use crate::provider::{Client, Got, Measure, Work};
use crate::{Error, Prices, Provider, Retry, Usage};

/// A provider with what keeps it from being asked too much.
pub(crate) struct ProviderSlot {
    pub provider: Provider,
    pub client: Box<dyn Client>,
    pub does: &'static [Work],
    /// How often it is asked for one answer.
    pub attempts: u32,
    pub gate: Semaphore,
    /// One for each [`Work`]: a broken voice says nothing about chat.
    pub breakers: [Breaker; 3],
}

impl ProviderSlot {
    pub(crate) fn does(&self, work: Work) -> bool {
        self.does.contains(&work)
    }

    pub(crate) fn breaker(&self, work: Work) -> &Breaker {
        &self.breakers[work as usize]
    }
}

/// Something that any of several providers may do.
pub(crate) trait Job: Sync {
    /// The answer as a provider gives it.
    type Raw: Send;
    /// The answer as it is wanted.
    type Value: Send;
    const WORK: Work;

    /// The label of metrics.
    fn task(&self) -> &'static str {
        Self::WORK.as_str()
    }

    /// One attempt.
    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<Self::Raw>, AttemptError>>;

    /// Whether the answer will do.
    fn accept(&self, raw: Self::Raw) -> Result<Self::Value, AttemptError>;
}

/// How long, how often, at what price.
pub(crate) struct Terms<'a> {
    pub within: Duration,
    /// For one attempt.
    pub attempt: Duration,
    pub retry: Retry,
    pub prices: &'a Prices,
}

/// Asks one after the other, each as often as is allowed, until a provider answers or the time is over. The time that is left is
/// shared out evenly among those who have not been asked, so that one who never answers leaves time for the others.
pub(crate) async fn ask<J: Job>(
    job: &J,
    slots: &[&ProviderSlot],
    terms: &Terms<'_>,
) -> Result<(J::Value, Usage), Error> {
    let mut round = Round {
        started: Instant::now(),
        attempts: 0,
        worst: None,
    };
    let end = round.started + terms.within;
    for (index, slot) in slots.iter().enumerate() {
        let now = Instant::now();
        if now >= end {
            break;
        }
        let open = |slot: &&&ProviderSlot| slot.breaker(J::WORK).admits();
        let others = slots[index + 1..].iter().filter(open).count() as u32;
        let until = now + (end - now) / (others + 1);
        let part = Part { until, others };
        if let Some(answer) = round.at(job, slot, &part, terms).await {
            return Ok(answer);
        }
    }
    Err(round.error(J::WORK, end, terms.within))
}

/// One provider's part of an [`ask`].
struct Part {
    until: Instant,
    /// Who may be asked afterwards.
    others: u32,
}

/// The state of one [`ask`].
struct Round {
    started: Instant,
    attempts: u32,
    /// Who brought nothing last; one who may work later is worth more than one who refused.
    worst: Option<(Provider, AttemptError)>,
}

impl Round {
    /// All attempts at one provider.
    async fn at<J: Job>(
        &mut self,
        job: &J,
        slot: &ProviderSlot,
        part: &Part,
        terms: &Terms<'_>,
    ) -> Option<(J::Value, Usage)> {
        for number in 1..=slot.attempts.max(1) {
            let error = match self.attempt(job, slot, part, terms).await {
                Ok(answer) => return Some(answer),
                Err(error) => error,
            };
            let wait = match &error {
                AttemptError::Refused(_) | AttemptError::Unasked { .. } => None,
                // Nobody waits for one who asks for patience while there are others.
                AttemptError::Failed { retry_after, .. }
                    if part.others > 0 && retry_after.is_some() =>
                {
                    None
                }
                AttemptError::Failed { retry_after, .. } => {
                    wait(&terms.retry, number, *retry_after)
                }
                AttemptError::Invalid => wait(&terms.retry, number, None),
            };
            self.note(slot.provider, error);
            let wait = wait.filter(|_| number < slot.attempts)?;
            if Instant::now() + wait >= part.until {
                return None;
            }
            sleep(wait).await;
        }
        None
    }

    async fn attempt<J: Job>(
        &mut self,
        job: &J,
        slot: &ProviderSlot,
        part: &Part,
        terms: &Terms<'_>,
    ) -> Result<(J::Value, Usage), AttemptError> {
        let _slot = timeout_at(part.until, slot.gate.acquire())
            .await
            .map_err(|_| AttemptError::Unasked {
                why: "others were being served",
                retry_after: None,
            })?;
        let permit = slot
            .breaker(J::WORK)
            .admit()
            .map_err(|pause| AttemptError::Unasked {
                why: "it failed too often and is left alone for now",
                retry_after: Some(pause),
            })?;
        self.attempts += 1;
        let started = Instant::now();
        let limit = part.until.min(started + terms.attempt);
        let got = timeout_at(limit, job.attempt(slot)).await;
        let got = got.unwrap_or_else(|_| Err(AttemptError::failed(LATE)));
        let accepted = got.and_then(|got| {
            let Got {
                value,
                model,
                measure,
            } = got;
            Ok((job.accept(value)?, model, measure))
        });
        let outcome = accepted.as_ref().err().map_or("ok", AttemptError::outcome);
        let (provider, task) = (slot.provider.as_str(), job.task());
        let took = started.elapsed();
        counter!("ai_attempts_total", "provider" => provider, "task" => task, "outcome" => outcome)
            .increment(1);
        histogram!("ai_attempt_seconds", "provider" => provider, "task" => task, "outcome" => outcome)
            .record(took.as_secs_f64());
        debug!(
            provider,
            task,
            outcome,
            elapsed_ms = took.as_millis() as u64,
            "asked a provider"
        );
        report(permit, accepted.as_ref().err(), provider, J::WORK);
        let (value, model, measure) = accepted?;
        let usage = self.usage(slot.provider, model, &measure, terms.prices);
        if let Some(cost) = usage.cost_micro_usd {
            counter!("ai_cost_micro_usd_total", "provider" => provider, "task" => task)
                .increment(cost);
        }
        Ok((value, usage))
    }

    fn usage(
        &self,
        provider: Provider,
        model: String,
        measure: &Measure,
        prices: &Prices,
    ) -> Usage {
        Usage {
            provider,
            cost_micro_usd: prices.of(&model, measure),
            model,
            simulated: provider == Provider::Simulated,
            latency: self.started.elapsed(),
            attempts: self.attempts,
            prompt_tokens: measure.prompt_tokens,
            completion_tokens: measure.completion_tokens,
        }
    }

    fn note(&mut self, provider: Provider, error: AttemptError) {
        let failed = |error: &AttemptError| !matches!(error, AttemptError::Refused(_));
        let before = self.worst.as_ref().is_some_and(|(_, error)| failed(error));
        if failed(&error) || !before {
            self.worst = Some((provider, error));
        }
    }

    fn error(self, work: Work, end: Instant, within: Duration) -> Error {
        let attempts = self.attempts;
        match self.worst {
            Some((provider, AttemptError::Refused(status))) => Error::Refused { provider, status },
            _ if Instant::now() >= end => Error::Deadline { within, attempts },
            Some((provider, AttemptError::Invalid)) => Error::Failed {
                provider,
                why: INVALID,
                attempts,
                retry_after: None,
            },
            Some((
                provider,
                AttemptError::Failed { why, retry_after }
                | AttemptError::Unasked { why, retry_after },
            )) => Error::Failed {
                provider,
                why,
                attempts,
                retry_after,
            },
            None => Error::NoProvider {
                what: work.as_str(),
            },
        }
    }
}

/// Tells the breaker how it went. A refusal and an answer that cannot be used are answers: what one caller says must not close
/// the provider to the others.
fn report(permit: Permit<'_>, error: Option<&AttemptError>, provider: &'static str, work: Work) {
    match error {
        None | Some(AttemptError::Refused(_) | AttemptError::Invalid) => permit.alive(),
        Some(AttemptError::Failed { why, .. } | AttemptError::Unasked { why, .. }) => {
            if permit.failed() {
                warn!(
                    provider,
                    work = work.as_str(),
                    why,
                    "circuit breaker opened"
                );
            }
        }
    }
}

/// How long to wait after a failed attempt; `None` when the provider wants more patience than there is.
fn wait(retry: &Retry, number: u32, asked: Option<Duration>) -> Option<Duration> {
    let doubled = retry.first.saturating_mul(1 << (number - 1).min(16));
    let part = rand::rng().random_range(0.5..=1.0);
    let own = doubled.min(retry.longest).mul_f64(part);
    match asked {
        Some(asked) if asked > retry.longest => None,
        Some(asked) => Some(own.max(asked)),
        None => Some(own),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_within_bounds_and_respect_what_was_asked_for() {
        let retry = Retry {
            attempts: 9,
            first: Duration::from_millis(100),
            longest: Duration::from_secs(2),
        };
        for _ in 0..100 {
            let own = |number| wait(&retry, number, None).unwrap().as_millis();
            assert!((50..=100).contains(&own(1)));
            assert!((200..=400).contains(&own(3)));
            assert!((1_000..=2_000).contains(&own(9)));
        }
        let asked = |seconds| wait(&retry, 1, Some(Duration::from_secs(seconds)));
        assert_eq!(asked(1), Some(Duration::from_secs(1)));
        assert_eq!(asked(3), None);
    }
}
