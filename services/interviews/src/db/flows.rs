//! Flows: named definitions of interviews, of which every version is kept.

use clock::Time;
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::schema::flows;
use super::schema::flows::dsl;

/// One version of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = flows, treat_none_as_default_value = false)]
pub struct FlowRow {
    /// Whose it is; empty: every tenant's.
    pub tenant_id: String,
    /// Its name.
    pub name: String,
    /// From 1.
    pub version: i64,
    /// `screener`, `coach`, `eligibility` or `conversation`.
    pub kind: String,
    /// What `flow::Flow` reads.
    pub definition: Json,
    /// When this version was put down.
    pub created_at: types::Time,
    /// The request that made it, by its `Idempotency-Key`; none: it had none.
    pub request_id: Option<String>,
}

/// What became of a definition that was to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there: its version, and whether that is new.
    Done(i64, bool),
    /// Nothing was changed: the latest version is another than the one that was meant to be replaced.
    Changed,
}

/// Stores a definition under a name, and gives its version and whether that is new: what is the same as the latest
/// version, or older, leaves that version as it is.
pub async fn flow_put(
    tx: &mut Tx,
    named: (&str, &str),
    kind: &str,
    definition: &Json,
    at: Time,
    request: Option<&str>,
) -> Result<(i64, bool), Error> {
    match flow_put_over(tx, named, kind, definition, (at, None), request).await? {
        Put::Done(version, is_new) => Ok((version, is_new)),
        Put::Changed => Ok((0, false)),
    }
}

/// The same over a version that the sender has seen (0: none), unless it is not the latest any more.
pub async fn flow_put_over(
    tx: &mut Tx,
    (tenant, name): (&str, &str),
    kind: &str,
    definition: &Json,
    (at, seen): (Time, Option<i64>),
    request: Option<&str>,
) -> Result<Put, Error> {
    loop {
        if let Some(request) = request
            && let Some(row) = flow_of_request(tx, request).await?
        {
            return Ok(Put::Done(row.version, false));
        }
        let latest = latest_of(tx, tenant, name).await?;
        let now = latest.as_ref().map_or(0, |row| row.version);
        if seen.is_some_and(|seen| seen != now) {
            return Ok(Put::Changed);
        }
        // One that comes later than it was made does not undo what was made after it.
        let stays = |row: &&FlowRow| row.definition == *definition || row.created_at.0 > at;
        if let Some(row) = latest.as_ref().filter(stays) {
            return Ok(Put::Done(row.version, false));
        }
        let row = FlowRow {
            tenant_id: tenant.to_owned(),
            name: name.to_owned(),
            version: latest.map_or(1, |row| row.version + 1),
            kind: kind.to_owned(),
            definition: definition.clone(),
            created_at: at.into(),
            request_id: request.map(str::to_owned),
        };
        let fresh = on!(tx, c => diesel::insert_into(flows::table)
            .values(&row)
            .on_conflict_do_nothing()
            .execute(c)
            .await)?;
        if fresh == 1 {
            return Ok(Put::Done(row.version, true));
        }
        // Another request has just taken this version; its row is to be seen now.
    }
}

/// The version that a request has made.
pub async fn flow_of_request(tx: &mut Tx, request: &str) -> Result<Option<FlowRow>, Error> {
    Ok(on!(tx, c => dsl::flows
        .filter(dsl::request_id.eq(request))
        .first::<FlowRow>(c)
        .await
        .optional())?)
}

/// The latest version of the tenant's own flow of this name; without one: of every tenant's.
pub async fn flow_latest(tx: &mut Tx, tenant: &str, name: &str) -> Result<Option<FlowRow>, Error> {
    match latest_of(tx, tenant, name).await? {
        None if !tenant.is_empty() => latest_of(tx, "", name).await,
        found => Ok(found),
    }
}

async fn latest_of(tx: &mut Tx, tenant: &str, name: &str) -> Result<Option<FlowRow>, Error> {
    Ok(on!(tx, c => dsl::flows
        .filter(dsl::tenant_id.eq(tenant).and(dsl::name.eq(name)))
        .order(dsl::version.desc())
        .first::<FlowRow>(c)
        .await
        .optional())?)
}

/// One version of exactly this tenant's flow; an empty tenant: every tenant's.
pub async fn flow_version(
    tx: &mut Tx,
    tenant: &str,
    name: &str,
    version: i64,
) -> Result<Option<FlowRow>, Error> {
    Ok(on!(tx, c => dsl::flows
        .find((tenant, name, version))
        .first::<FlowRow>(c)
        .await
        .optional())?)
}

/// The versions of exactly this tenant's flow that are older than one, the latest first: number, kind, time. One more than
/// `limit`, so that the caller sees whether there are more.
pub async fn flow_versions(
    tx: &mut Tx,
    (tenant, name): (&str, &str),
    before: i64,
    limit: i64,
) -> Result<Vec<(i64, String, Time)>, Error> {
    let rows = on!(tx, c => dsl::flows
        .filter(dsl::tenant_id.eq(tenant).and(dsl::name.eq(name)))
        .filter(dsl::version.lt(before))
        .select((dsl::version, dsl::kind, dsl::created_at))
        .order(dsl::version.desc())
        .limit(limit + 1)
        .load::<(i64, String, types::Time)>(c)
        .await)?;
    Ok(rows
        .into_iter()
        .map(|(version, kind, at)| (version, kind, at.0))
        .collect())
}

/// The latest version of each flow that a tenant can use (its own and every tenant's; none: of all), by tenant and
/// name, after the flow of this tenant and name; one more than `limit`, so that the caller sees whether there are
/// more.
pub async fn flow_list(
    tx: &mut Tx,
    tenant: Option<&str>,
    after: Option<&(String, String)>,
    limit: i64,
) -> Result<Vec<FlowRow>, Error> {
    let newer = diesel::alias!(flows as newer);
    let replaced = newer
        .filter(newer.field(dsl::tenant_id).eq(dsl::tenant_id))
        .filter(newer.field(dsl::name).eq(dsl::name))
        .filter(newer.field(dsl::version).gt(dsl::version));
    Ok(on!(tx, c => {
        let mut query = dsl::flows
            .filter(diesel::dsl::not(diesel::dsl::exists(replaced)))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(dsl::tenant_id.eq(tenant).or(dsl::tenant_id.eq("")));
        }
        if let Some((tenant, name)) = after {
            query = query.filter(
                dsl::tenant_id.gt(tenant).or(dsl::tenant_id.eq(tenant).and(dsl::name.gt(name))),
            );
        }
        query
            .order((dsl::tenant_id.asc(), dsl::name.asc()))
            .limit(limit + 1)
            .load::<FlowRow>(c)
            .await
    })?)
}
