//! What is asked of the application, before anything is sent.

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

/// Names and values, in the order they are sent.
pub(crate) type Params = Vec<(String, String)>;

/// A request to the application.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// What for, for the log.
    pub(crate) kind: &'static str,
    /// The call or message.
    pub(crate) sid: Option<String>,
    /// With its fragment.
    pub(crate) url: String,
    /// GET or POST.
    pub(crate) method: String,
    pub(crate) params: Params,
    /// The same for all attempts.
    pub(crate) token: String,
}

/// Callbacks that go out together.
pub(crate) struct Batch {
    pub(crate) due: Instant,
    pub(crate) requests: Vec<Request>,
    pub(crate) times: usize,
    pub(crate) last: bool,
}

/// Where the callbacks of a call or message are queued.
pub(crate) type Queue = UnboundedSender<Batch>;
