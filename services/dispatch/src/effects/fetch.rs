//! Fetching what a customer's message carries from Twilio into the store.
//!
//! The object is the ledger: its key follows from the message, and what is there is not fetched again.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta};
use clock::{Clock, Time};
use events::v1::{MediaFetch, MediaFetched, MediaMissed};
use metrics::counter;
use objects::Objects;
use outbound::{Limits, Method, Outbound, Reach, Request};
use role::{Accounts, Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use tracing::{info, warn};
use twilio_api::{Error, FileAt, Pauses};

use super::kind::content_type;
use crate::db;

/// The most bytes of a file: what Twilio takes for all files of a message together.
const MOST: usize = 5 * 1024 * 1024;
/// How often a redirect leads to another.
const HOPS: usize = 3;
/// The time for a file from elsewhere.
const DEADLINE: Duration = Duration::from_secs(60);
/// How long Twilio may not know of a file that it has told of.
const LAG: TimeDelta = TimeDelta::minutes(2);
/// Waits between two looks.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(500),
    longest: Duration::from_secs(60),
};

/// Fetches.
pub struct Fetch {
    /// Whose files they are; their clients follow no redirects.
    pub accounts: Accounts,
    /// Fetches without credentials what Twilio has elsewhere.
    pub outbound: Outbound,
    /// How far redirects may lead.
    pub reach: Reach,
    /// Where files are kept.
    pub objects: Objects,
    /// The time.
    pub clock: Clock,
}

/// Why a file is not kept.
enum Miss {
    /// It never will be, for this reason.
    Never(&'static str),
    /// It may be later.
    Later(String),
}

#[async_trait]
impl Performer for Fetch {
    type Command = MediaFetch;
    const NAME: &'static str = "media-fetch";

    /// Each holds a file in memory.
    fn prefetch(&self) -> u16 {
        4
    }

    async fn perform(&self, cause: &Cause, command: MediaFetch) -> Result<Outcome, HandlerError> {
        let key = db::media_key(&command.tenant_id, &command.media_id);
        let stored = match self.stored(&key).await {
            Ok(Some(before)) => Ok(before),
            Ok(None) => self.fetch(cause, &command, &key).await,
            Err(miss) => Err(miss),
        };
        let reason = match stored {
            Ok((content_type, size_bytes)) => {
                counter!("dispatch_media_total", "outcome" => "stored").increment(1);
                let fetched = MediaFetched {
                    media_id: command.media_id.clone(),
                    message_id: command.message_id,
                    tenant_id: command.tenant_id.clone(),
                    content_type,
                    size_bytes,
                };
                let event = OutgoingEvent::new(&fetched).key(&command.conversation_id);
                return Ok(Outcome::nothing().publish(event.tenant(&command.tenant_id)));
            }
            Err(Miss::Later(_)) if self.is_late(&command) => "gone",
            Err(Miss::Later(reason)) => {
                return Err(HandlerError::Unavailable {
                    reason,
                    retry_after: Some(PAUSES.after(cause.attempt)),
                });
            }
            Err(Miss::Never(reason)) => reason,
        };
        counter!("dispatch_media_total", "outcome" => reason).increment(1);
        info!(
            media.id = command.media_id,
            reason, "a file of a message is not kept"
        );
        let missed = MediaMissed {
            media_id: command.media_id.clone(),
            message_id: command.message_id,
            tenant_id: command.tenant_id.clone(),
            reason: reason.to_owned(),
        };
        let event = OutgoingEvent::new(&missed).key(&command.conversation_id);
        Ok(Outcome::nothing().publish(event.tenant(&command.tenant_id)))
    }
}

impl Fetch {
    /// What an earlier attempt has stored: its type and size.
    async fn stored(&self, key: &str) -> Result<Option<(String, u64)>, Miss> {
        match self.objects.head(key).await {
            Ok(head) => Ok(head.map(|head| (head.content_type, head.size))),
            Err(objects::Error::BadKey) => Err(Miss::Never("invalid_id")),
            Err(e) => Err(Miss::Later(e.to_string())),
        }
    }

    async fn fetch(
        &self,
        cause: &Cause,
        command: &MediaFetch,
        key: &str,
    ) -> Result<(String, u64), Miss> {
        let bytes = self.bytes(cause, command).await?;
        let kind = content_type(&bytes).ok_or(Miss::Never("unsupported"))?;
        let size = bytes.len() as u64;
        let put = self.objects.put(key, bytes, kind).await;
        put.map_err(|e| Miss::Later(e.to_string()))?;
        Ok((kind.to_owned(), size))
    }

    /// The file. Credentials go to Twilio's own hosts, and nowhere else.
    async fn bytes(&self, cause: &Cause, command: &MediaFetch) -> Result<Vec<u8>, Miss> {
        let client = self.accounts.of(&command.account_sid).await;
        let client =
            client.ok_or_else(|| Miss::Later("the account's credentials are not known".into()))?;
        if !client.is_own(&command.url) {
            warn!(
                media.id = command.media_id,
                "a MediaUrl names another host than Twilio's: nothing is fetched"
            );
            return Err(Miss::Never("foreign_host"));
        }
        match client.file_at(&command.url).await {
            Ok(FileAt::Here(mut media)) => {
                if media.length.is_some_and(|length| length > MOST as u64) {
                    return Err(Miss::Never("too_large"));
                }
                let mut bytes = Vec::new();
                while let Some(more) = media
                    .chunk()
                    .await
                    .map_err(|e| Miss::Later(e.to_string()))?
                {
                    if bytes.len() + more.len() > MOST {
                        return Err(Miss::Never("too_large"));
                    }
                    bytes.extend_from_slice(&more);
                }
                Ok(bytes)
            }
            Ok(FileAt::Elsewhere(url)) => self.elsewhere(url).await,
            Err(e) if e.is_not_found() && self.clock.now() - cause.time > LAG => {
                Err(Miss::Never("gone"))
            }
            Err(Error::Setup(_)) => Err(Miss::Never("foreign_host")),
            // Twilio lags behind itself, and credentials may be on their way.
            Err(e) => Err(Miss::Later(e.to_string())),
        }
    }

    /// A file where Twilio's redirect has led, asked for without credentials.
    async fn elsewhere(&self, mut url: String) -> Result<Vec<u8>, Miss> {
        for _ in 0..HOPS {
            if self.reach == Reach::Public && !url.starts_with("https://") {
                return Err(Miss::Never("foreign_host"));
            }
            let request = Request {
                method: Method::GET,
                url: &url,
                headers: Vec::new(),
                body: Vec::new(),
            };
            let limits = Limits {
                deadline: DEADLINE,
                answer_bytes: MOST,
            };
            let answer = match self.outbound.send(request, self.reach, limits).await {
                Ok(answer) => answer,
                Err(outbound::Error::Refused(_)) => return Err(Miss::Never("foreign_host")),
                Err(e) => return Err(Miss::Later(e.to_string())),
            };
            match (answer.status, answer.location) {
                (200, _) if answer.is_cut => return Err(Miss::Never("too_large")),
                (200, _) => return Ok(answer.body.into()),
                (300..=399, Some(next)) => url = next,
                (status, _) => {
                    return Err(Miss::Later(format!("the file's host answered {status}")));
                }
            }
        }
        Err(Miss::Later("the redirects do not end".to_owned()))
    }

    /// Whether its time is over.
    fn is_late(&self, command: &MediaFetch) -> bool {
        let until = DateTime::parse_from_rfc3339(&command.expires_at).ok();
        until.is_none_or(|until| Time::from(until) <= self.clock.now())
    }
}
