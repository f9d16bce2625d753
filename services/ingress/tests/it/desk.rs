//! Everything behind the door.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use bus::Bus;
use clock::Clock;
use encryption::Sealer;
use events::v1::directory::{Account, Entry};
use events::v1::{Directory, DirectoryQuery, NoReply, TwimlReply};
use events::{Envelope, Event};
use role::Parts;
use testkit::EventRecorder;

use crate::test_app::{ANSWER, JONES_ACCOUNT, JONES_NEW_TOKEN, JONES_TOKEN, NUMBER, OTHER, OWNER};

/// What comes through the door whether the role interviews runs or not.
const VOICE: [&str; 2] = ["twilio.voice.inbound", "twilio.whisper"];
const CALLBACKS: [&str; 3] = [
    "twilio.dial.finished",
    "twilio.call.status",
    "twilio.sms.inbound",
];

/// Everything behind the door: who decides, and who knows the numbers.
#[derive(Default)]
pub struct Desk {
    recorder: Arc<EventRecorder>,
    queries: Arc<EventRecorder>,
    /// Whether nobody answers.
    pub silent: AtomicBool,
    /// Whether whoever should decide says that it cannot.
    pub declines: AtomicBool,
    /// Whether jones's account is known.
    pub knows_jones: AtomicBool,
    /// Whether it has another token now.
    pub jones_rotated: AtomicBool,
    /// For how many days tenants keep their webhooks' parameters.
    pub parameters_days: AtomicU32,
}

impl Desk {
    pub async fn serve(self: &Arc<Self>, parts: &Parts) {
        self.listen(&parts.bus, "test.voice", &VOICE).await;
        self.listen(&parts.bus, "test.callbacks", &CALLBACKS).await;
        let (desk, sealer) = (self.clone(), parts.sealer.clone());
        let directory = move |_: &Envelope| Some(reply(&desk.directory(&sealer)));
        let queries = [DirectoryQuery::TYPE];
        self.queries
            .listen_and_answer("test.directory", &parts.bus, &queries, directory)
            .await;
    }

    /// Decides on events of these types too.
    pub async fn listen(self: &Arc<Self>, bus: &Bus, queue: &str, kinds: &[&str]) {
        let desk = self.clone();
        let decide = move |_: &Envelope| desk.decision();
        self.recorder
            .listen_and_answer(queue, bus, kinds, decide)
            .await;
    }

    pub fn heard(&self) -> Vec<Envelope> {
        self.recorder.all()
    }

    /// Waits for so many events, and takes them.
    pub async fn take(&self, count: usize) -> Vec<Envelope> {
        self.recorder.take(count).await
    }

    pub async fn take_as<E: Event>(&self) -> (Envelope, E) {
        let envelope = self.take(1).await.remove(0);
        let event = envelope.decode().unwrap();
        (envelope, event)
    }

    /// How often the role asked who has which number.
    pub fn asked(&self) -> usize {
        self.queries.all().len()
    }

    fn decision(&self) -> Option<Envelope> {
        if self.silent.load(Ordering::Relaxed) {
            return None;
        }
        if self.declines.load(Ordering::Relaxed) {
            return Some(reply(&NoReply::default()));
        }
        Some(reply(&TwimlReply { xml: ANSWER.into() }))
    }

    fn directory(&self, sealer: &Sealer) -> Directory {
        let token = if self.jones_rotated.load(Ordering::Relaxed) {
            JONES_NEW_TOKEN
        } else {
            JONES_TOKEN
        };
        let jones = Account {
            account_sid: JONES_ACCOUNT.into(),
            tenant_id: "jones".into(),
            sealed_tokens: vec![sealer.seal(token).unwrap()],
        };
        let entry = |number: &str, tenant: &str, dialable| Entry {
            number: number.into(),
            tenant_id: tenant.into(),
            forward_to: OWNER.into(),
            dial_timeout_s: 20,
            dialable,
            webhook_parameters_days: self.parameters_days.load(Ordering::Relaxed),
            ..Entry::default()
        };
        let knows = self.knows_jones.load(Ordering::Relaxed);
        Directory {
            accounts: Some(jones).filter(|_| knows).into_iter().collect(),
            entries: vec![entry(NUMBER, "smith", true), entry(OTHER, "jones", false)],
            next: String::new(),
        }
    }
}

fn reply(event: &impl Event) -> Envelope {
    Envelope::new("trunkline/test", &Clock::system(), event)
}
