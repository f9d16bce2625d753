use std::time::Duration;

use futures::future::BoxFuture;
use metrics::{counter, histogram};
use rand::Rng as _;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout_at};
use tracing::{debug, warn};

use crate::breaker::{Breaker, Leave};
use crate::miss::{LATE, Miss};
use crate::provider::{Client, Got, Measure, Work};
use crate::{Error, Prices, Provider, Retry, Usage};

/// A provider with what keeps it from being asked too much.
pub(crate) struct Desk {
    pub provider: Provider,
    pub client: Box<dyn Client>,
    pub does: &'static [Work],
    /// How often it is asked for one answer.
    pub attempts: u32,
    pub gate: Semaphore,
    /// One for each [`Work`]: a broken voice says nothing about chat.
    pub breakers: [Breaker; 3],
}

impl Desk {
    pub(crate) fn does(&self, work: Work) -> bool {
        self.does.contains(&work)
    }

    fn breaker(&self, work: Work) -> &Breaker {
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
    fn attempt<'a>(&'a self, desk: &'a Desk) -> BoxFuture<'a, Result<Got<Self::Raw>, Miss>>;

    /// Whether the answer will do.
    fn accept(&self, raw: Self::Raw) -> Result<Self::Value, Miss>;
}

/// How long, how often, at what price.
pub(crate) struct Terms<'a> {
    pub within: Duration,
    /// For one attempt.
    pub attempt: Duration,
    pub retry: Retry,
    pub prices: &'a Prices,
}

/// Asks one after the other, each as often as is allowed, until somebody answers or the time is over. The time that is left is
/// shared out evenly among those who have not been asked, so that one who never answers leaves time for the others.
pub(crate) async fn ask<J: Job>(
    job: &J,
    desks: &[&Desk],
    terms: &Terms<'_>,
) -> Result<(J::Value, Usage), Error> {
    let mut round = Round {
        started: Instant::now(),
        attempts: 0,
        worst: None,
    };
    let end = round.started + terms.within;
    for (index, desk) in desks.iter().enumerate() {
        let now = Instant::now();
        if now >= end {
            break;
        }
        let open = |desk: &&&Desk| desk.breaker(J::WORK).admits();
        let others = desks[index + 1..].iter().filter(open).count() as u32;
        let until = now + (end - now) / (others + 1);
        let part = Part { until, others };
        if let Some(answer) = round.at(job, desk, &part, terms).await {
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
    worst: Option<(Provider, Miss)>,
}

impl Round {
    /// All attempts at one provider.
    async fn at<J: Job>(
        &mut self,
        job: &J,
        desk: &Desk,
        part: &Part,
        terms: &Terms<'_>,
    ) -> Option<(J::Value, Usage)> {
        for number in 1..=desk.attempts.max(1) {
            let miss = match self.attempt(job, desk, part, terms).await {
                Ok(answer) => return Some(answer),
                Err(miss) => miss,
            };
            let wait = match &miss {
                Miss::Refused(_) | Miss::Unasked { .. } => None,
                // Nobody waits for one who asks for patience while there are others.
                Miss::Failed { retry_after, .. } if part.others > 0 && retry_after.is_some() => {
                    None
                }
                Miss::Failed { retry_after, .. } => wait(&terms.retry, number, *retry_after),
            };
            self.note(desk.provider, miss);
            let wait = wait.filter(|_| number < desk.attempts)?;
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
        desk: &Desk,
        part: &Part,
        terms: &Terms<'_>,
    ) -> Result<(J::Value, Usage), Miss> {
        let _slot = timeout_at(part.until, desk.gate.acquire())
            .await
            .map_err(|_| Miss::Unasked {
                why: "others were being served",
                retry_after: None,
            })?;
        let leave = desk
            .breaker(J::WORK)
            .admit()
            .map_err(|pause| Miss::Unasked {
                why: "it failed too often and is left alone for now",
                retry_after: Some(pause),
            })?;
        self.attempts += 1;
        let started = Instant::now();
        let limit = part.until.min(started + terms.attempt);
        let got = timeout_at(limit, job.attempt(desk)).await;
        let got = got.unwrap_or_else(|_| Err(Miss::failed(LATE)));
        let accepted = got.and_then(|got| {
            let Got {
                value,
                model,
                measure,
            } = got;
            Ok((job.accept(value)?, model, measure))
        });
        let outcome = accepted.as_ref().err().map_or("ok", Miss::outcome);
        let (provider, task) = (desk.provider.as_str(), job.task());
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
        report(leave, accepted.as_ref().err(), provider, J::WORK);
        let (value, model, measure) = accepted?;
        let usage = self.usage(desk.provider, model, &measure, terms.prices);
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

    fn note(&mut self, provider: Provider, miss: Miss) {
        let failed = |miss: &Miss| !matches!(miss, Miss::Refused(_));
        let before = self.worst.as_ref().is_some_and(|(_, miss)| failed(miss));
        if failed(&miss) || !before {
            self.worst = Some((provider, miss));
        }
    }

    fn error(self, work: Work, end: Instant, within: Duration) -> Error {
        let attempts = self.attempts;
        match self.worst {
            Some((provider, Miss::Refused(status))) => Error::Refused { provider, status },
            _ if Instant::now() >= end => Error::Deadline { within, attempts },
            Some((
                provider,
                Miss::Failed { why, retry_after } | Miss::Unasked { why, retry_after },
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

/// Tells the breaker how it went. What was refused was answered.
fn report(leave: Leave<'_>, miss: Option<&Miss>, provider: &'static str, work: Work) {
    match miss {
        None | Some(Miss::Refused(_)) => leave.alive(),
        Some(Miss::Failed { why, .. } | Miss::Unasked { why, .. }) => {
            if leave.failed() {
                warn!(
                    provider,
                    work = work.as_str(),
                    why,
                    "a provider is left alone for a while"
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
