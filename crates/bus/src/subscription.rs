//! What a consumer listens to.

use std::time::Duration;

/// How long a delivery waits before each repeat. After the last it is dead.
pub const RETRY_DELAYS: [Duration; 4] = [
    Duration::from_secs(1),
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(600),
];

/// A durable queue and the events that it collects.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// `role.consumer`, such as `calls.dial-finished`. Several processes that name the same queue
    /// share its work.
    pub queue: String,
    /// Routing keys, AMQP topic patterns (`*` one word, `#` any number): `voice.inbound.forward`, `call.*`.
    pub bindings: Vec<String>,
    /// How many deliveries are handled at the same time.
    pub prefetch: u16,
    /// The waits before repeats; [`RETRY_DELAYS`] unless a test is in a hurry.
    pub retry_delays: Vec<Duration>,
    /// Whether it also takes what is handed on to it without being stored: see [`crate::Bus::dispatch_direct`].
    pub direct: bool,
}

impl Subscription {
    /// A queue with the usual prefetch (32) and retries.
    pub fn new(
        queue: impl Into<String>,
        bindings: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            queue: queue.into(),
            bindings: bindings.into_iter().map(Into::into).collect(),
            prefetch: 32,
            retry_delays: RETRY_DELAYS.to_vec(),
            direct: false,
        }
    }
}
