//! One queue for several consumers of a role: a queue costs the broker file handles, a consumer costs it nothing.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{Delivery, Disposition, Handler, Subscription};
use tracing::error;

use crate::consumer::Consumer;
use crate::error::Error;

/// A queue of a role, and which consumer takes which events from it.
pub(crate) struct Queue {
    subscription: Subscription,
    members: Vec<Member>,
}

struct Member {
    /// Routing keys that are its own.
    takes: Vec<String>,
    handler: Arc<dyn Handler>,
}

impl Queue {
    /// A queue without consumers.
    pub(crate) fn new(name: String) -> Self {
        let mut subscription = Subscription::new(name, Vec::<String>::new());
        subscription.prefetch = 0;
        Self {
            subscription,
            members: Vec::new(),
        }
    }

    /// The broker's name of it, without the namespace.
    pub(crate) fn name(&self) -> &str {
        &self.subscription.queue
    }

    /// Adds a consumer, with the subscription that it would have on a queue of its own. It takes events of this type besides
    /// those it is bound to.
    pub(crate) fn add(
        &mut self,
        (alone, handler): Consumer,
        kind: &'static str,
    ) -> Result<(), Error> {
        let mut takes = alone.bindings.clone();
        takes.push(kind.to_owned());
        let taken = |key: &&String| self.members.iter().any(|member| member.takes.contains(key));
        if let Some(key) = takes.iter().find(taken) {
            return Err(Error::Settings(format!(
                "two consumers of the queue {} take {key}; give one of them a queue of its own",
                self.name()
            )));
        }
        let ours = &mut self.subscription;
        if self.members.is_empty() {
            ours.retry_delays = alone.retry_delays;
        } else if ours.retry_delays != alone.retry_delays {
            return Err(Error::Settings(format!(
                "{} repeats otherwise than those who share the queue {}; give it one of its own",
                alone.queue, ours.queue
            )));
        }
        // Those who share a queue share its places, and none of them is to have fewer than it would have alone.
        ours.prefetch = ours.prefetch.max(alone.prefetch);
        ours.direct |= alone.direct;
        ours.bindings.extend(alone.bindings);
        self.members.push(Member { takes, handler });
        Ok(())
    }

    /// For the list that starts consumers.
    pub(crate) fn into_consumer(self) -> Consumer {
        (self.subscription.clone(), Arc::new(self))
    }
}

#[async_trait]
impl Handler for Queue {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let kind = &delivery.envelope.kind;
        let takes = |key: &String| bus::matches(key, kind);
        let member = self.members.iter().find(|it| it.takes.iter().any(takes));
        match member {
            Some(member) => member.handler.handle(delivery).await,
            None => {
                let queue = self.name();
                error!(
                    queue,
                    event.id = delivery.envelope.id,
                    event.kind = kind,
                    "no consumer takes the event"
                );
                Disposition::Dead(format!("no consumer of {queue} takes {kind}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use clock::Clock;
    use events::Envelope;
    use events::v1::NumberBuy;

    use super::*;

    /// Notes its name.
    struct Noting(&'static str, Arc<Mutex<Vec<String>>>);

    #[async_trait]
    impl Handler for Noting {
        async fn handle(&self, delivery: Delivery) -> Disposition {
            let words = format!("{} {}", self.0, delivery.envelope.kind);
            self.1.lock().unwrap().push(words);
            Disposition::Done
        }
    }

    fn of_kind(kind: &str) -> Delivery {
        let mut envelope = Envelope::new("trunkline/test", &Clock::system(), &NumberBuy::default());
        envelope.kind = kind.to_owned();
        Delivery {
            envelope,
            attempt: 1,
        }
    }

    #[tokio::test]
    async fn shared_queue_hands_each_event_to_the_consumer_that_is_bound_to_it() {
        let seen = Arc::default();
        let alone = |name: &'static str, bindings: &[&str]| -> Consumer {
            let subscription = Subscription::new(format!("calls.{name}"), bindings.iter().copied());
            (subscription, Arc::new(Noting(name, Arc::clone(&seen))))
        };
        let mut queue = Queue::new("calls.timeline".to_owned());
        queue
            .add(alone("status", &["call.status"]), "call.status")
            .unwrap();
        queue
            .add(alone("texts", &["message.*"]), "message")
            .unwrap();
        // One that is bound later takes its own type all the same.
        queue.add(alone("later", &[]), "call.ended").unwrap();
        let twin = queue.add(alone("twin", &["call.status"]), "call.status");
        assert!(twin.unwrap_err().to_string().contains("call.status"));

        let (subscription, handler) = queue.into_consumer();
        assert_eq!(subscription.queue, "calls.timeline");
        assert_eq!(subscription.bindings, ["call.status", "message.*"]);
        assert_eq!(subscription.prefetch, 32);
        for kind in ["message.sent", "call.ended", "call.status"] {
            assert_eq!(handler.handle(of_kind(kind)).await, Disposition::Done);
        }
        let untaken = handler.handle(of_kind("call.missed")).await;
        assert!(matches!(untaken, Disposition::Dead(_)), "{untaken:?}");
        let seen = seen.lock().unwrap().clone();
        assert_eq!(
            seen,
            [
                "texts message.sent",
                "later call.ended",
                "status call.status"
            ]
        );
    }
}
