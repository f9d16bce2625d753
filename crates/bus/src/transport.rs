//! What the two buses have in common.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use events::{Envelope, ReplyTo};

use crate::{Consumer, DeadLetter, Depth, Error, Handler, Subscription, Tap};

/// Whether a dead letter's event may be put back.
pub(crate) type May = Box<dyn Fn(&Envelope) -> bool + Send>;

/// One of the two buses; [`Bus`](crate::Bus) says what each of these promises. Whoever holds a bus holds it by this name
/// alone, so that the compiler does not look through a whole AMQP client in each function that is given one.
#[async_trait]
pub(crate) trait Transport: Send + Sync {
    /// For logs.
    fn name(&self) -> &'static str;

    async fn publish(&self, envelope: &Envelope) -> Result<(), Error>;

    async fn publish_all(&self, envelopes: &[Envelope]) -> Vec<Result<(), Error>>;

    async fn dispatch_direct(&self, _: &Envelope) -> bool {
        false
    }

    async fn request(&self, envelope: Envelope, timeout: Duration) -> Result<Envelope, Error>;

    async fn reply(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error>;

    async fn consume(
        &self,
        subscription: Subscription,
        handler: Arc<dyn Handler>,
    ) -> Result<Consumer, Error>;

    async fn declare(&self, subscription: &Subscription) -> Result<(), Error>;

    async fn tap(&self, patterns: &[&str]) -> Result<Tap, Error>;

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, Error>;

    async fn dead_count(&self) -> Result<u64, Error>;

    async fn replay(&self, id: &str, may: May) -> Result<(), Error>;

    fn is_ready(&self) -> bool;

    async fn ready(&self) {}

    fn declared(&self) -> Vec<Subscription> {
        Vec::new()
    }

    fn unserved(&self) -> Vec<String> {
        Vec::new()
    }

    async fn depths(&self) -> Result<Vec<Depth>, Error>;

    fn consumers_have_stopped(&self) {}

    async fn close(&self);

    async fn delete_namespace(&self) -> Result<(), Error>;
}
