//! What other roles ask: who is behind a number, which accounts and numbers there are, what a key may do.

use async_trait::async_trait;
use events::v1::{self, Directory, DirectoryQuery, KeyGrant, KeyQuery, ResolveQuery, Resolved};
use role::{Cause, Decision, Fault, Performer};
use store::Store;

use super::lookups::Lookups;
use crate::app::context::directory_entry;
use crate::db::{keys, numbers, tenants};

/// Answers `resolve.query`.
pub struct Resolve(pub Lookups);

#[async_trait]
impl Performer for Resolve {
    type Command = ResolveQuery;
    const NAME: &'static str = "resolve";

    async fn perform(&self, _: &Cause, query: ResolveQuery) -> Result<Decision, Fault> {
        let found = self.0.resolve(&query.number).await?;
        let resolved = Resolved {
            active: found.as_ref().is_some_and(|found| found.is_active()),
            tenant: found.map(|found| found.context.clone()),
        };
        Ok(Decision::nothing().reply(&resolved))
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

    async fn perform(&self, _: &Cause, _: DirectoryQuery) -> Result<Decision, Fault> {
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
        Ok(Decision::nothing().reply(&Directory {
            accounts: accounts.collect(),
            entries: entries.collect(),
        }))
    }
}

/// Answers `key.query`.
pub struct Grant(pub Store);

#[async_trait]
impl Performer for Grant {
    type Command = KeyQuery;
    const NAME: &'static str = "key";

    async fn perform(&self, _: &Cause, query: KeyQuery) -> Result<Decision, Fault> {
        let mut tx = self.0.read().await?;
        let key = keys::by_hash(&mut tx, &query.hash).await?;
        let grant = key.map(|key| KeyGrant {
            known: true,
            name: key.name,
            tenant_id: key.tenant.unwrap_or_default(),
            scopes: key.scopes,
        });
        Ok(Decision::nothing().reply(&grant.unwrap_or_default()))
    }
}
