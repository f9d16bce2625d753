//! RabbitMQ.

use std::sync::Arc;
use std::time::Duration;

use events::{Envelope, ReplyTo};

use crate::{Consumer, DeadLetter, Depth, Error, Handler, Subscription, Tap};

pub(crate) struct Amqp;

fn not_yet<T>() -> Result<T, Error> {
    Err(Error::Config(
        "RabbitMQ is not supported yet; unset AMQP_URL".to_owned(),
    ))
}

impl Amqp {
    pub(crate) async fn connect(_: &str, _: &str) -> Result<Arc<Self>, Error> {
        not_yet()
    }
    pub(crate) async fn publish(&self, _: &Envelope) -> Result<(), Error> {
        not_yet()
    }
    pub(crate) async fn publish_all(&self, all: &[Envelope]) -> Vec<Result<(), Error>> {
        all.iter().map(|_| not_yet()).collect()
    }
    pub(crate) async fn request(&self, _: Envelope, _: Duration) -> Result<Envelope, Error> {
        not_yet()
    }
    pub(crate) async fn reply(&self, _: &ReplyTo, _: &Envelope) -> Result<(), Error> {
        not_yet()
    }
    pub(crate) async fn consume(
        &self,
        _: Subscription,
        _: Arc<dyn Handler>,
    ) -> Result<Consumer, Error> {
        not_yet()
    }
    pub(crate) async fn declare(&self, _: &Subscription) -> Result<(), Error> {
        not_yet()
    }
    pub(crate) async fn tap(&self, _: &[&str]) -> Result<Tap, Error> {
        not_yet()
    }
    pub(crate) async fn dead_letters(&self, _: usize) -> Result<Vec<DeadLetter>, Error> {
        not_yet()
    }
    pub(crate) async fn replay(&self, _: &str) -> Result<(), Error> {
        not_yet()
    }
    pub(crate) fn is_ready(&self) -> bool {
        false
    }
    pub(crate) async fn ready(&self) {}
    pub(crate) async fn depths(&self) -> Result<Vec<Depth>, Error> {
        not_yet()
    }
    pub(crate) async fn close(&self) {}
    pub(crate) async fn delete_namespace(&self) -> Result<(), Error> {
        not_yet()
    }
}
