//! What was last applied of each flow.

use clock::Time;
use role::Tx;
use store::prelude::*;
use store::types::Time as Stored;
use store::{Error, on};

use super::schema::flows;

#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = flows, treat_none_as_default_value = false)]
struct FlowRow<'a> {
    tenant_id: &'a str,
    name: &'a str,
    digest: &'a str,
    updated_at: Stored,
}

/// The digests of flows by their names, with their tenants.
pub async fn digests(
    tx: &mut Tx,
    names: &[String],
) -> Result<Vec<((String, String), String)>, Error> {
    let rows = on!(tx, c => flows::table
        .filter(flows::name.eq_any(names))
        .select((flows::tenant_id, flows::name, flows::digest))
        .load::<(String, String, String)>(c)
        .await)?;
    let by_identity = rows
        .into_iter()
        .map(|(tenant, name, digest)| ((tenant, name), digest));
    Ok(by_identity.collect())
}

/// Notes what was applied.
pub async fn put(
    tx: &mut Tx,
    tenant_id: &str,
    name: &str,
    digest: &str,
    now: Time,
) -> Result<(), Error> {
    let row = FlowRow {
        tenant_id,
        name,
        digest,
        updated_at: now.into(),
    };
    on!(tx, c => diesel::insert_into(flows::table)
        .values(&row)
        .on_conflict((flows::tenant_id, flows::name))
        .do_update()
        .set(&row)
        .execute(c)
        .await)?;
    Ok(())
}
