//! Answers what a session may do, for every role that is asked with one.

use std::time::Duration;

use async_trait::async_trait;
use clock::{Clock, Time};
use events::v1::{KeyGrant, SessionQuery};
use role::{Cause, HandlerError, Outcome, Performer};
use store::Store;
use tracing::warn;

use crate::app::session::{is_live, is_stale};
use crate::db::{self, Session};

/// The session of a token's hash, while it counts. Its use is written down where that is due.
pub async fn use_session(
    store: &Store,
    hash: &str,
    now: Time,
) -> Result<Option<Session>, store::Error> {
    let found = db::session_find(&mut store.read().await?, hash).await?;
    let found = found.filter(|session| is_live(session, now));
    if found.as_ref().is_some_and(|session| is_stale(session, now)) {
        let mut tx = store.begin().await?;
        db::session_seen(&mut tx, hash, now.into()).await?;
        tx.commit().await?;
    }
    Ok(found)
}

/// Answers `session.query`.
pub struct AnswerSession {
    /// The sessions.
    pub store: Store,
    /// The time.
    pub clock: Clock,
}

#[async_trait]
impl Performer for AnswerSession {
    type Command = SessionQuery;
    const NAME: &'static str = "session";

    /// Whoever asks waits for two seconds and no longer.
    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: SessionQuery) -> Result<Outcome, HandlerError> {
        match self.grant(&query.hash).await {
            Ok(grant) => Ok(Outcome::nothing().reply(&grant)),
            Err(e) => {
                warn!(error = %e, "a session query stays without an answer");
                Ok(Outcome::nothing())
            }
        }
    }
}

impl AnswerSession {
    async fn grant(&self, hash: &str) -> Result<KeyGrant, store::Error> {
        let found = use_session(&self.store, hash, self.clock.now()).await?;
        let grant = found.map(|session| KeyGrant {
            known: true,
            name: session.name,
            tenant_id: session.tenant_id,
            scopes: session.scopes.split(' ').map(str::to_owned).collect(),
        });
        Ok(grant.unwrap_or_default())
    }
}
