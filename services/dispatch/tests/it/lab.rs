//! The role on a platform of its own, with somebody at each end of the bus.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use clock::Clock;
use events::v1::{MessageSend, OptOutChanged};
use events::{Envelope, Event};
use serde_json::Value;
use store::Store;
use testkit::{Kit, Log, Mode};

use crate::world;

pub struct Lab {
    kit: Kit,
    store: Store,
    published: Mutex<Vec<(String, String)>>,
    next: AtomicU32,
}

testkit::has_kit!(Lab);

/// What this process logs.
pub fn log() -> &'static Log {
    Log::of("info,dispatch=trace,role=debug,bus=debug")
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Lab>) -> F) {
    log();
    let kit = Kit::new("dispatch", mode, Clock::held(world::at(0)), &[]).await;
    let parts = kit.open().await;
    let heard = [MessageSend::TYPE, OptOutChanged::TYPE];
    kit.ear.listen(&parts.bus, &heard).await;
    kit.keys.give_each(&["smith", "jones"]);
    kit.keys.serve(&parts.bus).await;
    kit.start(vec![dispatch::ROLE.start(&parts).await.unwrap()])
        .await;
    let store = kit.store("dispatch", dispatch::door::MIGRATIONS).await;
    let lab = Lab {
        kit,
        store,
        published: Mutex::default(),
        next: AtomicU32::new(0),
    };
    testkit::run(lab, case).await;
}

impl Lab {
    /// Publishes an event of this time, and gives its id.
    pub async fn publish<E: Event>(&self, time: DateTime<Utc>, event: &E) -> String {
        let id = format!("event-{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.publish_as(&id, time, event).await;
        id
    }

    /// Publishes an event with this id.
    pub async fn publish_as<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        self.throw(id, time, event).await;
        let queue = match E::TYPE {
            "call.missed" => "dispatch.text-back",
            "sms.inbound" => "dispatch.inbound",
            "message.sent" => "dispatch.sent",
            "message.refused" => "dispatch.refused",
            "twilio.message.status" => "dispatch.status",
            _ => "dispatch.opt-out",
        };
        self.published
            .lock()
            .unwrap()
            .push((queue.to_owned(), id.to_owned()));
    }

    /// Publishes an event that will not be decided, so that nobody waits for it.
    pub async fn throw<E: Event>(&self, id: &str, time: DateTime<Utc>, event: &E) {
        let envelope = Envelope::at("trunkline/test", id.to_owned(), time, event).tenant("smith");
        self.bus().publish(&envelope).await.unwrap();
    }

    /// Waits until all that was published is decided, and what followed has arrived.
    pub async fn rest(&self) {
        let published = std::mem::take(&mut *self.published.lock().unwrap());
        for (queue, id) in &published {
            self.handled(&self.store, queue, id).await;
        }
        self.outbox_is_empty(&self.store).await;
        self.ear.catch_up::<MessageSend>(&self.bus()).await;
    }

    /// The commands to send a message, with their envelopes, in the order of their arrival.
    pub async fn sends(&self) -> Vec<(Envelope, MessageSend)> {
        self.rest().await;
        let heard = self.ear.distinct().into_iter();
        heard
            .filter_map(|e| Some((e.clone(), e.decode().ok()?)))
            .collect()
    }

    /// The wishes that dispatch told of.
    pub async fn changes(&self) -> Vec<bool> {
        self.rest().await;
        let heard = self.ear.distinct().into_iter();
        let ours = heard.filter(|e| e.source == "trunkline/dispatch");
        ours.filter_map(|e| Some(e.decode::<OptOutChanged>().ok()?.opted_out))
            .collect()
    }

    /// The thread of the caller with smith's first number, when all is at rest.
    pub async fn thread(&self) -> Value {
        self.rest().await;
        let id = world::thread_id("smith", 0, world::CALLER);
        self.get(&format!("/conversations/{id}")).await
    }
}
