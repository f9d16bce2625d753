//! The test_bus that a test plays on.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bus::{Bus, Config, Delivery, Disposition, Handler, Subscription};
use bytes::Bytes;
use clock::Clock;
use events::Envelope;
use futures::FutureExt;
use futures::future::BoxFuture;

/// A bus of one's own: a folder, or a namespace on the broker that `AMQP_URL` names.
pub struct TestBus {
    config: Config,
    bus: Mutex<Bus>,
    peers: Mutex<Vec<Bus>>,
    _dir: Option<tempfile::TempDir>,
}

impl TestBus {
    pub async fn embedded() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config::Embedded {
            dir: dir.path().to_owned(),
        };
        Self::open(config, Some(dir)).await
    }

    pub async fn amqp() -> Self {
        let test_bus = Self::open(amqp_config(&amqp_url()), None).await;
        let ready = tokio::time::timeout(Duration::from_secs(10), test_bus.bus().ready()).await;
        assert!(
            ready.is_ok(),
            "no RabbitMQ answers: start one (rabbitmq-server, or docker compose up rabbitmq) and set \
             AMQP_URL if it is not amqp://guest:guest@127.0.0.1:5672/%2f"
        );
        test_bus
    }

    pub async fn open(config: Config, dir: Option<tempfile::TempDir>) -> Self {
        let bus = Bus::connect(&config).await.unwrap();
        Self {
            config,
            bus: Mutex::new(bus),
            peers: Mutex::default(),
            _dir: dir,
        }
    }

    pub fn is_embedded(&self) -> bool {
        matches!(self.config, Config::Embedded { .. })
    }

    pub fn bus(&self) -> Bus {
        self.bus.lock().unwrap().clone()
    }

    /// The bus as another process sees it. The embedded one has no other process.
    pub async fn peer(&self) -> Bus {
        if self.is_embedded() {
            return self.bus();
        }
        let peer = Bus::connect(&self.config).await.unwrap();
        peer.ready().await;
        self.peers.lock().unwrap().push(peer.clone());
        peer
    }

    /// Closes the bus and opens it again, as a process does that is updated.
    pub async fn restart(&self) -> Bus {
        self.bus().close().await;
        let bus = Bus::connect(&self.config).await.unwrap();
        bus.ready().await;
        *self.bus.lock().unwrap() = bus.clone();
        bus
    }

    async fn end(&self) {
        let mut all = std::mem::take(&mut *self.peers.lock().unwrap());
        all.push(self.bus());
        for bus in all {
            // One's exchanges go with another's, which may cost a connection.
            for _ in 0..5 {
                match bus.delete_namespace().await {
                    Ok(()) => break,
                    Err(_) => bus.ready().await,
                }
            }
            bus.close().await;
        }
    }
}

pub fn amqp_url() -> String {
    let url = std::env::var_os("AMQP_URL").and_then(|url| url.into_string().ok());
    url.unwrap_or_else(|| "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned())
}

pub fn amqp_config(url: &str) -> Config {
    let namespace = format!("test-{}", Clock::system().id());
    Config::Amqp {
        url: url.to_owned(),
        namespace,
    }
}

/// Runs a test and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(test_bus: TestBus, test: impl FnOnce(Arc<TestBus>) -> F) {
    let test_bus = Arc::new(test_bus);
    let limit = Duration::from_secs(60);
    let outcome = AssertUnwindSafe(tokio::time::timeout(limit, test(test_bus.clone())))
        .catch_unwind()
        .await;
    let ended = tokio::time::timeout(Duration::from_secs(20), test_bus.end()).await;
    match outcome {
        Err(panic) => resume_unwind(panic),
        Ok(in_time) => in_time.expect("the test takes too long"),
    }
    ended.expect("the bus does not close");
}

/// Waits until something is so.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{what}: not within 20 s"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// An event of some type, with an id of its own.
pub fn event(kind: &str) -> Envelope {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let clock = Clock::system();
    let id = format!("{}-{}", clock.id(), NEXT.fetch_add(1, Ordering::Relaxed));
    Envelope {
        id,
        source: "trunkline/test".to_owned(),
        kind: kind.to_owned(),
        time: clock.now(),
        tenant: Some("smith".to_owned()),
        key: Some("CA1".to_owned()),
        cause: None,
        traceparent: None,
        deadline: None,
        reply_to: None,
        data: Bytes::from_static(b"data"),
    }
}

pub fn events(kind: &str, count: usize) -> Vec<Envelope> {
    (0..count).map(|_| event(kind)).collect()
}

pub fn ids(events: &[Envelope]) -> Vec<String> {
    events.iter().map(|event| event.id.clone()).collect()
}

/// A subscription in a hurry.
pub fn subscription(queue: &str, bindings: &[&str]) -> Subscription {
    Subscription {
        retry_delays: vec![Duration::from_millis(50); 2],
        ..Subscription::new(queue, bindings.iter().copied())
    }
}

/// A handler that remembers what it saw, and when.
#[derive(Clone)]
pub struct Seen(Arc<Inner>);

struct Inner {
    deliveries: Mutex<Vec<(Instant, Delivery)>>,
    answer: Box<dyn Fn(Delivery) -> BoxFuture<'static, Disposition> + Send + Sync>,
}

impl Seen {
    /// Done with everything.
    pub fn new() -> Self {
        Self::answering(|_| Disposition::Done)
    }

    pub fn answering(answer: impl Fn(Delivery) -> Disposition + Send + Sync + 'static) -> Self {
        Self::with(move |delivery| {
            let settle = answer(delivery);
            async move { settle }
        })
    }

    pub fn with<F>(answer: impl Fn(Delivery) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Disposition> + Send + 'static,
    {
        let answer =
            Box::new(move |delivery| Box::pin(answer(delivery)) as BoxFuture<'static, Disposition>);
        Self(Arc::new(Inner {
            deliveries: Mutex::default(),
            answer,
        }))
    }

    pub fn handler(&self) -> Arc<dyn Handler> {
        Arc::new(self.clone())
    }

    pub fn count(&self) -> usize {
        self.0.deliveries.lock().unwrap().len()
    }

    pub fn ids(&self) -> Vec<String> {
        self.0
            .deliveries
            .lock()
            .unwrap()
            .iter()
            .map(|(_, d)| d.envelope.id.clone())
            .collect()
    }

    pub fn attempts(&self) -> Vec<u32> {
        self.0
            .deliveries
            .lock()
            .unwrap()
            .iter()
            .map(|(_, d)| d.attempt)
            .collect()
    }

    pub fn times(&self) -> Vec<Instant> {
        self.0
            .deliveries
            .lock()
            .unwrap()
            .iter()
            .map(|(at, _)| *at)
            .collect()
    }

    pub fn first(&self) -> Delivery {
        self.0.deliveries.lock().unwrap()[0].1.clone()
    }

    pub async fn eventually(&self, count: usize) {
        eventually(&format!("{count} deliveries"), async || {
            self.count() >= count
        })
        .await;
    }
}

#[async_trait]
impl Handler for Seen {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        self.0
            .deliveries
            .lock()
            .unwrap()
            .push((Instant::now(), delivery.clone()));
        (self.0.answer)(delivery).await
    }
}
