//! What a consumer gets, and how it settles it.

use std::time::Duration;

use async_trait::async_trait;
use events::Envelope;

/// One event in the hands of a consumer.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event.
    pub envelope: Envelope,
    /// 1 on the first delivery, one more on each that follows, whatever the reason.
    pub attempt: u32,
}

/// How a delivery ends. It is settled by value, so it cannot be settled twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Handled; forget it.
    Done,
    /// Not now: deliver it again after the next of [`crate::RETRY_DELAYS`] without blocking others;
    /// to the dead letters when those are used up. The words say why, for people.
    Retry(String),
    /// Something outside is away: deliver it again after about this long, as often as it takes. It uses up no repeat and
    /// never makes a dead letter. The words say what is away, for people.
    Wait {
        /// What is away.
        reason: String,
        /// How long to wait; the bus takes the nearest of the subscription's delays that is not longer, or its shortest.
        after: Duration,
    },
    /// Never: to the dead letters at once. The words say why, for people.
    Dead(String),
}

/// A consumer's code.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Handles one delivery. A panic counts as [`Disposition::Retry`].
    async fn handle(&self, delivery: Delivery) -> Disposition;
}
