//! Receipts of erasures, and their parts.

use std::collections::BTreeMap;

use clock::Time as Instant;
use role::Tx;
use store::prelude::*;
use store::types::{Json, Time};
use store::{Error, on};

use super::schema::{erasure_parts, erasures};

/// A receipt as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = erasures, treat_none_as_default_value = false)]
pub struct ErasureRow {
    /// Its id.
    pub id: String,
    /// Whose data; empty: every tenant's.
    pub tenant_id: String,
    /// What stands for the person.
    pub subject: String,
    /// Who it is, sealed; none when it is over.
    pub sealed: Option<Vec<u8>>,
    /// The name of the key or the operator.
    pub requested_by: String,
    /// When it was asked for.
    pub requested_at: Time,
    /// When the last part was told of.
    pub completed_at: Option<Time>,
}

/// A part of an erasure.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = erasure_parts, treat_none_as_default_value = false)]
pub struct PartRow {
    /// The receipt.
    pub erasure_id: String,
    /// The role, or what another part has ordered.
    pub part: String,
    /// What was removed: a number for each kind.
    pub counts: Json,
    /// When it was told of; none: it is awaited.
    pub told_at: Option<Time>,
}

impl PartRow {
    /// What was removed.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.read().unwrap_or_default()
    }
}

/// Adds a receipt, unless there is one of this id. True: it was added.
pub async fn insert(tx: &mut Tx, row: &ErasureRow) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(erasures::table)
        .values(row)
        .on_conflict(erasures::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// A receipt.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<ErasureRow>, Error> {
    Ok(on!(tx, c => erasures::table.find(id).first::<ErasureRow>(c).await.optional())?)
}

/// The same, locked until the transaction ends.
pub async fn lock(tx: &mut Tx, id: &str) -> Result<Option<ErasureRow>, Error> {
    // An update that changes nothing takes the row's lock on both engines.
    on!(tx, c => diesel::update(erasures::table.find(id)).set(erasures::id.eq(id)).execute(c).await)?;
    find(tx, id).await
}

/// The parts of an erasure.
pub async fn parts(tx: &mut Tx, id: &str) -> Result<Vec<PartRow>, Error> {
    Ok(on!(tx, c => erasure_parts::table
        .filter(erasure_parts::erasure_id.eq(id))
        .order(erasure_parts::part)
        .load::<PartRow>(c)
        .await)?)
}

/// Awaits a part, unless it is known.
pub async fn await_part(tx: &mut Tx, id: &str, part: &str) -> Result<(), Error> {
    let row = PartRow {
        erasure_id: id.to_owned(),
        part: part.to_owned(),
        counts: Json(serde_json::json!({})),
        told_at: None,
    };
    on!(tx, c => diesel::insert_into(erasure_parts::table)
        .values(&row)
        .on_conflict((erasure_parts::erasure_id, erasure_parts::part))
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// Adds what was removed in a part. The receipt is locked.
pub async fn take_part(
    tx: &mut Tx,
    id: &str,
    part: &str,
    removed: &[(String, u64)],
    at: Instant,
) -> Result<(), Error> {
    await_part(tx, id, part).await?;
    let row = erasure_parts::table.find((id, part));
    let known = on!(tx, c => row.first::<PartRow>(c).await)?;
    let mut counts = known.counts();
    for (what, count) in removed {
        *counts.entry(what.clone()).or_default() += count;
    }
    let change = (
        erasure_parts::counts.eq(Json(serde_json::json!(counts))),
        erasure_parts::told_at.eq(Some(Time::from(at))),
    );
    on!(tx, c => diesel::update(erasure_parts::table.find((id, part)))
        .set(change.clone())
        .execute(c)
        .await)?;
    Ok(())
}

/// Notes that the last part was told of, and forgets who it was.
pub async fn complete(tx: &mut Tx, id: &str, at: Instant) -> Result<(), Error> {
    on!(tx, c => diesel::update(erasures::table.find(id))
        .set((
            erasures::completed_at.eq(Some(Time::from(at))),
            erasures::sealed.eq(None::<Vec<u8>>),
        ))
        .execute(c)
        .await)?;
    Ok(())
}
