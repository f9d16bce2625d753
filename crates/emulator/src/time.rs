//! The emulator's own time: it starts at the real time and runs `speed` times as fast.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::Instant;

/// The virtual clock. Every wait and every timestamp of the emulator goes through it, except HTTP timeouts: the
/// application under test is not sped up.
#[derive(Clone, Debug)]
pub(crate) struct Time {
    origin: DateTime<Utc>,
    began: Instant,
    speed: f64,
}

impl Time {
    pub(crate) fn new(origin: DateTime<Utc>, speed: f64) -> Self {
        Self {
            origin,
            began: Instant::now(),
            speed,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        let simulated = self.began.elapsed().as_secs_f64() * self.speed;
        self.origin + chrono::Duration::microseconds((simulated * 1e6) as i64)
    }

    /// Waits for a simulated duration.
    pub(crate) async fn sleep(&self, simulated: Duration) {
        tokio::time::sleep(self.real(simulated)).await;
    }

    /// How long a simulated duration really takes.
    pub(crate) fn real(&self, simulated: Duration) -> Duration {
        simulated.div_f64(self.speed)
    }
}

/// Seconds as a duration; what is negative or not a number is no time at all, and a week is the longest.
pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.min(604_800.0)).unwrap_or_default()
}

/// As Twilio writes dates in bodies and parameters: `Tue, 31 Mar 2026 20:36:28 +0000`.
pub(crate) fn rfc2822(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn runs_faster_than_the_real_clock() {
        let time = Time::new(DateTime::UNIX_EPOCH, 1000.0);
        let before = Instant::now();
        time.sleep(seconds(20.0)).await;
        assert!(before.elapsed() < Duration::from_secs(5));
        assert!((time.now() - DateTime::UNIX_EPOCH).num_seconds() >= 20);
    }

    #[test]
    fn writes_dates_as_twilio_does() {
        assert_eq!(
            rfc2822(DateTime::UNIX_EPOCH),
            "Thu, 01 Jan 1970 00:00:00 +0000"
        );
        assert_eq!(seconds(-1.0), Duration::ZERO);
        assert_eq!(seconds(f64::NAN), seconds(604_800.0));
    }
}
