//! A platform with egress alone, a Twilio to talk to, and an ear for what it says.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Delivery, Handler, Settle, Subscription};
use clock::Clock;
use diesel_migrations::embed_migrations;
use egress::Tempo;
use events::v1::{MessageRefused, MessageSend, MessageSent};
use events::{Envelope, Event};
use role::settings::Settings;
use role::{Parts, Platform};
use store::{Migrations, Store};
use tokio::sync::Notify;

use crate::twilio::Twilio;

const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};

pub const FROM: &str = "+15550100001";
pub const TO: &str = "+15550109999";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

const GRACE: Duration = Duration::from_millis(200);
/// As late as Twilio's list may be.
pub const LAG: Duration = Duration::from_millis(120);

/// Long enough for anything that will happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, PartialEq)]
pub enum Engine {
    /// SQLite and the embedded bus.
    Embedded,
    /// PostgreSQL and RabbitMQ.
    Distributed,
}

/// What was heard, in order.
#[derive(Default)]
pub struct Ear {
    heard: Mutex<Vec<Envelope>>,
    news: Notify,
}

#[async_trait]
impl Handler for Ear {
    async fn handle(&self, delivery: Delivery) -> Settle {
        self.heard.lock().unwrap().push(delivery.envelope);
        self.news.notify_waiters();
        Settle::Done
    }
}

pub struct Bench {
    pub twilio: Twilio,
    pub ear: Arc<Ear>,
    settings: Settings,
    platform: Option<Platform>,
    _dir: tempfile::TempDir,
}

fn tempo() -> Tempo {
    Tempo {
        grace: GRACE,
        lease: Duration::from_secs(2),
        retry_delays: vec![Duration::from_millis(100); 12],
        per_second: NonZeroU32::new(10_000).unwrap(),
    }
}

fn variable(name: &str, default: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

impl Bench {
    pub async fn start(parts: Engine) -> Self {
        Self::start_with(parts, &[]).await
    }

    pub async fn start_with(parts: Engine, more: &[(&str, &str)]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let twilio = Twilio::start().await;
        let dir = tempfile::tempdir().unwrap();
        let namespace = format!(
            "eg{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let mut source = BTreeMap::from([
            ("TWILIO_ACCOUNT_SID".to_owned(), ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN".to_owned(), "1".repeat(32)),
            ("TWILIO_PHONE_NUMBER".to_owned(), FROM.to_owned()),
            ("TWILIO_API_BASE_URL".to_owned(), twilio.url.clone()),
            (
                "WEBHOOK_BASE_URL".to_owned(),
                "https://trunkline.example".to_owned(),
            ),
            (
                "TRUNKLINE_SECRET_KEY".to_owned(),
                "a secret for the tests".to_owned(),
            ),
            ("TRUNKLINE_ADMIN_API_KEY".to_owned(), "admin-key".to_owned()),
            ("TRUNKLINE_NAMESPACE".to_owned(), namespace),
        ]);
        source.extend(more.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
        if parts == Engine::Distributed {
            let (pg, amqp) = (
                "postgres://postgres@127.0.0.1:5432/postgres",
                "amqp://guest:guest@127.0.0.1:5672/%2f",
            );
            source.insert("DATABASE_URL".to_owned(), variable("DATABASE_URL", pg));
            source.insert("AMQP_URL".to_owned(), variable("AMQP_URL", amqp));
            source.insert("TRUNKLINE_DATABASE_POOL".to_owned(), "4".to_owned());
        }
        let mut settings = Settings::load(&source, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        let mut bench = Self {
            twilio,
            ear: Arc::default(),
            settings,
            platform: None,
            _dir: dir,
        };
        bench.platform = Some(bench.open().await);
        bench
    }

    /// Another process with the same data; in embedded mode there may be one only.
    pub async fn open(&self) -> Platform {
        let parts = Parts::open(self.settings.clone(), Clock::system())
            .await
            .expect("are PostgreSQL and RabbitMQ running? `make test` starts them");
        parts.bus.ready().await;
        let heard = Subscription::new(
            "test.ear",
            [
                "message.sent",
                "message.refused",
                "opt_out.changed",
                "number.#",
                "call.looked_up",
            ],
        );
        parts.bus.consume(heard, self.ear.clone()).await.unwrap();
        let role = egress::role_with(&parts, tempo()).await.unwrap();
        Platform::start(parts, vec![role]).await.unwrap()
    }

    pub async fn restart(&mut self) {
        self.platform.take().unwrap().stop().await;
        self.platform = Some(self.open().await);
    }

    pub async fn close(mut self) {
        let platform = self.platform.take().unwrap();
        let database = platform.parts().database.clone();
        platform.stop().await;
        database.drop_schemas(&["egress"]).await.unwrap();
        if let Some(url) = &self.settings.amqp_url {
            self.sweep(url.reveal()).await;
        }
    }

    /// Removes the queues, once nobody works on them.
    async fn sweep(&self, url: &str) {
        let namespace = self.settings.namespace.as_deref().unwrap_or_default();
        let config = bus::Config::Amqp {
            url: url.to_owned(),
            namespace: format!("trunkline.{namespace}"),
        };
        let broom = bus::Bus::connect(&config).await.unwrap();
        broom.ready().await;
        let queues = [
            "message-send",
            "number-buy",
            "number-release",
            "call-lookup",
        ];
        for queue in queues.map(|name| format!("egress.{name}")) {
            let mut queue = Subscription::new(queue, ["none"]);
            queue.retry_delays = tempo().retry_delays;
            broom.declare(&queue).await.unwrap();
        }
        for queue in ["egress.opt-outs", "test.ear"] {
            broom
                .declare(&Subscription::new(queue, ["none"]))
                .await
                .unwrap();
        }
        broom.delete_namespace().await.unwrap();
        broom.close().await;
    }

    pub fn parts(&self) -> &Parts {
        self.platform.as_ref().unwrap().parts()
    }

    /// The role's own tables.
    pub async fn store(&self) -> Store {
        Store::open(&self.parts().database, "egress", MIGRATIONS)
            .await
            .unwrap()
    }

    pub async fn get(&self, path: &str) -> serde_json::Value {
        let url = format!(
            "http://127.0.0.1:{}{path}",
            self.platform.as_ref().unwrap().port()
        );
        let response = reqwest::Client::new()
            .get(url)
            .header("X-API-Key", "admin-key")
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    pub fn envelope<E: Event>(&self, event: &E) -> Envelope {
        Envelope::new("trunkline/test", &self.parts().clock, event).tenant("smith")
    }

    pub async fn publish(&self, envelope: &Envelope) {
        self.parts().bus.publish(envelope).await.unwrap();
    }

    pub async fn send(&self, message: &MessageSend) {
        self.publish(&self.envelope(message)).await;
    }

    /// Events of one type so far.
    pub fn heard<E: Event>(&self) -> Vec<E> {
        let heard = self.ear.heard.lock().unwrap();
        heard
            .iter()
            .filter(|e| e.kind == E::TYPE)
            .map(|e| e.decode().unwrap())
            .collect()
    }

    /// The different ids of the events of one type so far.
    pub fn ids<E: Event>(&self) -> Vec<String> {
        let heard = self.ear.heard.lock().unwrap();
        let mut ids: Vec<_> = heard
            .iter()
            .filter(|e| e.kind == E::TYPE)
            .map(|e| e.id.clone())
            .collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn kinds(&self) -> Vec<String> {
        let heard = self.ear.heard.lock().unwrap();
        heard.iter().map(|e| e.kind.clone()).collect()
    }

    /// Waits for so many events of one type.
    pub async fn hear<E: Event>(&self, count: usize) -> Vec<E> {
        let waited = tokio::time::timeout(PATIENCE, async {
            loop {
                let news = self.ear.news.notified();
                let heard = self.heard::<E>();
                if heard.len() >= count {
                    return heard;
                }
                tokio::select! { () = news => {} () = tokio::time::sleep(Duration::from_millis(20)) => {} }
            }
        });
        let heard = waited.await;
        heard.unwrap_or_else(|_| {
            panic!(
                "{} {} of {count}; heard {:?}",
                E::TYPE,
                self.heard::<E>().len(),
                self.kinds()
            )
        })
    }

    pub async fn sent(&self, count: usize) -> Vec<MessageSent> {
        self.hear(count).await
    }

    pub async fn refused(&self, count: usize) -> Vec<MessageRefused> {
        self.hear(count).await
    }
}

pub fn message(id: &str) -> MessageSend {
    MessageSend {
        message_id: id.to_owned(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        from: FROM.to_owned(),
        to: TO.to_owned(),
        body: "Sorry we missed your call.".to_owned(),
        purpose: "text_back".to_owned(),
        conversation_id: "conv1".to_owned(),
        ..MessageSend::default()
    }
}
