//! Sessions, and the links that begin one.

use store::prelude::*;
use store::types::Time;
use store::{Error, Tx, on};

use super::schema::{links, sessions};

/// A person who has signed in.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = sessions)]
pub struct Session {
    /// SHA-256 of the token in the cookie.
    pub hash: String,
    /// Whose; empty: a link's or a key's.
    pub operator_id: String,
    /// The hash of the API key that it was begun with; empty: none.
    pub key_hash: String,
    /// The operator's or the key's name.
    pub name: String,
    /// The tenant that is worked for; empty: all.
    pub tenant_id: String,
    /// `read`, `write`, `admin`, separated by spaces.
    pub scopes: String,
    /// When it began.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub seen_at: Time,
}

/// Begins one.
pub async fn session_insert(tx: &mut Tx, row: &Session) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(sessions::table).values(row).execute(c).await)?;
    Ok(())
}

/// The session of a hash.
pub async fn session_find(tx: &mut Tx, hash: &str) -> Result<Option<Session>, Error> {
    Ok(on!(tx, c => sessions::table.find(hash).first::<Session>(c).await.optional())?)
}

/// Remembers that it was used.
pub async fn session_seen(tx: &mut Tx, hash: &str, at: Time) -> Result<(), Error> {
    on!(tx, c => diesel::update(sessions::table.find(hash))
        .set(sessions::seen_at.eq(at))
        .execute(c)
        .await)?;
    Ok(())
}

/// Works for another tenant from now on.
pub async fn session_switch(
    tx: &mut Tx,
    hash: &str,
    tenant: &str,
    scopes: &str,
) -> Result<(), Error> {
    on!(tx, c => diesel::update(sessions::table.find(hash))
        .set((sessions::tenant_id.eq(tenant), sessions::scopes.eq(scopes)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Ends one.
pub async fn session_delete(tx: &mut Tx, hash: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(sessions::table.find(hash)).execute(c).await)?;
    Ok(())
}

/// Ends every session of an operator; gives their hashes.
pub async fn sessions_of_operator_delete(
    tx: &mut Tx,
    operator: &str,
) -> Result<Vec<String>, Error> {
    Ok(
        on!(tx, c => diesel::delete(sessions::table.filter(sessions::operator_id.eq(operator)))
        .returning(sessions::hash)
        .get_results::<String>(c)
        .await)?,
    )
}

/// Ends every session that was begun with an API key; gives their hashes.
pub async fn sessions_of_key_delete(tx: &mut Tx, key_hash: &str) -> Result<Vec<String>, Error> {
    Ok(
        on!(tx, c => diesel::delete(sessions::table.filter(sessions::key_hash.eq(key_hash)))
        .returning(sessions::hash)
        .get_results::<String>(c)
        .await)?,
    )
}

/// Clears away what is over: sessions that began or were last used before these times, links that expired.
pub async fn sessions_delete_old(
    tx: &mut Tx,
    begun: Time,
    seen: Time,
    now: Time,
) -> Result<(), Error> {
    let over = sessions::created_at
        .lt(begun)
        .or(sessions::seen_at.lt(seen));
    on!(tx, c => diesel::delete(sessions::table.filter(over)).execute(c).await)?;
    on!(tx, c => diesel::delete(links::table.filter(links::expires_at.lt(now))).execute(c).await)?;
    Ok(())
}

/// Keeps a link that signs in once.
pub async fn link_insert(tx: &mut Tx, hash: &str, expires_at: Time) -> Result<(), Error> {
    let row = (links::hash.eq(hash), links::expires_at.eq(expires_at));
    on!(tx, c => diesel::insert_into(links::table).values(row).execute(c).await)?;
    Ok(())
}

/// Uses a link; false when it is unknown, over, or was used before.
pub async fn link_use(tx: &mut Tx, hash: &str, now: Time) -> Result<bool, Error> {
    let fresh = links::table
        .find(hash)
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(now));
    let used = on!(tx, c => diesel::update(fresh)
        .set(links::used_at.eq(now))
        .execute(c)
        .await)?;
    Ok(used == 1)
}
