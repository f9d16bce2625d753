//! The rows of the backlog: the commands that are queued in lines, waiting or admitted.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, insert_new, on, types};

use super::schema::waiting::{self, dsl};

/// A queue of the backlog. Its commands wait for each other, and for no other line's.
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
    /// The name of the lock under which its commands are admitted.
    pub(crate) fn lock_name(&self) -> String {
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

/// A queued command.
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
    /// When it was ordered, in microseconds: its place in the line.
    pub place: i64,
    /// Not admitted before. Of one that is admitted: when it counts as lost, and is admitted again.
    pub due_at: types::Time,
    /// Whether it is on the bus again, or in flight.
    pub admitted: bool,
    /// When it was first admitted.
    pub since: Option<types::Time>,
    /// How often it was requeued.
    pub tries: i64,
    /// How often of that by an error that may be its own.
    pub repeats: i64,
    /// `events::Envelope::to_bytes`.
    pub envelope: Vec<u8>,
}

impl Row {
    /// The line that it is queued in.
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

/// One command.
pub(crate) async fn find(tx: &mut Tx, kind: &str, id: &str) -> Result<Option<Row>, Error> {
    Ok(on!(tx, c => dsl::waiting.find((kind, id)).first::<Row>(c).await.optional())?)
}

/// The commands that have these ids, of any kind.
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

/// Admits the first of a line, up to its limit in all processes together; returns them, and how many it had room for. They
/// are admitted again at `lost`, unless they are removed or requeued before.
pub(crate) async fn admit(
    tx: &mut Tx,
    line: &Line,
    limit: i64,
    now: Time,
    lost: Time,
) -> Result<(Vec<Row>, i64), Error> {
    tx.lock(&line.lock_name()).await?;
    let (now, lost) = (types::Time(now), types::Time(lost));
    let admitted = of_line!(line)
        .filter(dsl::admitted.eq(true))
        .filter(dsl::due_at.gt(now))
        .count();
    let admitted = on!(tx, c => admitted.get_result::<i64>(c).await)?;
    let free = limit - admitted;
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
        .set((dsl::admitted.eq(true), dsl::due_at.eq(lost)))
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

/// Puts one back to its place in the line, until `due`. `repeats`: it failed, and may itself be why.
pub(crate) async fn requeue(
    tx: &mut Tx,
    (kind, id): (&str, &str),
    due: Time,
    repeats: bool,
) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::waiting.find((kind, id)))
        .set((
            dsl::admitted.eq(false),
            dsl::due_at.eq(types::Time(due)),
            dsl::tries.eq(dsl::tries + 1),
            dsl::repeats.eq(dsl::repeats + i64::from(repeats)),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// A page of the commands of one kind, of a tenant or of all, in the order of their ids: id and envelope.
pub(crate) async fn page(
    tx: &mut Tx,
    kind: &str,
    tenant: Option<&str>,
    after: &str,
    limit: i64,
) -> Result<Vec<(String, Vec<u8>)>, Error> {
    Ok(on!(tx, c => {
        let mut query = dsl::waiting
            .filter(dsl::kind.eq(kind).and(dsl::id.gt(after)))
            .order(dsl::id.asc())
            .limit(limit)
            .select((dsl::id, dsl::envelope))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        query.load::<(String, Vec<u8>)>(c).await
    })?)
}

/// Removes commands of one kind.
pub(crate) async fn remove(tx: &mut Tx, kind: &str, ids: &[String]) -> Result<(), Error> {
    let these = dsl::waiting
        .filter(dsl::kind.eq(kind))
        .filter(dsl::id.eq_any(ids));
    on!(tx, c => diesel::delete(these).execute(c).await)?;
    Ok(())
}

/// The lines that have due commands, and how many.
pub(crate) async fn due(tx: &mut Tx, now: Time) -> Result<Vec<(Line, i64)>, Error> {
    let lines = dsl::waiting.filter(dsl::due_at.le(types::Time(now)));
    lines_of!(tx, lines)
}

/// The lines that have admitted commands, and how many.
pub(crate) async fn admitted(tx: &mut Tx, now: Time) -> Result<Vec<(Line, i64)>, Error> {
    let lines = dsl::waiting
        .filter(dsl::admitted.eq(true))
        .filter(dsl::due_at.gt(types::Time(now)));
    lines_of!(tx, lines)
}

/// When the next command becomes due.
pub(crate) async fn next_due(tx: &mut Tx, now: Time) -> Result<Option<Time>, Error> {
    let next = dsl::waiting
        .filter(dsl::due_at.gt(types::Time(now)))
        .select(dsl::due_at)
        .order(dsl::due_at.asc());
    let next = on!(tx, c => next.first::<types::Time>(c).await.optional())?;
    Ok(next.map(|at| at.0))
}
