//! Tenants and their accounts.

use std::collections::{BTreeSet, HashMap};

use encryption::{DecryptError, Sealer};
use phone::E164;
use role::Tx;
use settings::Secret;
use store::prelude::*;
use store::types::{Json, Time};
use store::{Error, on};

use super::model::enums::VoiceApp;
use super::model::{Account, Number, Tenant};
use super::numbers::NumberRow;
use super::schema::{accounts, numbers, tenants};
use super::{damaged, unwritable};

/// Why a tenant is not read or written with its secrets.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// A stored credential cannot be opened.
    #[error(transparent)]
    Sealed(#[from] DecryptError),
    /// The database failed.
    #[error("database: {0}")]
    Store(#[from] Error),
}

/// A tenant as it is stored: its secrets are sealed.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = tenants, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct TenantRow {
    /// Its id.
    pub id: String,
    status: String,
    profile: Json,
    notify_secret: Option<Vec<u8>>,
    notify_by_operator: bool,
    created_at: Time,
    updated_at: Time,
}

/// An account as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct AccountRow {
    /// `AC..`.
    pub account_sid: String,
    /// Whose it is.
    pub tenant_id: String,
    token: Vec<u8>,
    older_token: Option<Vec<u8>>,
    updated_at: Time,
}

impl AccountRow {
    /// The tokens, newest first.
    pub fn tokens(&self, sealer: &Sealer) -> Result<Vec<Secret>, DecryptError> {
        let place = token_place(&self.account_sid);
        let sealed = std::iter::once(&self.token).chain(&self.older_token);
        sealed.map(|it| sealer.open_at(&place, it)).collect()
    }

    fn is_outdated(&self, sealer: &Sealer) -> bool {
        let place = token_place(&self.account_sid);
        let mut sealed = std::iter::once(&self.token).chain(&self.older_token);
        sealed.any(|it| sealer.is_outdated(&place, it))
    }
}

/// The row that a token is bound to.
fn token_place(account_sid: &str) -> String {
    format!("accounts/{account_sid}")
}

/// The row that a tenant's secret is bound to.
fn secret_place(tenant: &str) -> String {
    format!("tenants/{tenant}/notify_secret")
}

impl TenantRow {
    /// Without its secrets, which not everybody needs.
    pub fn plain(self) -> Result<Tenant, Error> {
        Ok(Tenant {
            status: self.status.parse().map_err(damaged)?,
            profile: self.profile.read().map_err(damaged)?,
            account: None,
            notify_secret: None,
            notify_by_operator: self.notify_by_operator,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            id: self.id,
        })
    }
}

/// Opens a tenant's secrets.
fn open(
    row: TenantRow,
    account: Option<AccountRow>,
    sealer: &Sealer,
) -> Result<Tenant, SecretsError> {
    let place = secret_place(&row.id);
    let secret = row
        .notify_secret
        .as_deref()
        .map(|sealed| sealer.open_at(&place, sealed))
        .transpose()?;
    let account = account.map(|row| {
        let tokens = row.tokens(sealer)?;
        let sid = row.account_sid;
        Ok::<_, DecryptError>(Account { sid, tokens })
    });
    Ok(Tenant {
        account: account.transpose()?,
        notify_secret: secret,
        ..row.plain()?
    })
}

/// These tenants with their secrets, by id.
pub async fn load(
    tx: &mut Tx,
    ids: &[String],
    sealer: &Sealer,
) -> Result<Vec<Tenant>, SecretsError> {
    let rows = rows_of(tx, ids).await?;
    with_accounts(tx, rows, sealer).await
}

/// Those of these tenants that there are, by their ids.
async fn rows_of(tx: &mut Tx, ids: &[String]) -> Result<Vec<TenantRow>, Error> {
    Ok(on!(tx, c => tenants::table
        .filter(tenants::id.eq_any(ids))
        .order(tenants::id)
        .select(TenantRow::as_select())
        .load::<TenantRow>(c)
        .await)?)
}

/// A page of tenants with their secrets, in the order of their ids.
pub async fn page(
    tx: &mut Tx,
    after: &str,
    only: Option<&str>,
    limit: i64,
    sealer: &Sealer,
) -> Result<Vec<Tenant>, SecretsError> {
    let rows = on!(tx, c => {
        let mut query = tenants::table.filter(tenants::id.gt(after)).into_boxed();
        if let Some(only) = only {
            query = query.filter(tenants::id.eq(only));
        }
        query
            .order(tenants::id)
            .limit(limit)
            .select(TenantRow::as_select())
            .load::<TenantRow>(c)
            .await
    })
    .map_err(Error::from)?;
    with_accounts(tx, rows, sealer).await
}

async fn with_accounts(
    tx: &mut Tx,
    rows: Vec<TenantRow>,
    sealer: &Sealer,
) -> Result<Vec<Tenant>, SecretsError> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let accounts = on!(tx, c => accounts::table
        .filter(accounts::tenant_id.eq_any(ids))
        .select(AccountRow::as_select())
        .load::<AccountRow>(c)
        .await)
    .map_err(Error::from)?;
    let mut accounts = by_tenant(accounts);
    rows.into_iter()
        .map(|row| {
            let account = accounts.remove(&row.id);
            open(row, account, sealer)
        })
        .collect()
}

/// Seals anew what is sealed by an older key or bound to no row; gives how many tenants had such a secret.
pub async fn reseal(tx: &mut Tx, sealer: &Sealer) -> Result<usize, SecretsError> {
    let rows = on!(tx, c => tenants::table
        .select(TenantRow::as_select())
        .load::<TenantRow>(c)
        .await)
    .map_err(Error::from)?;
    let mut accounts = by_tenant(accounts(tx).await?);
    let mut resealed = 0;
    for row in rows {
        let account = accounts.remove(&row.id);
        let place = secret_place(&row.id);
        let secret = row.notify_secret.as_deref();
        let is_outdated = secret.is_some_and(|it| sealer.is_outdated(&place, it))
            || account.as_ref().is_some_and(|it| it.is_outdated(sealer));
        if is_outdated {
            let tenant = open(row, account, sealer)?;
            put(tx, &tenant, false, sealer).await?;
            resealed += 1;
        }
    }
    Ok(resealed)
}

fn by_tenant(accounts: Vec<AccountRow>) -> HashMap<String, AccountRow> {
    accounts
        .into_iter()
        .map(|row| (row.tenant_id.clone(), row))
        .collect()
}

/// One tenant without its secrets.
pub async fn plain(tx: &mut Tx, id: &str) -> Result<Option<Tenant>, Error> {
    let row = on!(tx, c => tenants::table
        .find(id)
        .select(TenantRow::as_select())
        .first::<TenantRow>(c)
        .await
        .optional())?;
    row.map(TenantRow::plain).transpose()
}

/// The id of the tenant that is named, or else of the only one. None: there is none such, or there are several.
pub async fn only(tx: &mut Tx, named: Option<&str>) -> Result<Option<String>, Error> {
    let ids = on!(tx, c => {
        let mut query = tenants::table.select(tenants::id).limit(2).into_boxed();
        if let Some(named) = named {
            query = query.filter(tenants::id.eq(named));
        }
        query.load::<String>(c).await
    })?;
    Ok(<[String; 1]>::try_from(ids).ok().map(|[id]| id))
}

/// The number that is not released, by its E.164 text, with its tenant (without its secrets) and that tenant's account.
pub async fn by_number(
    tx: &mut Tx,
    number: &str,
) -> Result<Option<(Tenant, Option<String>, Number)>, Error> {
    let number = on!(tx, c => numbers::table
        .filter(numbers::number.eq(number).and(numbers::status.ne("released")))
        .select(NumberRow::as_select())
        .first::<NumberRow>(c)
        .await
        .optional())?;
    let Some(number) = number else {
        return Ok(None);
    };
    let number = number.model()?;
    let tenant = plain(tx, &number.tenant_id).await?;
    let account = account_sid(tx, &number.tenant_id).await?;
    Ok(tenant.map(|tenant| (tenant, account, number)))
}

/// A number of this platform that forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forwarder {
    /// Whose it is.
    pub tenant: String,
    /// Where its calls go.
    pub to: Option<E164>,
}

/// Those of these numbers that are forwarded, with where they are forwarded to.
pub async fn forwarders(tx: &mut Tx, numbers: &[String]) -> Result<Vec<(E164, Forwarder)>, Error> {
    let numbers = on!(tx, c => numbers::table
        .filter(numbers::number.eq_any(numbers).and(numbers::status.ne("released")))
        .select(NumberRow::as_select())
        .load::<NumberRow>(c)
        .await)?;
    let mut forwarding = Vec::new();
    for number in numbers {
        let number = number.model()?;
        if let (VoiceApp::Forward, Some(from)) = (number.voice, number.number) {
            forwarding.push((from, number.tenant_id));
        }
    }
    let owners = forwarding.iter().map(|(_, tenant)| tenant.clone());
    let owners: BTreeSet<String> = owners.collect();
    let mut destinations = HashMap::new();
    for row in rows_of(tx, &Vec::from_iter(owners)).await? {
        let tenant = row.plain()?;
        destinations.insert(tenant.id, tenant.profile.forward_to);
    }
    let found = forwarding.into_iter().filter_map(|(from, tenant)| {
        let to = destinations.get(&tenant)?.clone();
        Some((from, Forwarder { tenant, to }))
    });
    Ok(found.collect())
}

/// Every account.
pub async fn accounts(tx: &mut Tx) -> Result<Vec<AccountRow>, Error> {
    Ok(on!(tx, c => accounts::table
        .order(accounts::account_sid)
        .select(AccountRow::as_select())
        .load::<AccountRow>(c)
        .await)?)
}

/// The account of one tenant.
pub async fn account_sid(tx: &mut Tx, tenant: &str) -> Result<Option<String>, Error> {
    Ok(on!(tx, c => accounts::table
        .filter(accounts::tenant_id.eq(tenant))
        .select(accounts::account_sid)
        .first::<String>(c)
        .await
        .optional())?)
}

/// Whose these accounts are.
pub async fn owners(tx: &mut Tx, sids: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(on!(tx, c => accounts::table
        .filter(accounts::account_sid.eq_any(sids))
        .select((accounts::account_sid, accounts::tenant_id))
        .load::<(String, String)>(c)
        .await)?)
}

/// Whether any tenant is told of its events, or ever was.
pub async fn any_notified(tx: &mut Tx) -> Result<bool, Error> {
    let first = on!(tx, c => tenants::table
        .filter(tenants::notify_secret.is_not_null())
        .select(tenants::id)
        .first::<String>(c)
        .await
        .optional())?;
    Ok(first.is_some())
}

/// These tenants without their secrets, with their accounts.
pub async fn plain_with_accounts(
    tx: &mut Tx,
    ids: &[String],
) -> Result<Vec<(Tenant, Option<String>)>, Error> {
    let rows = rows_of(tx, ids).await?;
    let sids = on!(tx, c => accounts::table
        .filter(accounts::tenant_id.eq_any(ids))
        .select((accounts::tenant_id, accounts::account_sid))
        .load::<(String, String)>(c)
        .await)?;
    let mut sids: HashMap<String, String> = sids.into_iter().collect();
    rows.into_iter()
        .map(|row| {
            let account = sids.remove(&row.id);
            Ok((row.plain()?, account))
        })
        .collect()
}

/// Writes a tenant, new or not.
pub async fn put(
    tx: &mut Tx,
    tenant: &Tenant,
    new: bool,
    sealer: &Sealer,
) -> Result<(), SecretsError> {
    let secret = tenant
        .notify_secret
        .as_ref()
        .map(|s| sealer.seal_at(&secret_place(&tenant.id), s.reveal()))
        .transpose()?;
    let row = TenantRow {
        id: tenant.id.clone(),
        status: tenant.status.as_str().to_owned(),
        profile: Json::of(&tenant.profile).map_err(unwritable)?,
        notify_secret: secret,
        notify_by_operator: tenant.notify_by_operator,
        created_at: tenant.created_at.into(),
        updated_at: tenant.updated_at.into(),
    };
    if new {
        on!(tx, c => diesel::insert_into(tenants::table).values(&row).execute(c).await)
            .map_err(Error::from)?;
    } else {
        on!(tx, c => diesel::update(tenants::table.find(&row.id)).set(&row).cached().execute(c).await)
            .map_err(Error::from)?;
    }
    put_account(tx, tenant, sealer).await
}

async fn put_account(tx: &mut Tx, tenant: &Tenant, sealer: &Sealer) -> Result<(), SecretsError> {
    on!(tx, c => diesel::delete(accounts::table.filter(accounts::tenant_id.eq(&tenant.id))).execute(c).await)
        .map_err(Error::from)?;
    let Some(account) = &tenant.account else {
        return Ok(());
    };
    let place = token_place(&account.sid);
    let sealed: Result<Vec<Vec<u8>>, DecryptError> = account
        .tokens
        .iter()
        .map(|token| sealer.seal_at(&place, token.reveal()))
        .collect();
    let mut sealed = sealed?.into_iter();
    let row = AccountRow {
        account_sid: account.sid.clone(),
        tenant_id: tenant.id.clone(),
        token: sealed.next().unwrap_or_default(),
        older_token: sealed.next(),
        updated_at: tenant.updated_at.into(),
    };
    on!(tx, c => diesel::insert_into(accounts::table).values(&row).execute(c).await)
        .map_err(Error::from)?;
    Ok(())
}
