//! A platform with egress alone, a Twilio to talk to, and a recorder for what it says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clock::Clock;
use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use egress::{MIGRATIONS, Timings};
use events::v1::{CallPlace, CallPlaced, CallRefused, MessageRefused, MessageSend, MessageSent};
use events::{Envelope, Event};
use store::{Store, on};
use testkit::{Mode, TestPlatform, eventually};

use crate::twilio::Twilio;

pub const FROM: &str = "+15550100001";
pub const TO: &str = "+15550109999";
const TOKENS: &str = "11111111111111111111111111111111,22222222222222222222222222222222";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

const GRACE: Duration = Duration::from_millis(200);
/// As late as Twilio's list may be.
pub const LAG: Duration = Duration::from_millis(120);

const HEARD: &[&str] = &[
    "message.sent",
    "message.refused",
    "opt_out.changed",
    "number.#",
    "call.looked_up",
    "call.placed",
    "call.refused",
    "spend.limited",
    "person.forgotten",
];

pub struct Bench {
    platform: TestPlatform,
    pub twilio: Twilio,
    /// Between two texts of a number, and two calls of an account, for processes that begin from now on; in microseconds.
    pace: AtomicU64,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

testkit::has_platform!(Bench);

/// No pace at all.
pub const FAST: Duration = Duration::from_micros(100);
/// One, and no second one as long as any test lasts.
pub const ONE: Duration = Duration::from_secs(36_000);

fn timings(pace: Duration) -> Timings {
    Timings {
        look_after: GRACE,
        doubt: GRACE * 2,
        lease: Duration::from_secs(2),
        retry_delays: vec![Duration::from_millis(100); 12],
        pace,
    }
}

/// With any Twilio.
pub async fn run<F: Future<Output = ()>>(mode: Mode, case: impl FnOnce(Arc<Bench>) -> F) {
    run_with(mode, &[], case).await;
}

/// Where a number sends one text, and an account places one call, and then no more until the test says so.
pub async fn slow<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Bench>) -> F) {
    run_by(Clock::system(), ONE, mode, &[], case).await;
}

/// Where one number only may be written to and called.
pub async fn whitelisted<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Bench>) -> F) {
    let more = [("WHITELISTED_NUMBERS", r#"["+15550109999"]"#)];
    run_with(mode, &more, case).await;
}

/// Where a tenant may send three texts and place two calls in an hour, to America only, and ask AI for ten cents a day. The
/// clock is held: an hour is over when the test says so.
pub async fn bounded<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Bench>) -> F) {
    let more = [
        ("TRUNKLINE_SPEND_TEXTS", "3"),
        ("TRUNKLINE_SPEND_CALLS", "2"),
        ("TRUNKLINE_SPEND_COUNTRIES", "+1"),
        ("TRUNKLINE_SPEND_AI_CENTS", "10"),
    ];
    let clock = Clock::held(Clock::system().now());
    run_by(clock, FAST, mode, &more, case).await;
}

/// With more settings.
pub async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    more: &[(&str, &str)],
    case: impl FnOnce(Arc<Bench>) -> F,
) {
    run_by(Clock::system(), FAST, mode, more, case).await;
}

async fn run_by<F: Future<Output = ()>>(
    clock: Clock,
    pace: Duration,
    mode: Mode,
    more: &[(&str, &str)],
    case: impl FnOnce(Arc<Bench>) -> F,
) {
    let twilio = Twilio::start().await;
    let mut all = vec![
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKENS),
        ("TWILIO_PHONE_NUMBER", FROM),
        ("TWILIO_API_BASE_URL", &twilio.url),
        ("WEBHOOK_BASE_URL", "https://trunkline.example"),
    ];
    all.extend_from_slice(more);
    let platform = TestPlatform::new("egress", mode, clock, &all).await;
    let bench = Bench {
        platform,
        twilio,
        pace: AtomicU64::default(),
    };
    bench.set_pace(pace);
    bench.up().await;
    testkit::run(bench, case).await;
}

impl Bench {
    /// One more process with the same data; in embedded mode there may be one only.
    pub async fn up(&self) {
        let parts = self.open().await;
        self.recorder.listen(&parts.bus, HEARD).await;
        let pace = Duration::from_micros(self.pace.load(Ordering::Relaxed));
        let role = egress::role_with_timings(&parts, timings(pace))
            .await
            .unwrap();
        self.start(vec![role]).await;
    }

    /// The process ends, and another begins on what it left.
    pub async fn restart(&self) {
        self.stop().await;
        self.up().await;
    }

    /// The pace of processes that begin from now on.
    pub fn set_pace(&self, pace: Duration) {
        let micros = u64::try_from(pace.as_micros()).unwrap();
        self.pace.store(micros, Ordering::Relaxed);
    }

    /// Waits until no command is left, on the bus or in the backlog.
    pub async fn drained(&self) {
        let store = self.store().await;
        eventually("bus and backlog are empty", async || {
            let depths = self.bus().depths().await.unwrap();
            let ours = depths.iter().filter(|it| it.queue.starts_with("egress."));
            let on_the_bus: u64 = ours.map(|depth| depth.ready).sum();
            on_the_bus == 0 && backlog_len(&store, "1 = 1").await == 0
        })
        .await;
    }

    /// Waits until every command that was published has been handled: what was in flight when a process ends is delivered again
    /// to the next.
    pub async fn all_handled(&self) {
        self.drained().await;
        self.restart().await;
        self.drained().await;
    }

    /// The role's own tables.
    pub async fn store(&self) -> Store {
        self.platform.store("egress", MIGRATIONS).await
    }

    /// An event that is about smith.
    pub fn envelope<E: Event>(&self, event: &E) -> Envelope {
        self.platform.envelope(event).tenant("smith")
    }

    pub async fn publish(&self, envelope: &Envelope) {
        self.bus().publish(envelope).await.unwrap();
    }

    pub async fn send(&self, message: &MessageSend) {
        self.publish(&self.envelope(message)).await;
    }

    /// Events of one type so far, as often as they came.
    pub fn heard<E: Event>(&self) -> Vec<E> {
        let each = self.recorder.each().into_iter();
        each.map(|(_, event)| event).collect()
    }

    /// The different ids of those.
    pub fn ids<E: Event>(&self) -> Vec<String> {
        let heard = self.recorder.heard::<E>().into_iter();
        heard.map(|(envelope, _)| envelope.id).collect()
    }

    /// Waits for so many events of one type, as often as they came.
    pub async fn wait_for<E: Event>(&self, count: usize) -> Vec<E> {
        eventually(&format!("{count} of {}", E::TYPE), async || {
            self.heard::<E>().len() >= count
        })
        .await;
        self.heard()
    }

    /// Tells of a wish, and waits until it counts.
    pub async fn wish(&self, told: &Envelope) {
        self.publish(told).await;
        let store = self.store().await;
        self.handled(&store, "egress.opt-outs", &told.id).await;
    }

    pub async fn place(&self, call: &CallPlace) {
        self.publish(&self.envelope(call)).await;
    }

    pub async fn placed(&self, count: usize) -> Vec<CallPlaced> {
        self.wait_for(count).await
    }

    pub async fn not_placed(&self, count: usize) -> Vec<CallRefused> {
        self.wait_for(count).await
    }

    pub async fn sent(&self, count: usize) -> Vec<MessageSent> {
        self.wait_for(count).await
    }

    pub async fn refused(&self, count: usize) -> Vec<MessageRefused> {
        self.wait_for(count).await
    }
}

/// How many rows of the backlog meet a condition.
pub async fn backlog_len(store: &Store, condition: &str) -> i64 {
    let mut tx = store.read().await.unwrap();
    let query = format!("SELECT count(*) AS count FROM waiting WHERE {condition}");
    let found = on!(&mut tx, c => diesel::sql_query(&query).get_result::<Counted>(c).await);
    found.unwrap().count
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

pub fn call(id: &str) -> CallPlace {
    CallPlace {
        place_id: id.to_owned(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        from: FROM.to_owned(),
        to: TO.to_owned(),
        url: "https://trunkline.example/api/webhooks/call/?interview_id=i1".to_owned(),
        status_callback: "https://trunkline.example/api/webhooks/call-status/?interview_id=i1"
            .to_owned(),
        purpose: "interview".to_owned(),
        interview_id: "i1".to_owned(),
        ..CallPlace::default()
    }
}
