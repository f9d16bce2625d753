#![doc = include_str!("../README.md")]

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Duration, DurationRound, Utc};
use parking_lot::Mutex;
use ulid::Ulid;

/// A point in time, UTC, cut to microseconds so that it survives both databases unchanged.
pub type Time = DateTime<Utc>;

/// Where the time comes from: the system, or a hand that a test moves.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Held(Arc<Mutex<Time>>),
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it. All its clones move together.
    pub fn held(start: Time) -> Self {
        Self(Source::Held(Arc::new(Mutex::new(start))))
    }

    /// The time now, to the microsecond.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => {
                #[expect(clippy::disallowed_methods, reason = "this is the one place")]
                let now = Utc::now();
                now.duration_trunc(Duration::microseconds(1)).unwrap_or(now)
            }
            Source::Held(at) => *at.lock(),
        }
    }

    /// Moves a held clock forward; the system's clock does not listen.
    pub fn advance(&self, by: Duration) {
        if let Source::Held(at) = &self.0 {
            *at.lock() += by;
        }
    }

    /// A new id: a ULID, whose text sorts by the millisecond it was made in.
    pub fn id(&self) -> String {
        Ulid::from_datetime(self.now().into())
            .to_string()
            .to_lowercase()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::System => "Clock(system)",
            Source::Held(_) => "Clock(held)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_clock_moves_only_by_hand() {
        let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let clock = Clock::held(start);
        let twin = clock.clone();
        assert_eq!(clock.now(), start);
        twin.advance(Duration::seconds(5));
        assert_eq!(clock.now(), start + Duration::seconds(5));
    }

    #[test]
    fn ids_sort_by_time() {
        let clock = Clock::held(DateTime::from_timestamp(1_700_000_000, 0).unwrap());
        let first = clock.id();
        clock.advance(Duration::milliseconds(1));
        assert!(first < clock.id());
    }

    #[test]
    fn times_have_no_more_than_microseconds() {
        assert_eq!(Clock::system().now().timestamp_subsec_nanos() % 1_000, 0);
    }
}
