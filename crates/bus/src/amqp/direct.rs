//! Events that are handed on to a consumer at work, without being stored.
//!
//! Whoever republishes a question still holds it, unacked, in a queue of its own: storing what follows from it a second
//! time protects nothing, and costs the one who waits a sync of the broker's log. So it goes to the consumer as it is,
//! and is acked when that says it has handled it. If it does not, in time, the event is published as any other; both may
//! then be handled, which consumers expect anyway.
//!
//! Each consumer that takes part has a second queue, where nothing waits: what cannot be delivered at once is dropped.

use std::sync::Arc;
use std::time::Duration;

use events::{Envelope, ReplyTo};
use futures::StreamExt;
use lapin::BasicProperties;
use lapin::options::BasicConsumeOptions;
use tokio::task::JoinSet;
use tracing::debug;

use super::connection::{DIRECT_REPLY_TO, Session};
use super::headers;
use super::publish::{Message, UNHEARD};
use super::serve::{self, Opened, Serve};
use super::shared::{Amqp, Core, PATIENCE};
use crate::consumer::Signals;
use crate::handle::{self, Verdict};
use crate::{Delivery, Error, Handler, Subscription};

/// How long the consumer may take. Whoever waits for the reply has seconds.
const HANDLING: Duration = Duration::from_secs(1);
/// What the consumer answers when it has handled the event, and when it could not.
const HANDLED: &str = "bus.handled";
const NOT_HANDLED: &str = "bus.not_handled";

impl Amqp {
    /// Whether it has been handled. What goes wrong here goes wrong with the publishing that follows, too, or it does not.
    pub(super) async fn offer(&self, envelope: &Envelope) -> bool {
        let handled = tokio::time::timeout(HANDLING, self.ask_direct(envelope)).await;
        match handled {
            Ok(Ok(handled)) => handled,
            Ok(Err(error)) => {
                debug!(event.id = envelope.id, %error, "an event was not handed on");
                false
            }
            Err(_) => false,
        }
    }

    async fn ask_direct(&self, envelope: &Envelope) -> Result<bool, Error> {
        let core = &self.core;
        let session = core.session(PATIENCE).await?;
        let mut slot = core.pending.open();
        let message = Message {
            exchange: &core.names.now,
            key: headers::short(&envelope.kind)?,
            properties: question(envelope, &slot.correlation)?,
            body: &envelope.data,
            mandatory: true,
        };
        let route = message.route();
        let sent = session.questions.publish_unheard(message, UNHEARD);
        let mut sent = std::pin::pin!(sent);
        let mut is_sent = false;
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut slot.reply => break answer,
                sent = &mut sent, if !is_sent => {
                    sent?;
                    is_sent = true;
                }
            }
        };
        if answer.is_ok() && !is_sent {
            session.questions.learn(route);
        }
        let handled = answer.is_ok_and(|answer| answer.kind == HANDLED);
        if handled {
            core.shows.show(envelope);
        }
        Ok(handled)
    }
}

/// The address for the answer to the event travels apart: the usual place is needed for our own.
fn question(envelope: &Envelope, correlation: &str) -> Result<BasicProperties, Error> {
    let mut apart = Vec::new();
    if let Some(to) = &envelope.reply_to {
        apart.push((headers::REPLY_TO, to.address.as_str()));
        apart.push((headers::CORRELATION, to.correlation.as_str()));
    }
    Ok(headers::transient_with(envelope, &apart)?
        .with_reply_to(headers::short(DIRECT_REPLY_TO)?)
        .with_correlation_id(headers::short(correlation)?))
}

/// Handles what is handed on to a subscription, on one connection after the other.
pub(super) async fn run(
    core: Arc<Core>,
    subscription: Subscription,
    handler: Arc<dyn Handler>,
    signals: Signals,
) {
    let taker = Taker {
        core,
        subscription: Arc::new(subscription),
        handler,
    };
    serve::run(taker, signals).await;
}

#[derive(Clone)]
struct Taker {
    core: Arc<Core>,
    subscription: Arc<Subscription>,
    handler: Arc<dyn Handler>,
}

impl Serve for Taker {
    const WAITS: &'static str = "nothing can be handed on yet";
    const SUFFIX: &'static str = ".now";

    fn core(&self) -> &Core {
        &self.core
    }

    fn queue(&self) -> &str {
        &self.subscription.queue
    }

    async fn open(&self) -> Result<Opened, Error> {
        let queue = self.core.names.now(&self.subscription.queue)?;
        let options = BasicConsumeOptions {
            no_ack: true,
            ..BasicConsumeOptions::default()
        };
        self.core
            .open(&self.subscription, queue, "at-once", options)
            .await
    }

    async fn serve(&self, opened: Opened, in_hand: &mut JoinSet<()>, signals: &Signals) {
        let Opened {
            session,
            mut consumer,
            ..
        } = opened;
        let prefetch = usize::from(self.subscription.prefetch.max(1));
        loop {
            tokio::select! {
                biased;
                () = signals.abort.cancelled() => return,
                () = signals.stop.cancelled() => return,
                Some(_) = in_hand.join_next() => {}
                delivery = consumer.next(), if in_hand.len() < prefetch => match delivery {
                    Some(Ok(delivery)) => {
                        let (taker, session) = (self.clone(), session.clone());
                        in_hand.spawn(async move { taker.take(&session, delivery).await });
                    }
                    Some(Err(_)) | None => return,
                },
            }
        }
    }
}

impl Taker {
    async fn take(&self, session: &Session, delivery: lapin::message::Delivery) {
        let properties = delivery.properties;
        let key = delivery.routing_key.as_str();
        let envelope = Envelope {
            reply_to: apart(&properties),
            ..headers::envelope(&properties, key, delivery.data)
        };
        let given = Delivery {
            envelope,
            attempt: 1,
        };
        let Subscription {
            queue,
            retry_delays,
            ..
        } = &*self.subscription;
        let verdict = handle::run(self.handler.as_ref(), queue, given, 0, retry_delays).await;
        let answer = match verdict {
            Verdict::Done => HANDLED,
            Verdict::Retry { .. } | Verdict::Dead(_) => NOT_HANDLED,
        };
        let (Some(to), Some(correlation)) = (properties.reply_to(), properties.correlation_id())
        else {
            return;
        };
        // A broker that takes nothing gets nothing that would wait for it here.
        if session.connection.status().blocked() {
            return;
        }
        let properties = headers::word(answer).with_correlation_id(correlation.clone());
        let said = self.core.send_reply(session, to.clone(), &[], properties);
        if let Ok(Err(error)) = said.await {
            debug!(queue, %error, "nobody is told that an event was handled");
        }
    }
}

/// Where the answer to the event goes.
fn apart(properties: &BasicProperties) -> Option<ReplyTo> {
    let headers = properties.headers().as_ref()?;
    Some(ReplyTo {
        address: headers::text(headers, headers::REPLY_TO)?,
        correlation: headers::text(headers, headers::CORRELATION)?,
    })
}
