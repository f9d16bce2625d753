//! A platform with the sample role, which can be stopped and started again on what it left.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use api::health::Flag;
use clock::Clock;
use events::Envelope;
use events::v1::{NumberBought, NumberBuy};
use role::Parts;
use serde_json::Value;
use store::{Store, outbox};
use testkit::{Mode, PATIENCE, TestPlatform};

use crate::sample;

pub struct TestApp {
    pub flag: Flag,
    platform: TestPlatform,
}

testkit::has_platform!(TestApp);

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let app = TestApp::new(mode, &[]).await;
    app.start().await;
    testkit::run(app, case).await;
}

impl TestApp {
    /// With nothing running yet.
    pub async fn new(mode: Mode, more: &[(&str, &str)]) -> Self {
        let clock = Clock::held("2026-11-21T10:00:00Z".parse().unwrap());
        Self {
            flag: Arc::new(AtomicBool::new(true)),
            platform: TestPlatform::new("role", mode, clock, more).await,
        }
    }

    /// Starts the platform, on what the last one left.
    pub async fn start(&self) {
        let parts = self.platform.open().await;
        let heard = ["number.released", "call.settle", "key.changed"];
        self.recorder.listen(&parts.bus, &heard).await;
        self.keys.serve(&parts.bus).await;
        self.start_on(&parts).await;
    }

    /// Starts it whether the bus is there or not, without a recorder or a key owner.
    pub async fn start_now(&self) -> Parts {
        let parts = self.platform.open_now().await;
        self.start_on(&parts).await;
        parts
    }

    async fn start_on(&self, parts: &Parts) {
        let role = sample::role("sample", parts, &self.flag, &self.recorder).await;
        self.platform.start(vec![role]).await;
    }

    pub async fn store(&self) -> Store {
        self.platform.store("sample", sample::MIGRATIONS).await
    }

    pub async fn notes(&self) -> i64 {
        sample::notes(&mut self.store().await.read().await.unwrap()).await
    }

    pub async fn waiting(&self) -> i64 {
        outbox::len(&mut self.store().await.read().await.unwrap())
            .await
            .unwrap()
    }

    pub async fn outbox_is_empty(&self) {
        self.platform.outbox_is_empty(&self.store().await).await;
    }

    pub fn is_distributed(&self) -> bool {
        self.mode() == Mode::Distributed
    }

    /// The event that tells the sample role to do something.
    pub fn order(&self, id: &str, word: &str) -> Envelope {
        let order = NumberBuy {
            number_id: id.into(),
            country: word.into(),
            ..NumberBuy::default()
        };
        Envelope::at("trunkline/test", id.into(), self.clock.now(), &order)
            .tenant("smith")
            .key("K1")
    }

    /// Gives an order and waits for the reply.
    pub async fn ask(&self, id: &str, word: &str) -> (Envelope, NumberBought) {
        let reply = self
            .bus()
            .request(self.order(id, word), PATIENCE)
            .await
            .unwrap();
        let bought = reply.decode().unwrap();
        (reply, bought)
    }

    /// A page as the bearer of a key sees it.
    pub async fn see(&self, path: &str, key: &str) -> (u16, Value) {
        self.call("GET", path, key, None).await
    }
}
