//! The SQLite file: what it holds and the statements on it. One thread owns it (`writer`).

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::upsert::excluded;

diesel::table! {
    queues (id) {
        id -> BigInt,
        name -> Text,
    }
}

diesel::table! {
    bindings (queue, pattern) {
        queue -> BigInt,
        pattern -> Text,
    }
}

diesel::table! {
    entries (seq) {
        seq -> BigInt,
        queue -> BigInt,
        attempt -> Integer,
        retries -> Integer,
        starts -> Integer,
        due -> Nullable<BigInt>,
        body -> Binary,
    }
}

diesel::table! {
    dead (id) {
        id -> Text,
        queue -> BigInt,
        reason -> Text,
        died_at -> BigInt,
        attempts -> Integer,
        body -> Binary,
    }
}

diesel::table! {
    marks (name) {
        name -> Text,
        value -> BigInt,
    }
}

const SCHEMA: &str = "
    create table if not exists queues (id integer primary key, name text not null unique) strict;
    create table if not exists bindings (
        queue integer not null, pattern text not null, primary key (queue, pattern)
    ) strict, without rowid;
    create table if not exists entries (
        seq integer primary key, queue integer not null, attempt integer not null, retries integer not null,
        starts integer not null, due integer, body blob not null
    ) strict;
    create table if not exists dead (
        id text primary key, queue integer not null, reason text not null, died_at integer not null,
        attempts integer not null, body blob not null
    ) strict;
    create table if not exists marks (name text primary key, value integer not null) strict;
";

/// The version of the file's shape; another one is refused rather than guessed at.
const VERSION: i64 = 1;

/// One waiting delivery, its body left on disk.
#[derive(Debug, Clone, Queryable)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) queue: i64,
    pub(super) attempt: i32,
    pub(super) retries: i32,
    pub(super) starts: i32,
    pub(super) due: Option<i64>,
}

/// One dead letter.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = dead)]
pub(super) struct DeadRow {
    pub(super) id: String,
    pub(super) queue: i64,
    pub(super) reason: String,
    pub(super) died_at: i64,
    pub(super) attempts: i32,
    pub(super) body: Vec<u8>,
}

/// What has become of an entry since it was stored. The last word counts; a start after a repeat was ordered belongs to that.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    Started {
        starts: u32,
    },
    Done,
    Retry {
        attempt: u32,
        retries: u32,
        /// Deliveries started since.
        starts: u32,
        due: i64,
    },
    Dead {
        id: String,
        reason: String,
        died_at: i64,
        attempts: u32,
    },
}

pub(super) struct Journal {
    connection: SqliteConnection,
}

/// What the file held when it was opened.
pub(super) struct Contents {
    /// Names by id, in order. There is a gap where a declaration could not be written.
    pub(super) queues: Vec<(i64, String)>,
    pub(super) bindings: Vec<(i64, String)>,
    pub(super) rows: Vec<Row>,
    /// Whether the last owner closed it in peace.
    pub(super) clean: bool,
}

impl Journal {
    pub(super) fn open(file: &Path) -> Result<(Self, Contents), String> {
        let connection = SqliteConnection::establish(&file.to_string_lossy())
            .map_err(|error| format!("{} cannot be opened: {error}", file.display()))?;
        let mut journal = Self { connection };
        let contents = journal
            .prepare()
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if journal.mark("version").unwrap_or(Some(0)) != Some(VERSION) {
            return Err(format!("{} was written by another version", file.display()));
        }
        Ok((journal, contents))
    }

    fn prepare(&mut self) -> QueryResult<Contents> {
        // FULL: a commit is on the disk when it returns, which is what a confirm promises.
        self.connection.batch_execute(
            "pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; \
             pragma temp_store = memory;",
        )?;
        self.connection.batch_execute(SCHEMA)?;
        let c = &mut self.connection;
        diesel::insert_into(marks::table)
            .values((marks::name.eq("version"), marks::value.eq(VERSION)))
            .on_conflict_do_nothing()
            .execute(c)?;
        let contents = Contents {
            queues: queues::table.order(queues::id).load(c)?,
            bindings: bindings::table
                .select((bindings::queue, bindings::pattern))
                .load(c)?,
            rows: entries::table
                .order(entries::seq)
                .select((
                    entries::seq,
                    entries::queue,
                    entries::attempt,
                    entries::retries,
                    entries::starts,
                    entries::due,
                ))
                .load(c)?,
            clean: self.mark("clean")?.unwrap_or(1) == 1,
        };
        self.set_clean(false)?;
        Ok(contents)
    }

    fn mark(&mut self, name: &str) -> QueryResult<Option<i64>> {
        marks::table
            .find(name)
            .select(marks::value)
            .first(&mut self.connection)
            .optional()
    }

    pub(super) fn set_clean(&mut self, clean: bool) -> QueryResult<()> {
        diesel::insert_into(marks::table)
            .values((marks::name.eq("clean"), marks::value.eq(i64::from(clean))))
            .on_conflict(marks::name)
            .do_update()
            .set(marks::value.eq(excluded(marks::value)))
            .execute(&mut self.connection)?;
        Ok(())
    }

    /// Runs statements in one transaction.
    pub(super) fn transaction<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> QueryResult<T>,
    ) -> QueryResult<T> {
        self.connection.batch_execute("begin immediate")?;
        let done = work(self).and_then(|value| {
            self.connection.batch_execute("commit")?;
            Ok(value)
        });
        if done.is_err() {
            // SQLite has rolled back by itself after some errors; then this one fails, harmlessly.
            let _ = self.connection.batch_execute("rollback");
        }
        done
    }

    pub(super) fn declare(
        &mut self,
        queue: i64,
        name: &str,
        patterns: &[String],
    ) -> QueryResult<()> {
        diesel::insert_into(queues::table)
            .values((queues::id.eq(queue), queues::name.eq(name)))
            .on_conflict_do_nothing()
            .execute(&mut self.connection)?;
        for pattern in patterns {
            diesel::insert_into(bindings::table)
                .values((bindings::queue.eq(queue), bindings::pattern.eq(pattern)))
                .on_conflict_do_nothing()
                .execute(&mut self.connection)?;
        }
        Ok(())
    }

    pub(super) fn store(&mut self, seq: i64, queue: i64, body: &[u8]) -> QueryResult<()> {
        diesel::insert_into(entries::table)
            .values((
                entries::seq.eq(seq),
                entries::queue.eq(queue),
                entries::attempt.eq(1),
                entries::retries.eq(0),
                entries::starts.eq(0),
                entries::body.eq(body),
            ))
            .execute(&mut self.connection)?;
        Ok(())
    }

    pub(super) fn settle(&mut self, seq: i64, fate: &Fate) -> QueryResult<()> {
        let c = &mut self.connection;
        match fate {
            Fate::Started { starts } => diesel::update(entries::table.find(seq))
                .set(entries::starts.eq(int(*starts)))
                .execute(c)?,
            Fate::Done => diesel::delete(entries::table.find(seq)).execute(c)?,
            Fate::Retry {
                attempt,
                retries,
                starts,
                due,
            } => diesel::update(entries::table.find(seq))
                .set((
                    entries::attempt.eq(int(*attempt)),
                    entries::retries.eq(int(*retries)),
                    entries::starts.eq(int(*starts)),
                    entries::due.eq(Some(*due)),
                ))
                .execute(c)?,
            Fate::Dead {
                id,
                reason,
                died_at,
                attempts,
            } => {
                let entry: Option<(i64, Vec<u8>)> = entries::table
                    .find(seq)
                    .select((entries::queue, entries::body))
                    .first(c)
                    .optional()?;
                if let Some((queue, body)) = entry {
                    let row = DeadRow {
                        id: id.clone(),
                        queue,
                        reason: reason.clone(),
                        died_at: *died_at,
                        attempts: int(*attempts),
                        body,
                    };
                    diesel::replace_into(dead::table).values(row).execute(c)?;
                }
                diesel::delete(entries::table.find(seq)).execute(c)?
            }
        };
        Ok(())
    }

    /// The bodies of these entries.
    pub(super) fn bodies(&mut self, seqs: &[i64]) -> QueryResult<Vec<(i64, Vec<u8>)>> {
        entries::table
            .filter(entries::seq.eq_any(seqs))
            .select((entries::seq, entries::body))
            .load(&mut self.connection)
    }

    /// The latest dead letters first.
    pub(super) fn dead_letters(&mut self, limit: usize) -> QueryResult<Vec<DeadRow>> {
        dead::table
            .order((dead::died_at.desc(), dead::id))
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(&mut self.connection)
    }

    /// Forgets those that died before this, in microseconds of the epoch.
    pub(super) fn expire_dead_letters(&mut self, before: i64) -> QueryResult<usize> {
        diesel::delete(dead::table.filter(dead::died_at.lt(before))).execute(&mut self.connection)
    }

    pub(super) fn dead_counts(&mut self) -> QueryResult<Vec<(i64, i64)>> {
        dead::table
            .group_by(dead::queue)
            .select((dead::queue, diesel::dsl::count_star()))
            .load(&mut self.connection)
    }

    pub(super) fn dead_letter(&mut self, id: &str) -> QueryResult<Option<DeadRow>> {
        dead::table.find(id).first(&mut self.connection).optional()
    }

    /// Moves a dead letter back into its queue, as new.
    pub(super) fn replay(&mut self, row: &DeadRow, seq: i64) -> QueryResult<()> {
        self.store(seq, row.queue, &row.body)?;
        diesel::delete(dead::table.find(row.id.as_str())).execute(&mut self.connection)?;
        Ok(())
    }

    pub(super) fn clear(&mut self) -> QueryResult<()> {
        self.connection.batch_execute(
            "delete from entries; delete from dead; delete from bindings; delete from queues;",
        )
    }
}

fn int(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
