//! API keys.

use clock::Time as Instant;
use role::Tx;
use store::prelude::*;
use store::types::Time;
use store::{Error, on};

use super::model::Key;
use super::schema::keys;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = keys, treat_none_as_default_value = false, treat_none_as_null = true)]
struct KeyRow {
    id: String,
    name: String,
    tenant_id: Option<String>,
    scopes: String,
    hash: String,
    created_at: Time,
    expires_at: Option<Time>,
    last_used_at: Option<Time>,
}

impl KeyRow {
    fn model(self) -> Key {
        Key {
            id: self.id,
            name: self.name,
            tenant: self.tenant_id,
            scopes: self.scopes.split(' ').map(str::to_owned).collect(),
            hash: self.hash,
            created_at: self.created_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            last_used_at: self.last_used_at.map(|at| at.0),
        }
    }

    fn of(key: &Key) -> Self {
        Self {
            id: key.id.clone(),
            name: key.name.clone(),
            tenant_id: key.tenant.clone(),
            scopes: key.scopes.join(" "),
            hash: key.hash.clone(),
            created_at: key.created_at.into(),
            expires_at: key.expires_at.map(Time::from),
            last_used_at: key.last_used_at.map(Time::from),
        }
    }
}

/// The key of a hash.
pub async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<Key>, Error> {
    let row = on!(tx, c => keys::table
        .filter(keys::hash.eq(hash))
        .select(KeyRow::as_select())
        .first::<KeyRow>(c)
        .await
        .optional())?;
    Ok(row.map(KeyRow::model))
}

/// One key by its id.
pub async fn get(tx: &mut Tx, id: &str) -> Result<Option<Key>, Error> {
    let row = on!(tx, c => keys::table
        .find(id)
        .select(KeyRow::as_select())
        .first::<KeyRow>(c)
        .await
        .optional())?;
    Ok(row.map(KeyRow::model))
}

/// Keys by their names.
pub async fn named(tx: &mut Tx, names: &[String]) -> Result<Vec<Key>, Error> {
    let rows = on!(tx, c => keys::table
        .filter(keys::name.eq_any(names))
        .select(KeyRow::as_select())
        .load::<KeyRow>(c)
        .await)?;
    Ok(rows.into_iter().map(KeyRow::model).collect())
}

/// A page of keys in the order of their ids.
pub async fn page(
    tx: &mut Tx,
    after: &str,
    tenant: Option<&str>,
    limit: i64,
) -> Result<Vec<Key>, Error> {
    let rows = on!(tx, c => {
        let mut query = keys::table.filter(keys::id.gt(after)).into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(keys::tenant_id.eq(tenant));
        }
        query
            .order(keys::id)
            .limit(limit)
            .select(KeyRow::as_select())
            .load::<KeyRow>(c)
            .await
    })?;
    Ok(rows.into_iter().map(KeyRow::model).collect())
}

/// Writes a key, new or not.
pub async fn put(tx: &mut Tx, key: &Key, new: bool) -> Result<(), Error> {
    let row = KeyRow::of(key);
    if new {
        on!(tx, c => diesel::insert_into(keys::table).values(&row).execute(c).await)?;
    } else {
        on!(tx, c => diesel::update(keys::table.find(&row.id)).set(&row).cached().execute(c).await)?;
    }
    Ok(())
}

/// Notes that a key was used.
pub async fn used(tx: &mut Tx, id: &str, at: Instant) -> Result<(), Error> {
    on!(tx, c => diesel::update(keys::table.find(id))
        .set(keys::last_used_at.eq(Some(Time::from(at))))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// Withdraws a key.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(keys::table.find(id)).execute(c).await)?;
    Ok(())
}
