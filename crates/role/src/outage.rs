//! What a loop does while something that it needs is away: it backs off, and does not fill the log.

use std::fmt::Display;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{info, warn};

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// Between two lines of the log while it lasts.
const REMINDER: Duration = Duration::from_secs(60);

/// One thing that a loop needs: said to be away once, then once a minute, then once that it is back.
#[derive(Debug)]
pub struct Outage {
    what: &'static str,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    since: Instant,
    told: Instant,
    failures: u32,
}

impl Outage {
    /// Nothing is wrong yet. `what` is the line of the log, such as `the outbox cannot be read`.
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            running: None,
        }
    }

    /// It failed: how long to wait before the next try, from a tenth of a second to five seconds.
    pub fn failed(&mut self, error: &dyn Display) -> Duration {
        let now = Instant::now();
        let (told, wait) = self.note(now);
        if let (true, Some(running)) = (told, &self.running) {
            warn!(%error, failures = running.failures, for_s = (now - running.since).as_secs(), "{}", self.what);
        }
        wait
    }

    /// Whether it is to be told now, and how long to wait.
    fn note(&mut self, now: Instant) -> (bool, Duration) {
        let first = self.running.is_none();
        let running = self.running.get_or_insert(Running {
            since: now,
            told: now,
            failures: 0,
        });
        running.failures = running.failures.saturating_add(1);
        let told = first || now - running.told >= REMINDER;
        if told {
            running.told = now;
        }
        let wait = FIRST
            .saturating_mul(1 << (running.failures - 1).min(10))
            .min(LONGEST);
        (told, wait)
    }

    /// It worked.
    pub fn recovered(&mut self) {
        if let Some(Running {
            since, failures, ..
        }) = self.running.take()
        {
            info!(
                failures,
                for_s = since.elapsed().as_secs(),
                "over: {}",
                self.what
            );
        }
    }

    /// Whether it failed when it was last tried.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_backs_off_to_five_seconds_and_begins_anew() {
        let mut outage = Outage::new("the test cannot be run");
        let waits: Vec<_> = (0..8).map(|_| outage.failed(&"away").as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert!(outage.is_running());
        outage.recovered();
        assert!(!outage.is_running());
        assert_eq!(outage.failed(&"away").as_millis(), 100);
    }

    #[test]
    fn outage_of_ten_minutes_is_told_once_a_minute() {
        let mut outage = Outage::new("the test cannot be run");
        let (start, mut passed) = (Instant::now(), Duration::ZERO);
        let (mut tries, mut lines) = (0, 0);
        while passed < Duration::from_secs(600) {
            let (told, wait) = outage.note(start + passed);
            passed += wait;
            tries += 1;
            lines += u32::from(told);
        }
        assert_eq!(lines, 10, "of {tries} tries");
        assert!(tries < 130, "{tries}");
    }
}
