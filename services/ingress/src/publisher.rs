//! An event goes to the bus, or to the spool when the bus cannot take it.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use events::v1::{NoReply, TwimlReply};
use events::{Envelope, Event};
use tokio::time::{Instant, timeout_at};
use tracing::{debug, error};

use crate::spool::Spool;

/// The bus, and the spool behind it.
pub struct Publisher {
    bus: Bus,
    spool: Arc<Spool>,
}

/// What came of it.
pub enum Published {
    /// The bus has it, and this is what was decided.
    Decided(String),
    /// The bus has it, and that is all that was wanted.
    Stored,
    /// The bus has it, but nobody has decided: why, in a word.
    Undecided(&'static str),
    /// It waits in the spool: why, in a word.
    Spooled(&'static str),
    /// Neither could take it.
    Lost,
}

impl Published {
    /// As the counter of webhooks names it.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Decided(_) => "decided",
            Self::Stored => "stored",
            Self::Undecided(why) => why,
            Self::Spooled(_) => "spooled",
            Self::Lost => "lost",
        }
    }

    /// Why there is no decision, as the counter of fallbacks names it.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Spooled(why) => why,
            other => other.outcome(),
        }
    }
}

impl Publisher {
    /// Over this bus, with this spool.
    pub fn new(bus: Bus, spool: Arc<Spool>) -> Self {
        Self { bus, spool }
    }

    /// Publishes, and waits for what is decided. `in_turn`: first for what is in the spool, too.
    pub async fn request_reply(
        &self,
        envelope: &Envelope,
        deadline: Duration,
        in_turn: bool,
    ) -> Published {
        let until = Instant::now() + deadline;
        if in_turn && timeout_at(until, self.spool.emptied()).await.is_err() {
            return self.keep(envelope, "spool").await;
        }
        let left = until.saturating_duration_since(Instant::now());
        match self.bus.request(envelope.clone(), left).await {
            // Whoever should decide cannot, and says so at once.
            Ok(reply) if reply.kind == NoReply::TYPE => Published::Undecided("declined"),
            Ok(reply) => match reply.decode::<TwimlReply>() {
                Ok(reply) => Published::Decided(reply.xml),
                Err(e) => {
                    error!(error = %e, "the reply is not TwiML");
                    Published::Undecided("garbled")
                }
            },
            Err(bus::Error::NoReply(_)) => Published::Undecided("late"),
            Err(e) => self.keep(envelope, why(&e)).await,
        }
    }

    /// Publishes, and waits for the confirm only.
    pub async fn notify(&self, envelope: &Envelope) -> Published {
        if !self.spool.is_empty() {
            // What waits goes first.
            return self.keep(envelope, "spool").await;
        }
        match self.bus.publish(envelope).await {
            Ok(()) => Published::Stored,
            Err(e) => self.keep(envelope, why(&e)).await,
        }
    }

    async fn keep(&self, envelope: &Envelope, reason: &'static str) -> Published {
        debug!(reason, "the webhook goes to the spool");
        match self.spool.keep(envelope).await {
            Ok(()) => Published::Spooled(reason),
            Err(e) => {
                error!(error = %e, "neither the bus nor the spool could take a webhook");
                Published::Lost
            }
        }
    }
}

/// Why the bus did not take an event, in a word.
fn why(error: &bus::Error) -> &'static str {
    match error {
        bus::Error::Unroutable(_) => "no_role",
        _ => "bus",
    }
}
