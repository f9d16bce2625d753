//! What other roles ask: who is behind a number, which accounts and numbers there are, what a key may do, whether there
//! is a tenant.
//!
//! Whoever asks waits for two or three seconds and asks again, so a question that cannot be answered is let go: an
//! answer after that would be for nobody.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use clock::{Clock, Time};
use encryption::{DecryptError, Sealer};
use events::v1::{
    self, Directory, DirectoryQuery, KeyGrant, KeyQuery, ResolveQuery, Resolved, TenantFound,
    TenantQuery,
};
use role::{Cause, HandlerError, Outcome, Performer};
use store::Store;
use tracing::{debug, warn};

use super::lookups::Lookups;
use crate::app::context::{directory_entry, recording};
use crate::app::refusal::Refusal;
use crate::db::{keys, numbers, tenants};

/// As many numbers as fit in one message of the bus with room to spare: about 100 bytes each, in 16 MiB.
const MOST_ENTRIES: i64 = 100_000;
/// How many tenants are looked up with one statement: SQLite takes 32,766 values.
const OWNERS_AT_ONCE: usize = 10_000;

fn or_let_go(answer: Result<Outcome, Refusal>) -> Result<Outcome, HandlerError> {
    Ok(answer.unwrap_or_else(|e| {
        warn!(error = %e, "a question stays without an answer");
        Outcome::nothing()
    }))
}

/// Answers `resolve.query`.
pub struct Resolve(pub Lookups);

#[async_trait]
impl Performer for Resolve {
    type Command = ResolveQuery;
    const NAME: &'static str = "resolve";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: ResolveQuery) -> Result<Outcome, HandlerError> {
        or_let_go(self.0.resolve(&query.number).await.map(|found| {
            let resolved = Resolved {
                active: found.as_ref().is_some_and(|found| found.is_active()),
                tenant: found.map(|found| found.with_offer()),
            };
            Outcome::nothing().reply(&resolved)
        }))
    }
}

/// Answers `directory.query`.
pub struct List {
    /// Where it looks.
    pub store: Store,
    /// The account of tenants that have none of their own.
    pub platform_account: String,
    /// Seals what travels.
    pub sealer: Sealer,
}

#[async_trait]
impl Performer for List {
    type Command = DirectoryQuery;
    const NAME: &'static str = "directory";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: DirectoryQuery) -> Result<Outcome, HandlerError> {
        or_let_go(
            self.list(&query)
                .await
                .map(|directory| Outcome::nothing().reply(&directory)),
        )
    }
}

impl List {
    async fn list(&self, query: &DirectoryQuery) -> Result<Directory, Refusal> {
        let limit = match query.limit {
            0 => MOST_ENTRIES,
            limit => i64::from(limit).min(MOST_ENTRIES),
        };
        let mut tx = self.store.read().await?;
        let rows = match query.after.as_str() {
            "" => tenants::accounts(&mut tx).await?,
            _ => Vec::new(),
        };
        // In the database each token is bound to its row; what travels is sealed anew.
        let accounts = rows.into_iter().map(|row| {
            let tokens = row.tokens(&self.sealer)?;
            let tokens = tokens.iter().map(|token| self.sealer.seal(token.reveal()));
            Ok::<_, DecryptError>(v1::directory::Account {
                sealed_tokens: tokens.collect::<Result<_, DecryptError>>()?,
                account_sid: row.account_sid,
                tenant_id: row.tenant_id,
            })
        });
        let accounts = accounts.collect::<Result<Vec<_>, DecryptError>>()?;
        let numbers = numbers::live_page(&mut tx, &query.after, limit + 1).await?;
        let (numbers, next) = match usize::try_from(limit) {
            Ok(limit) if numbers.len() > limit => {
                let next = numbers
                    .get(limit.saturating_sub(1))
                    .map(|last| last.id.clone());
                (numbers.get(..limit).unwrap_or_default(), next)
            }
            _ => (numbers.as_slice(), None),
        };
        let mut owners: Vec<String> = numbers.iter().map(|it| it.tenant_id.clone()).collect();
        owners.sort_unstable();
        owners.dedup();
        let mut tenants = HashMap::new();
        for ids in owners.chunks(OWNERS_AT_ONCE) {
            let found = tenants::plain_with_accounts(&mut tx, ids).await?;
            tenants.extend(found.into_iter().map(|it| (it.0.id.clone(), it)));
        }
        let entries = numbers.iter().filter_map(|number| {
            let (tenant, account) = tenants.get(&number.tenant_id)?;
            directory_entry(
                tenant,
                account.as_deref().unwrap_or(&self.platform_account),
                number,
            )
        });
        Ok(Directory {
            accounts,
            entries: entries.collect(),
            next: next.unwrap_or_default(),
        })
    }
}

/// How exactly it is known when a key was used: each use would be a write else.
const USED: TimeDelta = TimeDelta::minutes(1);

/// Answers `key.query`.
pub struct Grant(pub Store, pub Clock);

#[async_trait]
impl Performer for Grant {
    type Command = KeyQuery;
    const NAME: &'static str = "key";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: KeyQuery) -> Result<Outcome, HandlerError> {
        or_let_go(
            self.grant(&query.hash)
                .await
                .map(|grant| Outcome::nothing().reply(&grant)),
        )
    }
}

impl Grant {
    async fn note_use(&self, id: &str, now: Time) -> Result<(), store::Error> {
        let mut tx = self.0.begin().await?;
        keys::used(&mut tx, id, now).await?;
        tx.commit().await
    }

    async fn grant(&self, hash: &str) -> Result<KeyGrant, Refusal> {
        let mut tx = self.0.read().await?;
        let now = self.1.now();
        let key = keys::by_hash(&mut tx, hash).await?;
        drop(tx);
        let key = key.filter(|key| key.is_valid(now));
        if let Some(key) = &key
            && key.last_used_at.is_none_or(|at| now - at >= USED)
            && let Err(e) = self.note_use(&key.id, now).await
        {
            // The key opens what it opens all the same.
            debug!(error = %e, "the use of a key is not noted");
        }
        let grant = key.map(|key| KeyGrant {
            known: true,
            name: key.name,
            tenant_id: key.tenant.unwrap_or_default(),
            scopes: key.scopes,
        });
        Ok(grant.unwrap_or_default())
    }
}

/// Answers `tenant.query`.
pub struct Find(pub Store);

#[async_trait]
impl Performer for Find {
    type Command = TenantQuery;
    const NAME: &'static str = "tenant";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: TenantQuery) -> Result<Outcome, HandlerError> {
        let found = self.find(&query.tenant_id).await;
        or_let_go(found.map(|found| Outcome::nothing().reply(&found)))
    }
}

impl Find {
    async fn find(&self, id: &str) -> Result<TenantFound, Refusal> {
        let mut tx = self.0.read().await?;
        let named = Some(id).filter(|id| !id.is_empty());
        let Some(tenant_id) = tenants::only(&mut tx, named).await? else {
            return Ok(TenantFound::default());
        };
        let tenant = tenants::plain(&mut tx, &tenant_id).await?;
        Ok(TenantFound {
            tenant_id,
            recording: tenant.map(|tenant| recording(&tenant.profile)),
        })
    }
}
