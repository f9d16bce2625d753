//! A consumer that hears what roles say.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler};
use clock::Clock;
use events::{Envelope, Event};

use crate::{eventually, subscription};

/// How the ids of marks begin.
pub const MARK: &str = "mark-";

/// Keeps the events that come, each time that they come, in the order in which they come.
#[derive(Default)]
pub struct EventRecorder {
    heard: Mutex<Vec<Envelope>>,
    marks: AtomicU32,
}

type Answer = dyn Fn(&Envelope) -> Option<Envelope> + Send + Sync;

struct Hearing {
    recorder: Arc<EventRecorder>,
    bus: Bus,
    answer: Box<Answer>,
}

impl EventRecorder {
    /// Hears events of these types or patterns from now on. Once on each bus.
    pub async fn listen(self: &Arc<Self>, bus: &Bus, kinds: &[&str]) {
        self.listen_as("test.recorder", bus, kinds).await;
    }

    /// The same by a queue of another name.
    pub async fn listen_as(self: &Arc<Self>, queue: &str, bus: &Bus, kinds: &[&str]) {
        self.listen_and_answer(queue, bus, kinds, |_| None).await;
    }

    /// Hears events, and then answers those whose sender waits for a reply.
    pub async fn listen_and_answer(
        self: &Arc<Self>,
        queue: &str,
        bus: &Bus,
        kinds: &[&str],
        answer: impl Fn(&Envelope) -> Option<Envelope> + Send + Sync + 'static,
    ) {
        let hearing = Hearing {
            recorder: self.clone(),
            bus: bus.clone(),
            answer: Box::new(answer),
        };
        bus.consume(subscription(queue, kinds), Arc::new(hearing))
            .await
            .unwrap();
    }

    /// Everything so far, as often as it came.
    pub fn all(&self) -> Vec<Envelope> {
        let heard = self.heard.lock().unwrap();
        let ours = heard.iter().filter(|e| !e.id.starts_with(MARK));
        ours.cloned().collect()
    }

    /// Waits for so much, as often as it came, and forgets all that came.
    pub async fn take(&self, count: usize) -> Vec<Envelope> {
        eventually(&format!("{count} events"), async || {
            self.all().len() >= count
        })
        .await;
        let mut heard = std::mem::take(&mut *self.heard.lock().unwrap());
        heard.retain(|envelope| !envelope.id.starts_with(MARK));
        heard
    }

    /// Forgets all that came.
    pub fn forget(&self) {
        self.heard.lock().unwrap().clear();
    }

    /// Everything so far; what came more than once counts once.
    pub fn distinct(&self) -> Vec<Envelope> {
        let mut all = self.all();
        let mut seen = HashSet::new();
        all.retain(|envelope| seen.insert(envelope.id.clone()));
        all
    }

    /// Events of a type so far; what came more than once counts once.
    pub fn heard<E: Event>(&self) -> Vec<(Envelope, E)> {
        only(self.distinct())
    }

    /// Events of a type so far, as often as they came.
    pub fn each<E: Event>(&self) -> Vec<(Envelope, E)> {
        only(self.all())
    }

    /// Waits for so many different events of a type.
    pub async fn wait_for<E: Event>(&self, count: usize) -> Vec<(Envelope, E)> {
        eventually(&format!("{count} of {}", E::TYPE), async || {
            self.heard::<E>().len() >= count
        })
        .await;
        self.heard()
    }

    /// Waits until everything that was published before has been heard: an event of a type that this recorder hears is
    /// published as a mark, and comes last.
    pub async fn catch_up<E: Event + Default>(&self, bus: &Bus) {
        let id = format!("{MARK}{}", self.marks.fetch_add(1, Ordering::Relaxed));
        let now = Clock::system().now();
        let mark = Envelope::at("trunkline/test", id.clone(), now, &E::default());
        bus.publish(&mark).await.unwrap();
        eventually("the mark is heard", async || {
            self.heard.lock().unwrap().iter().any(|e| e.id == id)
        })
        .await;
    }
}

fn only<E: Event>(heard: Vec<Envelope>) -> Vec<(Envelope, E)> {
    let typed = |envelope: Envelope| {
        let event = envelope.decode().ok()?;
        Some((envelope, event))
    };
    heard.into_iter().filter_map(typed).collect()
}

#[async_trait]
impl Handler for Hearing {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let envelope = delivery.envelope;
        self.recorder.heard.lock().unwrap().push(envelope.clone());
        if let (Some(to), Some(reply)) = (&envelope.reply_to, (self.answer)(&envelope)) {
            // Whoever asked may have gone.
            let _ = self.bus.reply(to, &reply).await;
        }
        Disposition::Done
    }
}
