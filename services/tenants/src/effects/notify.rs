//! Posting a tenant's events to the address that it gave.

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bus::Subscription;
use clock::Clock;
use events::v1::{
    CallAnswered, CallEnded, CallMissed, CallStarted, ConversationChanged, MessageFailed,
    MessageRefused, MessageSent, SmsInbound,
};
use metrics::counter;
use outbound::{Limits, Method, Outbound, Request};
use role::{Cause, HandlerError, Outcome, Performer, Role};
use tracing::warn;

use super::lookups::{Lookups, Target};
use crate::app::notification::{Notable, sign};

/// What an answer may cost. Nothing of it is kept; what is read lets the connection be used again.
const LIMITS: Limits = Limits {
    deadline: Duration::from_secs(5),
    answer_bytes: 16 * 1024,
};
/// A slow address must not hold up everybody's events.
const PREFETCH: u16 = 64;
/// The one queue of everything that tenants are told of.
const QUEUE: &str = "notify";

/// Posts to tenants' addresses. Clones share connections.
#[derive(Clone)]
pub struct Poster {
    lookups: Lookups,
    clock: Clock,
    client: std::sync::Arc<OnceLock<Outbound>>,
    retry_delays: Vec<Duration>,
}

impl Poster {
    /// It connects when there is something to post.
    pub fn new(lookups: Lookups, clock: Clock, retry_delays: Vec<Duration>) -> Self {
        let client = std::sync::Arc::default();
        Self {
            lookups,
            clock,
            client,
            retry_delays,
        }
    }

    fn client(&self) -> Result<&Outbound, HandlerError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let built = Outbound::new(concat!("trunkline/", env!("CARGO_PKG_VERSION")));
        let built = built.map_err(|e| HandlerError::Retry(format!("no HTTP client: {e}")))?;
        Ok(self.client.get_or_init(|| built))
    }

    /// The status that it was answered with.
    async fn post(&self, target: &Target, id: &str, body: Vec<u8>) -> Result<u16, HandlerError> {
        let timestamp = self.clock.now().timestamp();
        let signature = sign(&target.secret, id, timestamp, &body)
            .ok_or_else(|| HandlerError::Reject("the notify_secret is not base64".to_owned()))?;
        let request = Request {
            method: Method::POST,
            url: &target.url,
            headers: vec![
                ("content-type", "application/json".to_owned()),
                ("webhook-id", id.to_owned()),
                ("webhook-timestamp", timestamp.to_string()),
                ("webhook-signature", signature),
            ],
            body,
        };
        match self.client()?.send(request, target.reach, LIMITS).await {
            Ok(answer) => Ok(answer.status),
            Err(outbound::Error::Refused(refused)) => {
                Err(HandlerError::Reject(format!("notify_url {refused}")))
            }
            Err(e) => Err(HandlerError::Retry(format!("notify_url: {e}"))),
        }
    }
}

/// Has a role tell tenants of one type of event.
type Tell = fn(&mut Role, &Poster) -> Result<Option<Subscription>, role::Error>;

/// Has a role tell tenants of everything that they are told of. Gives what binds the queues that are bound only when a
/// tenant wants it: see [`super::notify_queues`].
pub fn tell_tenants(role: &mut Role, poster: &Poster) -> Result<Vec<Subscription>, role::Error> {
    let everything: [Tell; 9] = [
        tell_of::<CallStarted>,
        tell_of::<CallAnswered>,
        tell_of::<CallMissed>,
        tell_of::<CallEnded>,
        tell_of::<MessageSent>,
        tell_of::<MessageRefused>,
        tell_of::<MessageFailed>,
        tell_of::<ConversationChanged>,
        tell_of::<SmsInbound>,
    ];
    let told = everything.into_iter().map(|tell| tell(role, poster));
    let bound_later = told.filter_map(Result::transpose);
    bound_later.collect()
}

fn tell_of<E: Notable>(
    role: &mut Role,
    poster: &Poster,
) -> Result<Option<Subscription>, role::Error> {
    let notify = Notify::<E>(poster.clone(), PhantomData);
    let bound_later = notify.bindings().is_empty();
    role.performs_on(QUEUE, notify)?;
    let queue = format!("{}.{QUEUE}", role.name());
    Ok(bound_later.then(|| Subscription::new(queue, [E::KEY])))
}

/// Takes one type of event.
struct Notify<E>(Poster, PhantomData<fn(E)>);

#[async_trait]
impl<E: Notable> Performer for Notify<E> {
    type Command = E;
    const NAME: &'static str = E::NAME;

    fn bindings(&self) -> Vec<String> {
        if events::must_be_taken(E::KEY) {
            vec![E::KEY.to_owned()]
        } else {
            // See `notify_queues`.
            Vec::new()
        }
    }

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.0.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, event: E) -> Result<Outcome, HandlerError> {
        let mut note = event.note(cause.time);
        if note.tenant_id.is_empty() {
            note.tenant_id = cause.tenant.clone().unwrap_or_default();
        }
        let Some(target) = self.0.lookups.target(&note.tenant_id).await? else {
            return Ok(Outcome::nothing());
        };
        let tenant = note.tenant_id.clone();
        let body = note
            .body::<E>(&cause.id, cause.time)
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        let status = self.0.post(&target, &cause.id, body).await?;
        let outcome = match status {
            200..=299 => "taken",
            410 => "gone",
            _ => "refused",
        };
        counter!("tenants_notifications_total", "outcome" => outcome).increment(1);
        match outcome {
            "refused" => Err(HandlerError::Retry(format!("notify_url answered {status}"))),
            "gone" => {
                warn!(
                    tenant.id = tenant,
                    event.kind = E::TYPE,
                    "notify_url answered 410; this event is not posted again"
                );
                Ok(Outcome::nothing())
            }
            _ => Ok(Outcome::nothing()),
        }
    }
}
