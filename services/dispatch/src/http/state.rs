//! What the handlers work with.

use api::ApiError;
use bus::Bus;
use clock::Clock;
use directory::Directory;
use objects::Objects;
use role::{Relay, Tx};
use store::{Store, outbox};

use crate::app::follow::{Follow, later_rows};

/// What the handlers work with.
pub struct State {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// The time.
    pub clock: Clock,
    /// The numbers of this platform.
    pub directory: Directory,
    /// Where businesses are asked for, and answers.
    pub bus: Bus,
    /// Where what messages carry is kept.
    pub objects: Objects,
}

impl State {
    /// Commits a decision, and lets what follows leave. `cause` makes the ids of the events.
    pub(super) async fn conclude(
        &self,
        mut tx: Tx,
        cause: &str,
        follow: Follow,
    ) -> Result<(), ApiError> {
        let now = self.clock.now();
        let (due, later): (Vec<_>, Vec<_>) = follow
            .into_envelopes(cause, now)
            .into_iter()
            .partition(|(_, at)| *at <= now);
        let leaving: Vec<_> = due.into_iter().map(|(envelope, _)| envelope).collect();
        self.relay.put(&mut tx, now, &leaving).await?;
        outbox::put(&mut tx, &later_rows(&later)).await?;
        tx.commit().await?;
        self.relay.leave(leaving);
        Ok(())
    }
}
