//! How fast we go: messages from one number and calls of one account are spaced, an account that Twilio told to wait waits, and a fault is
//! followed by patience.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// The waits of this role. Tests are in a hurry; everybody else takes the default.
#[derive(Debug, Clone)]
pub struct Timings {
    /// How long after an attempt of unknown outcome Twilio's list can be relied on. The list is eventually
    /// consistent: a message that was taken a moment ago may not be on it yet.
    pub grace: Duration,
    /// How long an attempt holds its effect. Longer than looking for the effect and asking for it take together.
    pub lease: Duration,
    /// The waits before repeats.
    pub retry_delays: Vec<Duration>,
    /// Messages from one number, and calls of one account, in one second. Of more calls than its account may place,
    /// one a second by default, Twilio makes a queue of its own.
    pub per_second: NonZeroU32,
}

impl Default for Timings {
    fn default() -> Self {
        const TEN: NonZeroU32 = match NonZeroU32::new(10) {
            Some(ten) => ten,
            None => NonZeroU32::MIN,
        };
        Self {
            grace: Duration::from_secs(2),
            lease: Duration::from_secs(40),
            retry_delays: bus::RETRY_DELAYS.to_vec(),
            per_second: TEN,
        }
    }
}

/// The longest that an account is held back, whatever it was told.
const LONGEST_HOLD: Duration = Duration::from_secs(30);

/// Says when the next request may go. It waits, it never fails.
pub(crate) struct Pace {
    lanes: DefaultKeyedRateLimiter<String>,
    held: Mutex<HashMap<String, Instant>>,
}

impl Pace {
    pub(crate) fn new(per_second: NonZeroU32) -> Self {
        Self {
            lanes: RateLimiter::keyed(Quota::per_second(per_second)),
            held: Mutex::default(),
        }
    }

    /// Waits until this account, and this lane of it if there is one, may go.
    pub(crate) async fn ready(&self, account: &str, lane: Option<&str>) {
        while let Some(until) = self.held_until(account) {
            tokio::time::sleep_until(until.into()).await;
        }
        if let Some(lane) = lane {
            self.lanes
                .until_key_ready(&format!("{account} {lane}"))
                .await;
        }
    }

    /// Holds an account back, because Twilio is over its limit for it.
    pub(crate) fn hold(&self, account: &str, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST_HOLD);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.entry(account.to_owned()).or_insert(until);
        *held = until.max(*held);
    }

    fn held_until(&self, account: &str) -> Option<Instant> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let until = *held.get(account)?;
        if until <= Instant::now() {
            held.remove(account);
            return None;
        }
        Some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_sender_waits_and_another_does_not() {
        let pace = Pace::new(NonZeroU32::new(20).unwrap());
        let started = Instant::now();
        for _ in 0..20 {
            pace.ready("AC1", Some("+15550100001")).await;
        }
        pace.ready("AC1", Some("+15550100002")).await;
        assert!(started.elapsed() < Duration::from_millis(40));
        pace.ready("AC1", Some("+15550100001")).await;
        assert!(started.elapsed() >= Duration::from_millis(40));
    }

    #[tokio::test]
    async fn an_account_is_held_back_alone() {
        let pace = Pace::new(NonZeroU32::MAX);
        let started = Instant::now();
        pace.hold("AC1", Duration::from_millis(50));
        pace.hold("AC1", Duration::from_millis(10));
        pace.ready("AC2", None).await;
        assert!(started.elapsed() < Duration::from_millis(40));
        pace.ready("AC1", None).await;
        assert!(started.elapsed() >= Duration::from_millis(50));
    }
}
