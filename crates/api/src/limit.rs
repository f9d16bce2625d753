//! How often each of many may ask: so many a second, twice as many at once.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// After so many checks, those who have not asked for a while are forgotten.
const FORGET_AFTER: u32 = 1 << 16;

/// A limit for each key.
pub struct Limiter<K: Hash + Eq + Clone> {
    limiter: DefaultKeyedRateLimiter<K>,
    clock: DefaultClock,
    checks: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// So many a second for each; 0 counts as 1.
    pub fn per_second(rate: u16) -> Self {
        let rate = NonZeroU32::new(u32::from(rate)).unwrap_or(NonZeroU32::MIN);
        let burst = rate.saturating_mul(NonZeroU32::MIN.saturating_add(1));
        Self {
            limiter: RateLimiter::keyed(Quota::per_second(rate).allow_burst(burst)),
            clock: DefaultClock::default(),
            checks: AtomicU32::new(0),
        }
    }

    /// Counts one.
    ///
    /// # Errors
    /// With the time after which the next one is taken, when it is one too many.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        if self.checks.fetch_add(1, Ordering::Relaxed) % FORGET_AFTER == FORGET_AFTER - 1 {
            self.limiter.retain_recent();
        }
        self.limiter
            .check_key(key)
            .map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limiter_beyond_the_burst_says_when_to_come_again() {
        let limiter = Limiter::per_second(1);
        assert_eq!((limiter.check(&"a"), limiter.check(&"a")), (Ok(()), Ok(())));
        let wait = limiter.check(&"a").unwrap_err();
        assert!(
            !wait.is_zero() && wait <= Duration::from_secs(1),
            "{wait:?}"
        );
        assert_eq!(limiter.check(&"b"), Ok(()), "each has its own");
    }
}
