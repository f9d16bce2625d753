//! The role, a test double at each end of the bus, and requests.

use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use events::v1::TwimlReply;
use events::{Envelope, Event};
use role::{Parts, Role};
use serde_json::{Value, json};
use tenants::Timings;
use testkit::{Log, Mode, PATIENCE, TestPlatform};

use crate::fixtures::{ACCOUNT, call, world};

pub fn log() -> &'static Log {
    Log::of("info,tenants=trace,role=trace,bus=debug")
}

pub struct TestApp {
    pub parts: Parts,
    platform: TestPlatform,
}

testkit::has_platform!(TestApp);

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_at(mode, Clock::system(), case).await;
}

/// The same at a time of the case's own.
pub async fn run_at<F: Future<Output = ()>>(mode: Mode, clock: Clock, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, clock, &[], case).await;
}

/// With a clock that the case moves.
pub async fn held<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, Clock::held(Clock::system().now()), &[], case).await;
}

/// Where tenants' addresses are public ones.
pub async fn guarded<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let public = [("TRUNKLINE_PRIVATE_ADDRESSES", "off")];
    run_with(mode, Clock::system(), &public, case).await;
}

async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    clock: Clock,
    more: &[(&str, &str)],
    case: fn(Arc<TestApp>) -> F,
) {
    log();
    let token = "1".repeat(32);
    let account = [
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", token.as_str()),
    ];
    let settings = [&account, more].concat();
    let platform = TestPlatform::new("tenants", mode, clock, &settings).await;
    let parts = platform.open().await;
    let heard = [
        "voice.#",
        "dial.finished",
        "call.status",
        "sms.inbound",
        "*.changed",
        "flow.define",
        "person.forget",
        "retention.due",
    ];
    // Calls are answered with the routing key that they came by.
    let answer = |question: &Envelope| {
        let xml = format!("<Response><!--{}--></Response>", question.kind);
        let reply = TwimlReply { xml };
        Some(Envelope::new("trunkline/test", &Clock::system(), &reply))
    };
    platform
        .recorder
        .listen_and_answer("test.recorder", &parts.bus, &heard, answer)
        .await;
    platform.start(vec![role(&parts).await]).await;
    testkit::run(TestApp { parts, platform }, case).await;
}

async fn role(parts: &Parts) -> Role {
    let timings = Timings {
        purchase: Duration::from_secs(2),
        retry_delays: vec![Duration::from_millis(50); 4],
        retention: Duration::from_millis(100),
    };
    tenants::role_with_timings(parts, timings).await.unwrap()
}

impl TestApp {
    /// Another replica on the same bus and database; gives where it serves.
    pub async fn replica(&self) -> String {
        self.start(vec![role(&self.parts).await]).await
    }

    /// Starts the role again, after [`TestPlatform::stop`], on what it left and on a bus where nobody else is.
    pub async fn start_again(&self) {
        let parts = self.open().await;
        self.start(vec![role(&parts).await]).await;
    }

    /// The same on a platform that has these roles.
    pub async fn start_knowing(&self, roles: &[&'static str]) {
        let mut parts = self.open().await;
        parts.roles = roles.to_vec();
        self.start(vec![role(&parts).await]).await;
    }

    /// Applies what has to be right.
    pub async fn apply(&self, document: Value) -> Value {
        let (status, body) = self.post("/api/apply", document).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    /// How a request with a key is answered.
    pub async fn status(&self, method: &str, path: &str, key: &str, body: Option<Value>) -> u16 {
        self.call(method, path, key, body).await.0
    }

    /// Suspends a tenant.
    pub async fn suspend(&self, tenant: &str) {
        let path = format!("/api/tenants/{tenant}/status");
        let (status, body) = self.put(&path, json!({ "status": "suspended" })).await;
        assert_eq!(status, 200, "{body}");
    }

    /// The id of a number.
    pub async fn number_id(&self, number: &str) -> String {
        let found = self.get(&format!("/phone-numbers/lookup/{number}")).await;
        found["id"].as_str().unwrap().to_owned()
    }

    /// smith with two numbers, jones with an account of its own.
    pub async fn world(&self) {
        self.apply(world()).await;
    }

    /// Publishes and waits for the reply; longer than a case moves its clock.
    pub async fn ask<E: Event, R: Event>(&self, event: &E) -> R {
        let reply = self
            .bus()
            .request(self.envelope(event), PATIENCE * 2)
            .await
            .unwrap();
        reply.decode().unwrap()
    }

    /// Rings a number: the TwiML that the caller gets.
    pub async fn ring(&self, to: &str) -> String {
        self.ask::<_, TwimlReply>(&call(to)).await.xml
    }

    /// A counter of this process.
    pub async fn counter(&self, line: &str) -> u64 {
        let (_, text) = self.call("GET", "/metrics", "", None).await;
        let text = text.as_str().unwrap_or_default().to_owned();
        let value = text
            .lines()
            .find_map(|l| l.strip_prefix(line)?.trim().parse().ok());
        value.unwrap_or(0)
    }
}
