//! The role on a platform of its own, with a test double at each end of the bus.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use calls::test_support::{self, CallRow, LineRow};
use clock::{Clock, Time};
use events::v1::{
    CallEnded, CallLookup, CallMissed, CallStarted, ResolveQuery, Resolved, TenantContext,
    TwimlReply,
};
use events::{Envelope, Event};
use store::Store;
use testkit::{EventRecorder, Mode, PATIENCE, TestPlatform};

use crate::story::{NUMBER, at};
use crate::told::Told;
use crate::words;

pub struct TestApp {
    platform: TestPlatform,
    store: Store,
    next: AtomicU32,
}

testkit::has_platform!(TestApp);

/// A setting, and the only number that it lets calls be begun to.
pub const WHITELIST: (&str, &str) = ("WHITELISTED_NUMBERS", r#"["+15550100078"]"#);

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, &[], case).await;
}

/// Where calls are begun to listed numbers only.
pub async fn listed<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, &[WHITELIST], case).await;
}

async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    settings: &[(&str, &str)],
    case: fn(Arc<TestApp>) -> F,
) {
    let platform = TestPlatform::new("calls", mode, Clock::held(at(100)), settings).await;
    let parts = platform.open().await;
    let heard = [
        "call.started",
        "call.answered",
        "call.missed",
        "call.ended",
        "call.lookup",
        "call.hang_up",
        "call.redirect",
    ];
    platform.recorder.listen(&parts.bus, &heard).await;
    platform.keys.give_each(&["smith", "jones"]);
    platform.keys.serve(&parts.bus).await;
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.tenants", &parts.bus, &[ResolveQuery::TYPE], |query| {
            let resolved = resolve(&query.decode().ok()?);
            Some(Envelope::new("trunkline/test", &Clock::system(), &resolved))
        })
        .await;
    platform
        .start(vec![calls::ROLE.start(&parts).await.unwrap()])
        .await;
    let store = platform.store("calls", test_support::MIGRATIONS).await;
    let app = TestApp {
        platform,
        store,
        next: AtomicU32::new(0),
    };
    testkit::run(app, case).await;
}

impl TestApp {
    /// Publishes an event as of this time.
    pub async fn publish<E: Event>(&self, queue: &str, time: Time, event: &E) {
        let id = format!("event-{}", self.next.fetch_add(1, Ordering::Relaxed));
        let envelope = Envelope::at("trunkline/test", id.clone(), time, event).tenant("smith");
        self.bus().publish(&envelope).await.unwrap();
        self.handled(queue, &id).await;
    }

    /// Publishes it and waits until it has been decided on.
    pub async fn deliver(&self, told: &Told) {
        told.publish(&self.bus()).await;
        self.handled(told.queue(), &told.id).await;
    }

    /// Asks as the front door does, and gives the TwiML.
    pub async fn ask(&self, told: &Told) -> String {
        let envelope = Envelope {
            reply_to: None,
            ..told.envelope()
        };
        let reply = self.bus().request(envelope, PATIENCE).await.unwrap();
        reply.decode::<TwimlReply>().unwrap().xml
    }

    pub async fn handled(&self, queue: &str, id: &str) {
        self.platform.handled(&self.store, queue, id).await;
    }

    /// Waits until nothing is on its way but what waits for its time.
    pub async fn rest(&self) {
        self.outbox_is_empty(&self.store).await;
        self.recorder.catch_up::<CallStarted>(&self.bus()).await;
    }

    /// The types of what was told of a call, sorted, as often as it was told; and look-ups.
    pub async fn told(&self, call: &str) -> Vec<String> {
        self.rest().await;
        let ours = |e: &Envelope| e.key.as_deref() == Some(call);
        let mut kinds: Vec<_> = self
            .recorder
            .distinct()
            .into_iter()
            .filter(ours)
            .map(|e| e.kind)
            .collect();
        kinds.sort();
        kinds
    }

    /// Events of a type. One may leave twice (here: when the clock is moved while it is leaving); who hears it goes by its id.
    pub fn heard<E: Event>(&self) -> Vec<(Envelope, E)> {
        self.recorder.heard()
    }

    pub fn missed(&self) -> Vec<CallMissed> {
        self.heard().into_iter().map(|(_, missed)| missed).collect()
    }

    pub fn ended(&self) -> Vec<CallEnded> {
        self.heard().into_iter().map(|(_, ended)| ended).collect()
    }

    pub fn lookups(&self) -> Vec<Envelope> {
        self.heard::<CallLookup>()
            .into_iter()
            .map(|(envelope, _)| envelope)
            .collect()
    }

    pub async fn row(&self, call: &str) -> CallRow {
        let mut tx = self.store.read().await.unwrap();
        test_support::call_find(&mut tx, call)
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn timeline(&self, call: &str) -> Vec<LineRow> {
        let mut tx = self.store.read().await.unwrap();
        test_support::timeline_list(&mut tx, call, None, 1000)
            .await
            .unwrap()
    }

    pub async fn dead(&self) -> Vec<String> {
        let dead = self.platform.dead().await;
        dead.into_iter().map(|(reason, _)| reason).collect()
    }
}

/// jones's number.
pub const OTHER: &str = "+15550200001";
/// A number of smith's that is suspended.
pub const SUSPENDED: &str = "+15550100009";
/// A number of smith's that answers by itself.
pub const COACH: &str = "+15550100010";
/// A number of smith's whose calls nobody takes.
pub const SILENT: &str = "+15550100011";

fn resolve(query: &ResolveQuery) -> Resolved {
    let voice = match query.number.as_str() {
        COACH => "coach:interview",
        SILENT => "none",
        _ => "forward",
    };
    let tenant = |id: &str| TenantContext {
        number: Some(events::v1::Number {
            number: query.number.clone(),
            voice: voice.to_owned(),
            ..Default::default()
        }),
        ..words::tenant(id)
    };
    match query.number.as_str() {
        NUMBER | COACH | SILENT => Resolved {
            tenant: Some(tenant("smith")),
            active: true,
        },
        OTHER => Resolved {
            tenant: Some(tenant("jones")),
            active: true,
        },
        SUSPENDED => Resolved {
            tenant: Some(tenant("smith")),
            active: false,
        },
        _ => Resolved::default(),
    }
}
