//! Commands that wait: a row for each, in lines.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, insert_new, on, types};

use super::schema::waiting::{self, dsl};

/// Those of one line wait for each other, and for nobody else.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    /// The command's type.
    pub kind: String,
    /// Empty: the platform's own.
    pub account_sid: String,
    pub tenant_id: String,
    /// Whose pace it goes at, within its account.
    pub lane: String,
    pub urgent: bool,
}

impl Line {
    /// What whoever lets somebody in, or comes in, takes turns by.
    pub(crate) fn name(&self) -> String {
        let Self {
            kind,
            account_sid,
            tenant_id,
            lane,
            urgent,
        } = self;
        format!("egress.waiting {kind} {account_sid} {tenant_id} {lane} {urgent}")
    }
}

/// A command that waits.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable)]
#[diesel(table_name = waiting, treat_none_as_default_value = false)]
pub(crate) struct Row {
    /// The command's type.
    pub kind: String,
    /// The effect's identity within its kind.
    pub id: String,
    pub tenant_id: String,
    pub account_sid: String,
    pub lane: String,
    pub urgent: bool,
    /// When it was asked for, in microseconds: its place in the line.
    pub place: i64,
    /// Not before. Of one that was let in: when it is let in again, should it have been lost.
    pub due_at: types::Time,
    /// Whether it is on the bus again, or in hand.
    pub let_in: bool,
    /// When its turn first came; none: not yet.
    pub since: Option<types::Time>,
    /// How often it came back.
    pub tries: i64,
    /// How often of that by a fault that may be its own.
    pub repeats: i64,
    /// `events::Envelope::to_bytes`.
    pub envelope: Vec<u8>,
}

impl Row {
    /// Which line it stands in.
    pub(crate) fn line(&self) -> Line {
        Line {
            kind: self.kind.clone(),
            account_sid: self.account_sid.clone(),
            tenant_id: self.tenant_id.clone(),
            lane: self.lane.clone(),
            urgent: self.urgent,
        }
    }
}

macro_rules! of_line {
    ($line:expr) => {
        dsl::waiting
            .filter(dsl::kind.eq(&$line.kind))
            .filter(dsl::account_sid.eq(&$line.account_sid))
            .filter(dsl::tenant_id.eq(&$line.tenant_id))
            .filter(dsl::lane.eq(&$line.lane))
            .filter(dsl::urgent.eq($line.urgent))
    };
}

macro_rules! lines_of {
    ($tx:expr, $rows:expr) => {{
        let line = (
            dsl::kind,
            dsl::account_sid,
            dsl::tenant_id,
            dsl::lane,
            dsl::urgent,
        );
        let lines = $rows
            .group_by(line)
            .select((line, diesel::dsl::count_star()));
        type Found = ((String, String, String, String, bool), i64);
        let found = on!($tx, c => lines.load::<Found>(c).await)?;
        let named = |(line, count): Found| {
            let (kind, account_sid, tenant_id, lane, urgent) = line;
            let line = Line { kind, account_sid, tenant_id, lane, urgent };
            (line, count)
        };
        Ok(found.into_iter().map(named).collect())
    }};
}

/// One that waits, or was let in.
pub(crate) async fn find(tx: &mut Tx, kind: &str, id: &str) -> Result<Option<Row>, Error> {
    Ok(on!(tx, c => dsl::waiting.find((kind, id)).first::<Row>(c).await.optional())?)
}

/// Those of these ids that are there already, of any kind.
pub(crate) async fn known(tx: &mut Tx, ids: &[String]) -> Result<Vec<Row>, Error> {
    let rows = dsl::waiting.filter(dsl::id.eq_any(ids));
    Ok(on!(tx, c => rows.load::<Row>(c).await)?)
}

/// Adds rows; one that is there already stays as it is.
pub(crate) async fn add(tx: &mut Tx, rows: &[Row]) -> Result<(), Error> {
    if !rows.is_empty() {
        insert_new!(tx, waiting::table, (dsl::kind, dsl::id), rows)?;
    }
    Ok(())
}

/// Lets the first of a line in, so many that `most` are inside: in any process. They are let in again after `lost`, if
/// nothing is heard of them.
pub(crate) async fn let_in(
    tx: &mut Tx,
    line: &Line,
    most: i64,
    now: Time,
    lost: Time,
) -> Result<(Vec<Row>, i64), Error> {
    tx.lock(&line.name()).await?;
    let (now, lost) = (types::Time(now), types::Time(lost));
    let inside = of_line!(line)
        .filter(dsl::let_in.eq(true))
        .filter(dsl::due_at.gt(now))
        .count();
    let inside = on!(tx, c => inside.get_result::<i64>(c).await)?;
    let free = most - inside;
    if free <= 0 {
        return Ok((Vec::new(), free));
    }
    let first = of_line!(line)
        .filter(dsl::due_at.le(now))
        .order((dsl::place.asc(), dsl::id.asc()))
        .limit(free);
    let rows = on!(tx, c => first.load::<Row>(c).await)?;
    if rows.is_empty() {
        return Ok((rows, free));
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let these = dsl::waiting
        .filter(dsl::kind.eq(&line.kind))
        .filter(dsl::id.eq_any(&ids));
    on!(tx, c => diesel::update(these)
        .set((dsl::let_in.eq(true), dsl::due_at.eq(lost)))
        .execute(c)
        .await)?;
    let first_time = dsl::waiting
        .filter(dsl::kind.eq(&line.kind))
        .filter(dsl::id.eq_any(&ids))
        .filter(dsl::since.is_null());
    on!(tx, c => diesel::update(first_time)
        .set(dsl::since.eq(Some(now)))
        .execute(c)
        .await)?;
    Ok((rows, free))
}

/// Puts one back to its place in the line, until `due`. `repeats`: it failed, and may be why.
pub(crate) async fn put_back(
    tx: &mut Tx,
    (kind, id): (&str, &str),
    due: Time,
    repeats: bool,
) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::waiting.find((kind, id)))
        .set((
            dsl::let_in.eq(false),
            dsl::due_at.eq(types::Time(due)),
            dsl::tries.eq(dsl::tries + 1),
            dsl::repeats.eq(dsl::repeats + i64::from(repeats)),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// Removes those that wait no more.
pub(crate) async fn remove(tx: &mut Tx, kind: &str, ids: &[String]) -> Result<(), Error> {
    let these = dsl::waiting
        .filter(dsl::kind.eq(kind))
        .filter(dsl::id.eq_any(ids));
    on!(tx, c => diesel::delete(these).execute(c).await)?;
    Ok(())
}

/// The lines in which somebody's turn may have come, and how many are due in each.
pub(crate) async fn due(tx: &mut Tx, now: Time) -> Result<Vec<(Line, i64)>, Error> {
    let lines = dsl::waiting.filter(dsl::due_at.le(types::Time(now)));
    lines_of!(tx, lines)
}

/// The lines of which somebody is inside, and how many of each.
pub(crate) async fn inside(tx: &mut Tx, now: Time) -> Result<Vec<(Line, i64)>, Error> {
    let lines = dsl::waiting
        .filter(dsl::let_in.eq(true))
        .filter(dsl::due_at.gt(types::Time(now)));
    lines_of!(tx, lines)
}

/// When the next one is due that is not yet.
pub(crate) async fn next_due(tx: &mut Tx, now: Time) -> Result<Option<Time>, Error> {
    let next = dsl::waiting
        .filter(dsl::due_at.gt(types::Time(now)))
        .select(dsl::due_at)
        .order(dsl::due_at.asc());
    let next = on!(tx, c => next.first::<types::Time>(c).await.optional())?;
    Ok(next.map(|at| at.0))
}
