//! What callers measure together while a step lasts.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use super::frames::FRAME;
use crate::load::Latencies;

/// Shared by all callers, who live in one thread.
#[derive(Default)]
pub struct Tally {
    /// Whether anything is counted now.
    counts: Cell<bool>,
    late: RefCell<Vec<Duration>>,
    own: RefCell<Vec<Duration>>,
    frames: Cell<u64>,
    clears: RefCell<Vec<Barge>>,
    broken: Cell<usize>,
}

/// An interruption: how many frames of speech had been sent when the `clear` came, and how long after the last of them.
#[derive(Debug, Clone, Copy)]
pub struct Barge {
    /// When each frame of speech was sent, after the first.
    pub frames: usize,
    /// From the first frame of speech to the `clear`.
    pub after: Duration,
}

/// What was counted.
pub struct Counted {
    /// How late frames of the other side came.
    pub late: Latencies,
    /// How late the callers' own frames left.
    pub own: Latencies,
    /// Frames that came.
    pub frames: u64,
}

impl Tally {
    /// Counts from now on.
    pub fn begin(&self) {
        self.late.take();
        self.own.take();
        self.frames.set(0);
        self.counts.set(true);
    }

    /// Does not count any more.
    pub fn end(&self) -> Counted {
        self.counts.set(false);
        Counted {
            late: Latencies::new(self.late.take()),
            own: Latencies::new(self.own.take()),
            frames: self.frames.take(),
        }
    }

    /// A frame of the other side came.
    pub fn frame(&self) {
        if self.counts.get() {
            self.frames.set(self.frames.get() + 1);
        }
    }

    /// Frames of the other side were so late.
    pub fn late(&self, late: impl Iterator<Item = Duration>) {
        if self.counts.get() {
            self.late.borrow_mut().extend(late);
        }
    }

    /// A frame of a caller's own left so late.
    pub fn own(&self, late: Duration) {
        if self.counts.get() {
            self.own.borrow_mut().push(late);
        }
    }

    /// What was being said was dropped.
    pub fn cleared(&self, barge: Barge) {
        self.clears.borrow_mut().push(barge);
    }

    /// A caller's line broke.
    pub fn broke(&self) {
        self.broken.set(self.broken.get() + 1);
    }

    /// How many lines broke.
    pub fn broken(&self) -> usize {
        self.broken.get()
    }

    /// From the frame that decided to the `clear` of each interruption. All callers say the same, so the same frame decides: the
    /// earliest that ever did.
    pub fn clears(&self) -> Latencies {
        let clears = self.clears.borrow();
        let decides = clears.iter().map(|it| it.frames).min().unwrap_or(1);
        let sent = FRAME * u32::try_from(decides.saturating_sub(1)).unwrap_or(0);
        let after = clears.iter().map(|it| it.after.saturating_sub(sent));
        Latencies::new(after.collect())
    }
}

/// How late frames were that should come one every 20 ms, by when they came, once `lead` are there at once. The one that came
/// earliest for its place was in time.
pub fn lateness(came: &[Duration], lead: usize) -> impl Iterator<Item = Duration> {
    let place = |(n, came): (usize, &Duration)| {
        let due = FRAME * u32::try_from(n).unwrap_or(u32::MAX);
        // Beyond the first frame by so much; places may lie before it.
        came.as_micros() as i64 - due.as_micros() as i64
    };
    let paced = came.get(lead..).unwrap_or_default();
    let first = paced.iter().enumerate().map(place).min().unwrap_or(0);
    paced
        .iter()
        .enumerate()
        .map(move |it| Duration::from_micros(u64::try_from(place(it) - first).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn lateness_is_against_the_frame_that_was_in_time() {
        // Two at once, then one every 20 ms; the third of those 7 ms late, the first 1 ms.
        let came = [0, 0, 21, 40, 67, 80].map(ms);
        let late: Vec<_> = lateness(&came, 2).collect();
        assert_eq!(late, [1, 0, 7, 0].map(ms));
        assert_eq!(lateness(&came[..1], 2).count(), 0);
    }

    #[test]
    fn clear_counts_from_the_earliest_frame_that_ever_decided() {
        let tally = Tally::default();
        for (frames, after) in [(16, 303), (17, 322), (16, 300)] {
            let after = ms(after);
            tally.cleared(Barge { frames, after });
        }
        let clears = tally.clears();
        assert_eq!((clears.ms(0.5), clears.ms(1.0)), (3.0, 22.0));
    }
}
