//! What tenants spend: how many texts and calls in an hour, and what AI has cost in a day.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::spending::{self, dsl};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Texts that leave, by the hour.
    Texts,
    /// Calls that are placed, by the hour.
    Calls,
    /// What goes to a country that is not allowed, by the hour; none leaves.
    Countries,
    /// What AI providers cost, in millionths of a US dollar, by the day.
    Ai,
}

impl Kind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Calls => "calls",
            Self::Countries => "countries",
            Self::Ai => "ai",
        }
    }
}

/// Whose, what, and from when on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Period<'a> {
    pub tenant: &'a str,
    pub kind: Kind,
    pub since: Time,
}

/// What a tenant has spent in one period.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = spending, treat_none_as_default_value = false)]
pub(crate) struct Spent {
    pub tenant_id: String,
    pub kind: String,
    pub since: types::Time,
    pub amount: i64,
    /// How often something was refused.
    pub refused: i64,
    /// The limit that was reached; none: not yet.
    pub most: Option<i64>,
    pub limited_at: Option<types::Time>,
    /// What reached it: it tells of it.
    pub limited_by: Option<String>,
}

/// Adds to what was spent, unless that would be more than `most`. False: it would.
pub(crate) async fn add(
    tx: &mut Tx,
    period: &Period<'_>,
    amount: i64,
    most: i64,
) -> Result<bool, Error> {
    let left = most.saturating_sub(amount);
    if raise(tx, period, amount, left).await? {
        return Ok(true);
    }
    // There is no row yet, or it is full. Of two that insert it the second waits for the first.
    insert(tx, period).await?;
    raise(tx, period, amount, left).await
}

/// Adds to a row that has at most `left`. The row stays locked until the transaction ends: counts are exact.
async fn raise(tx: &mut Tx, period: &Period<'_>, amount: i64, left: i64) -> Result<bool, Error> {
    let row = dsl::spending
        .find((
            period.tenant,
            period.kind.as_str(),
            types::Time(period.since),
        ))
        .filter(dsl::amount.le(left));
    let rows = on!(tx, c => diesel::update(row)
        .set(dsl::amount.eq(dsl::amount + amount))
        .cached()
        .execute(c)
        .await)?;
    Ok(rows == 1)
}

async fn insert(tx: &mut Tx, period: &Period<'_>) -> Result<(), Error> {
    let row = Spent {
        tenant_id: period.tenant.to_owned(),
        kind: period.kind.as_str().to_owned(),
        since: period.since.into(),
        amount: 0,
        refused: 0,
        most: None,
        limited_at: None,
        limited_by: None,
    };
    on!(tx, c => diesel::insert_into(dsl::spending)
        .values(&row)
        .on_conflict_do_nothing()
        .execute(c)
        .await)?;
    Ok(())
}

/// Notes that the limit is reached, by `by` if it is the first. True: it is.
pub(crate) async fn limit(
    tx: &mut Tx,
    period: &Period<'_>,
    most: i64,
    by: &str,
    at: Time,
) -> Result<bool, Error> {
    insert(tx, period).await?;
    let key = (
        period.tenant,
        period.kind.as_str(),
        types::Time(period.since),
    );
    let first = dsl::spending.find(key).filter(dsl::limited_by.is_null());
    let rows = on!(tx, c => diesel::update(first)
        .set((
            dsl::most.eq(Some(most)),
            dsl::limited_at.eq(Some(types::Time(at))),
            dsl::limited_by.eq(Some(by)),
        ))
        .execute(c)
        .await)?;
    Ok(rows == 1)
}

/// Counts a refusal.
pub(crate) async fn refuse(tx: &mut Tx, period: &Period<'_>) -> Result<(), Error> {
    let key = (
        period.tenant,
        period.kind.as_str(),
        types::Time(period.since),
    );
    on!(tx, c => diesel::update(dsl::spending.find(key))
        .set(dsl::refused.eq(dsl::refused + 1))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// The limit that this has reached first, if it has.
pub(crate) async fn limited_by(tx: &mut Tx, by: &str) -> Result<Option<Spent>, Error> {
    let row = dsl::spending.filter(dsl::limited_by.eq(by));
    Ok(on!(tx, c => row.first::<Spent>(c).await.optional())?)
}

/// One period.
pub(crate) async fn find(tx: &mut Tx, period: &Period<'_>) -> Result<Option<Spent>, Error> {
    let row = dsl::spending.find((
        period.tenant,
        period.kind.as_str(),
        types::Time(period.since),
    ));
    Ok(on!(tx, c => row.first::<Spent>(c).await.optional())?)
}

/// What was spent from a time on, of one tenant or of all, the latest first; `limited`: only where a limit was reached.
pub(crate) async fn list(
    tx: &mut Tx,
    tenant: Option<&str>,
    limited: bool,
    since: Time,
    most: i64,
) -> Result<Vec<Spent>, Error> {
    Ok(on!(tx, c => {
        let mut rows = dsl::spending
            .filter(dsl::since.ge(types::Time(since)))
            .order((dsl::since.desc(), dsl::tenant_id, dsl::kind))
            .limit(most)
            .into_boxed();
        if let Some(tenant) = tenant {
            rows = rows.filter(dsl::tenant_id.eq(tenant));
        }
        if limited {
            rows = rows.filter(dsl::limited_by.is_not_null());
        }
        rows.load::<Spent>(c).await
    })?)
}

/// Forgets periods that began before this time. Gives how many.
pub(crate) async fn sweep(tx: &mut Tx, before: Time) -> Result<usize, Error> {
    let old = dsl::spending.filter(dsl::since.lt(types::Time(before)));
    Ok(on!(tx, c => diesel::delete(old).execute(c).await)?)
}
