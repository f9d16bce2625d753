//! Operators, and what each may do for which tenant.

use store::prelude::*;
use store::types::Time;
use store::{Error, Tx, on};

use super::schema::{memberships, operators};

/// A person who signs in by name and password.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = operators, treat_none_as_default_value = false)]
pub struct Operator {
    /// The id.
    pub id: String,
    /// As it is shown.
    pub name: String,
    /// As it is compared: in lower case.
    pub login: String,
    /// Argon2id, with its parameters and salt.
    pub password_hash: String,
    /// When the operator was added.
    pub created_at: Time,
    /// The last sign-in.
    pub signed_in_at: Option<Time>,
}

/// What an operator may do for a tenant.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = memberships)]
pub struct Membership {
    /// Whose.
    pub operator_id: String,
    /// The tenant; empty: every tenant.
    pub tenant_id: String,
    /// `owner`, `operator` or `viewer`.
    pub role: String,
}

/// Adds an operator; false when the name is taken.
pub async fn operator_insert(tx: &mut Tx, row: &Operator) -> Result<bool, Error> {
    let new = on!(tx, c => diesel::insert_into(operators::table)
        .values(row)
        .on_conflict(operators::login)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(new == 1)
}

/// How many there are.
pub async fn operator_count(tx: &mut Tx) -> Result<i64, Error> {
    Ok(on!(tx, c => operators::table.count().get_result::<i64>(c).await)?)
}

/// All of them, by name.
pub async fn operator_list(tx: &mut Tx) -> Result<Vec<Operator>, Error> {
    Ok(on!(tx, c => operators::table
        .order(operators::login)
        .limit(500)
        .load::<Operator>(c)
        .await)?)
}

/// By the name of the sign-in, in lower case.
pub async fn operator_by_login(tx: &mut Tx, login: &str) -> Result<Option<Operator>, Error> {
    Ok(on!(tx, c => operators::table
        .filter(operators::login.eq(login))
        .first::<Operator>(c)
        .await
        .optional())?)
}

/// By the id.
pub async fn operator_find(tx: &mut Tx, id: &str) -> Result<Option<Operator>, Error> {
    Ok(on!(tx, c => operators::table.find(id).first::<Operator>(c).await.optional())?)
}

/// Remembers the last sign-in.
pub async fn operator_signed_in(tx: &mut Tx, id: &str, at: Time) -> Result<(), Error> {
    on!(tx, c => diesel::update(operators::table.find(id))
        .set(operators::signed_in_at.eq(at))
        .execute(c)
        .await)?;
    Ok(())
}

/// Gives another password.
pub async fn password_set(tx: &mut Tx, id: &str, hash: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(operators::table.find(id))
        .set(operators::password_hash.eq(hash))
        .execute(c)
        .await)?;
    Ok(())
}

/// Removes an operator with all that the operator may do.
pub async fn operator_delete(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(memberships::table.filter(memberships::operator_id.eq(id)))
        .execute(c)
        .await)?;
    on!(tx, c => diesel::delete(operators::table.find(id)).execute(c).await)?;
    Ok(())
}

/// What each operator may do: of one, or of all.
pub async fn membership_list(
    tx: &mut Tx,
    operator: Option<&str>,
) -> Result<Vec<Membership>, Error> {
    Ok(on!(tx, c => {
        let mut query = memberships::table.into_boxed();
        if let Some(operator) = operator {
            query = query.filter(memberships::operator_id.eq(operator));
        }
        query
            .order((memberships::operator_id, memberships::tenant_id))
            .limit(2000)
            .load::<Membership>(c)
            .await
    })?)
}

/// Says what an operator may do for a tenant.
pub async fn membership_set(tx: &mut Tx, row: &Membership) -> Result<(), Error> {
    let key = (row.operator_id.as_str(), row.tenant_id.as_str());
    on!(tx, c => diesel::delete(memberships::table.find(key)).execute(c).await)?;
    on!(tx, c => diesel::insert_into(memberships::table).values(row).execute(c).await)?;
    Ok(())
}
