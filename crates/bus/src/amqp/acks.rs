//! Acks of one channel, a few at a time.
//!
//! To a quorum queue an ack is a command in its log: written, replicated and synced like a message. One for every
//! delivery would be half of the broker's work, done just when the next event wants the disk. So what is settled waits
//! a moment for company, and one ack covers all that came before it. A crash meanwhile means that deliveries are
//! repeated, which consumers expect anyway.

use std::collections::BTreeSet;
use std::time::Duration;

use lapin::Channel;
use lapin::options::BasicAckOptions;
use tokio::time::Instant;

/// How long a settled delivery may wait.
const LAZY: Duration = Duration::from_millis(20);

/// What became of a delivery, by its tag.
#[derive(Debug, Clone, Copy)]
pub(super) enum Outcome {
    /// It is done with, or stands elsewhere, and is to be acked.
    Settled(u64),
    /// It went back to its queue.
    GivenBack(u64),
}

/// A channel's deliveries by their tags, which count up from 1.
pub(super) struct Acks {
    channel: Channel,
    /// Neither acked nor given back: an ack must not cover them.
    in_hand: BTreeSet<u64>,
    settled: BTreeSet<u64>,
    /// When the first of them was settled.
    since: Option<Instant>,
    at_most: usize,
}

impl Acks {
    /// For a channel on which the broker leaves `prefetch` deliveries unacked. The fewer, the less they wait.
    pub(super) fn new(channel: Channel, prefetch: u16) -> Self {
        Self {
            channel,
            in_hand: BTreeSet::new(),
            settled: BTreeSet::new(),
            since: None,
            at_most: usize::from(prefetch / 4).max(1),
        }
    }

    /// A delivery came.
    pub(super) fn taken(&mut self, tag: u64) {
        self.in_hand.insert(tag);
    }

    /// What became of it.
    pub(super) fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Settled(tag) => {
                self.in_hand.remove(&tag);
                self.settled.insert(tag);
                self.since.get_or_insert_with(Instant::now);
            }
            Outcome::GivenBack(tag) => drop(self.in_hand.remove(&tag)),
        }
    }

    /// Resolves when it is time to [`Acks::flush`].
    pub(super) async fn ripe(&self) {
        match self.since {
            Some(_) if self.settled.len() >= self.at_most => {}
            Some(since) => tokio::time::sleep_until(since + LAZY).await,
            None => std::future::pending().await,
        }
    }

    /// Acks all that is settled. An ack that fails means that the channel has gone, and that the deliveries will come
    /// again.
    pub(super) async fn flush(&mut self) {
        self.since = None;
        for (tag, multiple) in plan(&std::mem::take(&mut self.settled), &self.in_hand) {
            let options = BasicAckOptions { multiple };
            let _ = self.channel.basic_ack(tag, options).await;
        }
    }
}

/// The tags to ack, and whether with all before them: one for everything that came before the first delivery still in
/// hand, and one for each that came after.
fn plan(settled: &BTreeSet<u64>, in_hand: &BTreeSet<u64>) -> Vec<(u64, bool)> {
    let first = in_hand.first().copied().unwrap_or(u64::MAX);
    let together = settled.range(..first).next_back();
    let alone = settled.range(first..).map(|tag| (*tag, false));
    together
        .map(|tag| (*tag, true))
        .into_iter()
        .chain(alone)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acks(settled: &[u64], in_hand: &[u64]) -> Vec<(u64, bool)> {
        plan(
            &settled.iter().copied().collect(),
            &in_hand.iter().copied().collect(),
        )
    }

    #[test]
    fn one_ack_covers_all_that_is_settled() {
        assert_eq!(acks(&[4, 5, 6], &[]), [(6, true)]);
        assert_eq!(acks(&[4, 5, 6], &[7, 8]), [(6, true)]);
        assert_eq!(acks(&[], &[1]), []);
    }

    #[test]
    fn none_covers_what_is_still_in_hand() {
        assert_eq!(
            acks(&[2, 3, 5, 7], &[4, 6]),
            [(3, true), (5, false), (7, false)]
        );
        assert_eq!(acks(&[2, 3], &[1]), [(2, false), (3, false)]);
    }
}
