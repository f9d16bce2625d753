use std::time::Duration;

use clock::{Clock, Time};
use parking_lot::{Mutex, MutexGuard};

use crate::settings;

/// Keeps us from a provider that fails every time, and lets one request find out whether that is over.
pub(crate) struct Breaker {
    limits: settings::Breaker,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In a row.
    failures: u32,
    /// Nobody is let through before; `None` when everybody is.
    until: Option<Time>,
    /// A request is finding out.
    probing: bool,
}

/// Permission to ask. Dropped without a word it says nothing about the provider.
pub(crate) struct Permit<'a> {
    breaker: &'a Breaker,
    probe: bool,
}

impl Breaker {
    pub(crate) fn new(limits: settings::Breaker, clock: Clock) -> Self {
        Self {
            limits,
            clock,
            state: Mutex::default(),
        }
    }

    /// A permit, or how long there will be none.
    pub(crate) fn admit(&self) -> Result<Permit<'_>, Duration> {
        let now = self.clock.now();
        let mut state = self.state();
        let Some(until) = state.until else {
            return Ok(Permit {
                breaker: self,
                probe: false,
            });
        };
        if now < until || state.probing {
            return Err((until - now).to_std().unwrap_or_default());
        }
        state.probing = true;
        Ok(Permit {
            breaker: self,
            probe: true,
        })
    }

    /// Whether [`Breaker::admit`] would let a request through.
    pub(crate) fn admits(&self) -> bool {
        let state = self.state();
        state
            .until
            .is_none_or(|until| self.clock.now() >= until && !state.probing)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl Permit<'_> {
    /// The provider answered, if only to refuse.
    pub(crate) fn alive(self) {
        let mut state = self.breaker.state();
        state.failures = 0;
        state.until = None;
    }

    /// The provider failed. True when that was once too often.
    pub(crate) fn failed(self) -> bool {
        let Breaker { limits, clock, .. } = self.breaker;
        let mut state = self.breaker.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures < limits.failures.max(1) {
            return false;
        }
        let first = state.until.is_none();
        // Those who were already on their way when it opened do not make the pause longer.
        if first || self.probe {
            let pause = chrono::Duration::from_std(limits.pause).unwrap_or_default();
            state.until = Some(clock.now() + pause);
        }
        first
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.state().probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker() -> (Breaker, Clock) {
        let clock = Clock::held(chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let limits = settings::Breaker {
            failures: 2,
            pause: Duration::from_secs(30),
        };
        (Breaker::new(limits, clock.clone()), clock)
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_success_closes_it() {
        let (breaker, clock) = breaker();
        assert!(!breaker.admit().unwrap().failed());
        breaker.admit().unwrap().alive();
        assert!(!breaker.admit().unwrap().failed());
        assert!(breaker.admit().unwrap().failed());
        assert_eq!(breaker.admit().err(), Some(Duration::from_secs(30)));
        clock.advance(chrono::Duration::seconds(30));
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "one is enough to find out");
        probe.alive();
        assert!(breaker.admit().is_ok());
    }

    #[test]
    fn failed_probe_opens_it_again_and_a_dropped_one_decides_nothing() {
        let (breaker, clock) = breaker();
        breaker.admit().unwrap().failed();
        breaker.admit().unwrap().failed();
        clock.advance(chrono::Duration::seconds(30));
        drop(breaker.admit().unwrap());
        assert!(breaker.admits());
        breaker.admit().unwrap().failed();
        assert_eq!(breaker.admit().err(), Some(Duration::from_secs(30)));
    }

    #[test]
    fn latecomers_do_not_make_the_pause_longer() {
        let (breaker, clock) = breaker();
        let late = breaker.admit().unwrap();
        breaker.admit().unwrap().failed();
        breaker.admit().unwrap().failed();
        clock.advance(chrono::Duration::seconds(10));
        late.failed();
        assert_eq!(breaker.admit().err(), Some(Duration::from_secs(20)));
    }
}
