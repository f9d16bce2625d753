//! What other roles ask: who is behind a number, which accounts and numbers there are, what a key may do.
//!
//! Whoever asks waits for two or three seconds and asks again, so a question that cannot be answered is let go: an
//! answer after that would be for nobody.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::{self, Directory, DirectoryQuery, KeyGrant, KeyQuery, ResolveQuery, Resolved};
use role::{Cause, Decision, HandlerError, Performer};
use store::Store;
use tracing::warn;

use super::lookups::Lookups;
use crate::app::context::directory_entry;
use crate::app::refusal::Refusal;
use crate::db::{keys, numbers, tenants};

fn or_let_go(answer: Result<Decision, Refusal>) -> Result<Decision, HandlerError> {
    Ok(answer.unwrap_or_else(|e| {
        warn!(error = %e, "a question stays without an answer");
        Decision::nothing()
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

    async fn perform(&self, _: &Cause, query: ResolveQuery) -> Result<Decision, HandlerError> {
        or_let_go(self.0.resolve(&query.number).await.map(|found| {
            let resolved = Resolved {
                active: found.as_ref().is_some_and(|found| found.is_active()),
                tenant: found.map(|found| found.context.clone()),
            };
            Decision::nothing().reply(&resolved)
        }))
    }
}

/// Answers `directory.query`.
pub struct List {
    /// Where it looks.
    pub store: Store,
    /// The account of tenants that have none of their own.
    pub platform_account: String,
}

#[async_trait]
impl Performer for List {
    type Command = DirectoryQuery;
    const NAME: &'static str = "directory";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, _: DirectoryQuery) -> Result<Decision, HandlerError> {
        or_let_go(
            self.list()
                .await
                .map(|directory| Decision::nothing().reply(&directory)),
        )
    }
}

impl List {
    async fn list(&self) -> Result<Directory, Refusal> {
        let mut tx = self.store.read().await?;
        let accounts =
            tenants::accounts(&mut tx)
                .await?
                .into_iter()
                .map(|row| v1::directory::Account {
                    account_sid: row.account_sid.clone(),
                    tenant_id: row.tenant_id.clone(),
                    sealed_tokens: row.sealed_tokens(),
                });
        let tenants: std::collections::HashMap<_, _> = tenants::all(&mut tx)
            .await?
            .into_iter()
            .map(|(tenant, account)| (tenant.id.clone(), (tenant, account)))
            .collect();
        let numbers = numbers::all_live(&mut tx).await?;
        let entries = numbers.iter().filter_map(|number| {
            let (tenant, account) = tenants.get(&number.tenant_id)?;
            directory_entry(
                tenant,
                account.as_deref().unwrap_or(&self.platform_account),
                number,
            )
        });
        Ok(Directory {
            accounts: accounts.collect(),
            entries: entries.collect(),
        })
    }
}

/// Answers `key.query`.
pub struct Grant(pub Store);

#[async_trait]
impl Performer for Grant {
    type Command = KeyQuery;
    const NAME: &'static str = "key";

    fn retry_delays(&self) -> Vec<Duration> {
        Vec::new()
    }

    async fn perform(&self, _: &Cause, query: KeyQuery) -> Result<Decision, HandlerError> {
        or_let_go(
            self.grant(&query.hash)
                .await
                .map(|grant| Decision::nothing().reply(&grant)),
        )
    }
}

impl Grant {
    async fn grant(&self, hash: &str) -> Result<KeyGrant, Refusal> {
        let mut tx = self.0.read().await?;
        let key = keys::by_hash(&mut tx, hash).await?;
        let grant = key.map(|key| KeyGrant {
            known: true,
            name: key.name,
            tenant_id: key.tenant.unwrap_or_default(),
            scopes: key.scopes,
        });
        Ok(grant.unwrap_or_default())
    }
}
