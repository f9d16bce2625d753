//! Two times on the line: the steps that came, and the pace at which the other side plays.

use std::time::Duration;

use crate::FRAME_TIME;

/// So many steps behind the pace, frames that carry no place of their own count as lost.
const LOST: u64 = 25;

/// A place that is further ahead than a minute is no place.
const FURTHEST: u64 = 3_000;

/// Counts frames.
#[derive(Debug, Clone, Default)]
pub(crate) struct MediaClock {
    steps: u64,
    moved: Duration,
    pace: u64,
}

impl MediaClock {
    /// The line begins now.
    pub fn begin(&mut self, at: Duration) {
        self.moved = at;
    }

    /// Frames that have been accounted for.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// When the last frame came.
    pub fn moved(&self) -> Duration {
        self.moved
    }

    /// Where the other side is by now. It never goes back.
    pub fn pace(&mut self, at: Duration) -> u64 {
        let since = at.saturating_sub(self.moved).as_millis() / FRAME_TIME.as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.pace = self.pace.max(self.steps.saturating_add(since));
        self.pace
    }

    /// When the other side is a step further, whether a frame comes or not.
    pub fn next_pace(&self, at: Duration) -> Duration {
        let since = at.saturating_sub(self.moved).as_millis() / FRAME_TIME.as_millis();
        let steps = u32::try_from(since).unwrap_or(u32::MAX).saturating_add(1);
        self.moved.saturating_add(FRAME_TIME.saturating_mul(steps))
    }

    /// How many steps are missing before a frame that comes now; `None` when its place has passed.
    pub fn gap(&mut self, at: Duration, timestamp_ms: Option<u64>) -> Option<u64> {
        let furthest = self.steps + FURTHEST;
        let place = match timestamp_ms.map(|ms| ms / 20) {
            Some(place) if place <= furthest => place,
            Some(_) => self.steps,
            None if self.pace(at) > self.steps + LOST => self.pace,
            None => self.steps,
        };
        place.checked_sub(self.steps)
    }

    /// One more frame.
    pub fn step(&mut self, at: Duration) -> u64 {
        let step = self.steps;
        self.steps += 1;
        self.moved = at;
        self.pace = self.pace.max(self.steps);
        step
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn pace_during_a_stall_goes_on_and_never_back() {
        let mut clock = MediaClock::default();
        clock.begin(ms(0));
        for n in 0..10 {
            clock.step(ms(n * 20));
        }
        assert_eq!(clock.pace(ms(180)), 10);
        assert_eq!(clock.pace(ms(380)), 20);
        assert_eq!(clock.next_pace(ms(180)), ms(200));
        assert_eq!(clock.next_pace(ms(385)), ms(400));
        // The frames that were held up come at once.
        for _ in 0..10 {
            assert_eq!(clock.gap(ms(400), None), Some(0));
            clock.step(ms(400));
        }
        assert_eq!((clock.steps(), clock.pace(ms(400))), (20, 21));
    }

    #[test]
    fn gap_by_timestamp_counts_what_was_lost() {
        let mut clock = MediaClock::default();
        clock.begin(ms(0));
        clock.step(ms(0));
        assert_eq!(clock.gap(ms(100), Some(100)), Some(4));
        assert_eq!(clock.gap(ms(100), Some(0)), None);
        // Without one, only a long silence on the wire counts.
        assert_eq!(clock.gap(ms(300), None), Some(0));
        assert_eq!(clock.gap(ms(1_000), None), Some(50));
    }
}
