//! Posting a tenant's events to the address that it gave.

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bus::Subscription;
use clock::Clock;
use events::v1::{
    CallAnswered, CallEnded, CallMissed, CallStarted, MessageRefused, MessageSent, SmsInbound,
};
use metrics::counter;
use reqwest::{Client, Response, StatusCode, redirect};
use role::{Cause, Decision, HandlerError, Performer, Role};
use tracing::warn;

use super::lookups::{Lookups, Target};
use crate::app::note::{Notable, sign};

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How much of an answer is read, so that the connection can be used again.
const ANSWER: usize = 16 * 1024;
/// A slow address must not hold up everybody's events.
const PREFETCH: u16 = 64;

/// Posts to tenants' addresses. Clones share connections.
#[derive(Clone)]
pub struct Poster {
    lookups: Lookups,
    clock: Clock,
    client: std::sync::Arc<OnceLock<Client>>,
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

    fn client(&self) -> Result<&Client, HandlerError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // The provider of the process, whoever installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let built = Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("trunkline/", env!("CARGO_PKG_VERSION")))
            .build();
        let built = built.map_err(|e| HandlerError::Retry(format!("no HTTP client: {e}")))?;
        Ok(self.client.get_or_init(|| built))
    }

    async fn post(
        &self,
        target: &Target,
        id: &str,
        body: Vec<u8>,
    ) -> Result<StatusCode, HandlerError> {
        let timestamp = self.clock.now().timestamp();
        let signature = sign(&target.secret, id, timestamp, &body)
            .ok_or_else(|| HandlerError::Reject("the notify_secret is not base64".to_owned()))?;
        let request = self
            .client()?
            .post(&target.url)
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signature)
            .body(body);
        let failed =
            |e: reqwest::Error| HandlerError::Retry(format!("notify_url: {}", describe(&e)));
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        drain(response).await;
        Ok(status)
    }
}

/// Without the address, which may hold a secret.
fn describe(e: &reqwest::Error) -> &'static str {
    match (e.is_timeout(), e.is_connect()) {
        (true, _) => "no answer within 5 seconds",
        (_, true) => "no connection",
        _ => "the request failed",
    }
}

async fn drain(mut response: Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > ANSWER {
            return;
        }
    }
}

/// Has a role tell tenants of one type of event.
type Tell = fn(&mut Role, &Poster) -> Option<Subscription>;

/// Has a role tell tenants of everything that they are told of. Gives what binds the queues that are bound only when a
/// tenant wants it: see [`super::listening`].
pub fn tell_tenants(role: &mut Role, poster: &Poster) -> Vec<Subscription> {
    let everything: [Tell; 7] = [
        tell_of::<CallStarted>,
        tell_of::<CallAnswered>,
        tell_of::<CallMissed>,
        tell_of::<CallEnded>,
        tell_of::<MessageSent>,
        tell_of::<MessageRefused>,
        tell_of::<SmsInbound>,
    ];
    let bound_later = everything.into_iter().filter_map(|tell| tell(role, poster));
    bound_later.collect()
}

fn tell_of<E: Notable>(role: &mut Role, poster: &Poster) -> Option<Subscription> {
    let notify = Notify::<E>(poster.clone(), PhantomData);
    let bound_later = notify.bindings().is_empty();
    role.performs(notify);
    let queue = format!("{}.{}", role.name(), E::NAME);
    bound_later.then(|| Subscription::new(queue, [E::KEY]))
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
            // See `listening`.
            Vec::new()
        }
    }

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.0.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, event: E) -> Result<Decision, HandlerError> {
        let mut note = event.note(cause.time);
        if note.tenant_id.is_empty() {
            note.tenant_id = cause.tenant.clone().unwrap_or_default();
        }
        let Some(target) = self.0.lookups.target(&note.tenant_id).await? else {
            return Ok(Decision::nothing());
        };
        let tenant = note.tenant_id.clone();
        let body = note
            .body::<E>(&cause.id, cause.time)
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        let status = self.0.post(&target, &cause.id, body).await?;
        let outcome = match status {
            status if status.is_success() => "taken",
            StatusCode::GONE => "gone",
            _ => "refused",
        };
        counter!("tenants_notifications_total", "outcome" => outcome).increment(1);
        match outcome {
            "refused" => Err(HandlerError::Retry(format!(
                "notify_url answered {}",
                status.as_u16()
            ))),
            "gone" => {
                warn!(
                    tenant.id = tenant,
                    event.kind = E::TYPE,
                    "notify_url answered 410; this event is not posted again"
                );
                Ok(Decision::nothing())
            }
            _ => Ok(Decision::nothing()),
        }
    }
}
