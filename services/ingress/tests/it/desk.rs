//! Everything behind the door.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use bus::{Bus, Delivery, Handler, Settle};
use clock::Clock;
use events::v1::directory::{Account, Entry};
use events::v1::{Directory, DirectoryQuery, TwimlReply};
use events::{Envelope, Event};
use role::seal::Sealer;

use crate::lab::{ANSWER, JONES_ACCOUNT, JONES_TOKEN, NUMBER, OTHER, OWNER, eventually};

/// Everything behind the door: who decides, and who knows the numbers.
#[derive(Default)]
pub struct Desk {
    heard: Mutex<Vec<Envelope>>,
    /// Whether nobody answers.
    pub silent: AtomicBool,
    /// Whether jones's account is known.
    pub knows_jones: AtomicBool,
    pub asked: AtomicU32,
    pub sealer: OnceLock<Sealer>,
}

/// The desk on a bus.
pub struct AtDesk(pub Arc<Desk>, pub Bus);

impl Desk {
    pub fn heard(&self) -> Vec<Envelope> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits for so many events, and takes them.
    pub async fn take(&self, count: usize) -> Vec<Envelope> {
        eventually("the desk hears", async || self.heard().len() >= count).await;
        std::mem::take(&mut *self.heard.lock().unwrap())
    }

    pub async fn take_as<E: Event>(&self) -> (Envelope, E) {
        let envelope = self.take(1).await.remove(0);
        let event = envelope.decode().unwrap();
        (envelope, event)
    }

    fn directory(&self) -> Directory {
        let seal = |token: &str| self.sealer.get().unwrap().seal(token).unwrap();
        let jones = Account {
            account_sid: JONES_ACCOUNT.into(),
            tenant_id: "jones".into(),
            sealed_tokens: vec![seal(JONES_TOKEN)],
        };
        let entry = |number: &str, tenant: &str, dialable| Entry {
            number: number.into(),
            tenant_id: tenant.into(),
            forward_to: OWNER.into(),
            dial_timeout_s: 20,
            dialable,
            ..Entry::default()
        };
        let knows = self.knows_jones.load(Ordering::Relaxed);
        Directory {
            accounts: Some(jones).filter(|_| knows).into_iter().collect(),
            entries: vec![entry(NUMBER, "smith", true), entry(OTHER, "jones", false)],
        }
    }
}

#[async_trait]
impl Handler for AtDesk {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let (desk, bus, envelope) = (&self.0, &self.1, delivery.envelope);
        let is_query = envelope.kind == DirectoryQuery::TYPE;
        let clock = Clock::system();
        let reply = if is_query {
            desk.asked.fetch_add(1, Ordering::Relaxed);
            Envelope::new("trunkline/test", &clock, &desk.directory())
        } else {
            Envelope::new("trunkline/test", &clock, &TwimlReply { xml: ANSWER.into() })
        };
        let answers = is_query || !desk.silent.load(Ordering::Relaxed);
        if let (Some(to), true) = (&envelope.reply_to, answers) {
            let _ = bus.reply(to, &reply).await;
        }
        if !is_query {
            desk.heard.lock().unwrap().push(envelope);
        }
        Settle::Done
    }
}
