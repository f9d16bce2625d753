//! The processes of the role, and the sessions of those that are gone.

use clock::Time;
use store::prelude::*;
use store::types;
use store::{Error, Tx, on};

use super::SessionRow;
use super::schema::{processes, sessions};

/// As many are looked at in one go.
const BATCH: i64 = 100;

/// A process, and until when it counts as living.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = processes)]
pub struct Process {
    /// Made up at its start.
    pub id: String,
    /// It says so again before that.
    pub until: types::Time,
}

/// A process tells that it lives.
pub async fn process_tell(tx: &mut Tx, process: &Process) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(processes::table)
        .values(process)
        .on_conflict(processes::id)
        .do_update()
        .set(process)
        .execute(c)
        .await)?;
    Ok(())
}

/// A process is stopped in order.
pub async fn process_remove(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(processes::table.find(id)).execute(c).await)?;
    Ok(())
}

/// Forgets processes that have been gone since before a time.
pub async fn processes_forget(tx: &mut Tx, before: Time) -> Result<(), Error> {
    let before: types::Time = before.into();
    on!(tx, c => diesel::delete(processes::table.filter(processes::until.lt(before)))
        .execute(c)
        .await)?;
    Ok(())
}

/// All of them, also those that are gone.
pub async fn processes(tx: &mut Tx) -> Result<Vec<Process>, Error> {
    Ok(on!(tx, c => processes::table.load::<Process>(c).await)?)
}

/// Live sessions that none of these processes holds, and that began before a time. Those of a process that did not say who it is are
/// not among them, unless they began before `oldest`.
pub async fn sessions_of_others(
    tx: &mut Tx,
    living: &[String],
    before: Time,
    oldest: Time,
) -> Result<Vec<SessionRow>, Error> {
    let (before, oldest): (types::Time, types::Time) = (before.into(), oldest.into());
    Ok(on!(tx, c => sessions::table
        .filter(sessions::status.eq("live"))
        .filter(sessions::process.ne_all(living))
        .filter(sessions::started_at.lt(before))
        .filter(sessions::process.ne("").or(sessions::started_at.lt(oldest)))
        .order(sessions::started_at.asc())
        .limit(BATCH)
        .load::<SessionRow>(c)
        .await)?)
}
