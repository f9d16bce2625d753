//! Phone numbers.

use clock::Time as Instant;
use phone::E164;
use role::Tx;
use store::prelude::*;
use store::types::Time;
use store::{Error, on};

use super::damaged;
use super::model::Number;
use super::schema::numbers;

const RELEASED: &str = "released";

/// A number as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = numbers, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct NumberRow {
    id: String,
    number: Option<String>,
    tenant_id: String,
    is_primary: bool,
    status: String,
    voice: String,
    sms: String,
    sid: Option<String>,
    suspended_by_operator: bool,
    created_at: Time,
    updated_at: Time,
}

impl NumberRow {
    /// As the rest of the role knows it.
    pub fn model(self) -> Result<Number, Error> {
        Ok(Number {
            id: self.id,
            number: self
                .number
                .map(E164::try_from)
                .transpose()
                .map_err(damaged)?,
            tenant_id: self.tenant_id,
            primary: self.is_primary,
            status: self.status.parse().map_err(damaged)?,
            voice: self.voice.parse().map_err(damaged)?,
            sms: self.sms.parse().map_err(damaged)?,
            sid: self.sid,
            suspended_by_operator: self.suspended_by_operator,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }

    fn of(number: &Number) -> Self {
        Self {
            id: number.id.clone(),
            number: number.number.clone().map(String::from),
            tenant_id: number.tenant_id.clone(),
            is_primary: number.primary,
            status: number.status.as_str().to_owned(),
            voice: number.voice.clone().into(),
            sms: number.sms.as_str().to_owned(),
            sid: number.sid.clone(),
            suspended_by_operator: number.suspended_by_operator,
            created_at: number.created_at.into(),
            updated_at: number.updated_at.into(),
        }
    }
}

fn models(rows: Vec<NumberRow>) -> Result<Vec<Number>, Error> {
    rows.into_iter().map(NumberRow::model).collect()
}

/// One number by its id.
pub async fn get(tx: &mut Tx, id: &str) -> Result<Option<Number>, Error> {
    let row = on!(tx, c => numbers::table
        .find(id)
        .select(NumberRow::as_select())
        .first::<NumberRow>(c)
        .await
        .optional())?;
    row.map(NumberRow::model).transpose()
}

/// The same, and nobody else changes it until the transaction ends: writing it first takes its lock.
pub async fn get_locked(tx: &mut Tx, id: &str) -> Result<Option<Number>, Error> {
    let touched = on!(tx, c => diesel::update(numbers::table.find(id))
        .set(numbers::id.eq(numbers::id))
        .cached()
        .execute(c)
        .await)?;
    if touched == 0 {
        Ok(None)
    } else {
        get(tx, id).await
    }
}

/// The number that is not released, by its E.164 text.
pub async fn live(tx: &mut Tx, number: &str) -> Result<Option<Number>, Error> {
    let row = on!(tx, c => numbers::table
        .filter(numbers::number.eq(number).and(numbers::status.ne(RELEASED)))
        .select(NumberRow::as_select())
        .first::<NumberRow>(c)
        .await
        .optional())?;
    row.map(NumberRow::model).transpose()
}

/// All that are not released, of these tenants or among these numbers, the oldest first.
pub async fn concerned(
    tx: &mut Tx,
    tenants: &[String],
    listed: &[String],
) -> Result<Vec<Number>, Error> {
    let rows = on!(tx, c => numbers::table
        .filter(numbers::status.ne(RELEASED))
        .filter(numbers::tenant_id.eq_any(tenants).or(numbers::number.eq_any(listed)))
        .order((numbers::created_at, numbers::id))
        .select(NumberRow::as_select())
        .load::<NumberRow>(c)
        .await)?;
    models(rows)
}

/// Those that are not released, in the order of their ids, from after this one on.
pub async fn live_page(tx: &mut Tx, after: &str, limit: i64) -> Result<Vec<Number>, Error> {
    let rows = on!(tx, c => numbers::table
        .filter(numbers::status.ne(RELEASED).and(numbers::id.gt(after)))
        .order(numbers::id)
        .limit(limit)
        .select(NumberRow::as_select())
        .load::<NumberRow>(c)
        .await)?;
    models(rows)
}

/// A page of numbers, released ones too, in the order of their ids.
pub async fn page(
    tx: &mut Tx,
    after: &str,
    tenant: Option<&str>,
    limit: i64,
) -> Result<Vec<Number>, Error> {
    let rows = on!(tx, c => {
        let mut query = numbers::table.filter(numbers::id.gt(after)).into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(numbers::tenant_id.eq(tenant));
        }
        query
            .order(numbers::id)
            .limit(limit)
            .select(NumberRow::as_select())
            .load::<NumberRow>(c)
            .await
    })?;
    models(rows)
}

/// Adds a number.
pub async fn insert(tx: &mut Tx, number: &Number) -> Result<(), Error> {
    let row = NumberRow::of(number);
    on!(tx, c => diesel::insert_into(numbers::table).values(&row).execute(c).await)?;
    Ok(())
}

/// Notes what whoever buys a number has asked for: a digest of it.
pub async fn note_asked(tx: &mut Tx, id: &str, digest: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(numbers::table.find(id))
        .set(numbers::asked.eq(digest))
        .execute(c)
        .await)?;
    Ok(())
}

/// The digest of what was asked for, where the number was bought here since digests are kept.
pub async fn asked(tx: &mut Tx, id: &str) -> Result<Option<String>, Error> {
    let asked = on!(tx, c => numbers::table
        .find(id)
        .select(numbers::asked)
        .first::<Option<String>>(c)
        .await
        .optional())?;
    Ok(asked.flatten())
}

/// Writes a number anew.
pub async fn update(tx: &mut Tx, number: &Number) -> Result<(), Error> {
    let row = NumberRow::of(number);
    on!(tx, c => diesel::update(numbers::table.find(&row.id)).set(&row).cached().execute(c).await)?;
    Ok(())
}

/// Removes a number that never was ours.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(numbers::table.find(id)).execute(c).await)?;
    Ok(())
}

/// Makes a tenant's oldest number primary when none is.
pub async fn promote(tx: &mut Tx, tenant: &str, now: Instant) -> Result<(), Error> {
    let mine = concerned(tx, &[tenant.to_owned()], &[]).await?;
    if mine.iter().any(|number| number.primary) {
        return Ok(());
    }
    if let Some(mut first) = mine.into_iter().next() {
        first.primary = true;
        first.updated_at = now;
        update(tx, &first).await?;
    }
    Ok(())
}
