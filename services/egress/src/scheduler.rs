//! The scheduler of the backlog: it enqueues arrivals, many in one transaction, and admits the first of each line by publishing
//! them again. What was admitted and not heard of since, because a process died, is admitted once more: the ledger makes that
//! harmless.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use events::Envelope;
use metrics::gauge;
use role::Outage;
use store::Error;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::backlog::{Arrival, Backlog};
use crate::db::waiting::{self, Line, Row};

/// Arrivals that are enqueued in one transaction.
const BATCH: usize = 500;
/// How often all lines are surveyed, with a backlog and without: another process may have enqueued something.
const SURVEY: Duration = Duration::from_secs(1);
const IDLE_SURVEY: Duration = Duration::from_secs(5);
/// The shortest time between two rounds.
const ROUND_DELAY: Duration = Duration::from_millis(20);
/// How long an admitted command may take until it counts as lost.
const LOST_AFTER: TimeDelta = TimeDelta::minutes(1);
/// When a command that the bus refused is admitted again.
const BUS_RETRY: TimeDelta = TimeDelta::seconds(1);

/// Runs until `stop`.
pub(crate) async fn run(
    backlog: Backlog,
    arrivals: UnboundedReceiver<Arrival>,
    stop: CancellationToken,
) {
    tokio::join!(
        enqueue(&backlog, arrivals, &stop),
        schedule(&backlog, &stop)
    );
}

/// Enqueues arrivals.
async fn enqueue(
    backlog: &Backlog,
    mut arrivals: UnboundedReceiver<Arrival>,
    stop: &CancellationToken,
) {
    let mut batch = Vec::with_capacity(BATCH);
    loop {
        batch.clear();
        tokio::select! {
            taken = arrivals.recv_many(&mut batch, BATCH) => if taken == 0 { return },
            () = stop.cancelled() => return,
        }
        let rows: Vec<Row> = batch.iter().map(|it| it.row.clone()).collect();
        let known = add(backlog, &rows).await.map_err(|e| e.to_string());
        for Arrival { row, found } in batch.drain(..) {
            let same = |it: &&Row| it.kind == row.kind && it.id == row.id;
            let known = known.as_ref().map_err(Clone::clone);
            // A delivery that is gone comes again.
            let _ = found.send(known.map(|known| known.iter().find(same).cloned()));
        }
        if backlog.lines().schedule_all() {
            backlog.wake();
        }
    }
}

/// Adds what is new; returns the rows that were there.
async fn add(backlog: &Backlog, rows: &[Row]) -> Result<Vec<Row>, Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut tx = backlog.store().begin().await?;
    let known = waiting::known(&mut tx, &ids).await?;
    waiting::add(&mut tx, rows).await?;
    tx.commit().await?;
    Ok(known)
}

/// Admits what is due, round after round.
async fn schedule(backlog: &Backlog, stop: &CancellationToken) {
    let mut outage = Outage::new("the backlog cannot be scheduled");
    let mut survey_at = Instant::now();
    while !stop.is_cancelled() {
        let wait = match round(backlog, &mut survey_at).await {
            Ok(wait) => {
                outage.recovered();
                wait
            }
            Err(error) => outage.failed(&error),
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(wait) => {}
            () = backlog.woken() => sleep(ROUND_DELAY).await,
        }
    }
    // What cannot be removed is admitted once more, by the next process, and found done.
    let _ = remove_finished(backlog).await;
}

/// One round; returns how long until the next, unless the scheduler is woken before.
async fn round(backlog: &Backlog, survey_at: &mut Instant) -> Result<Duration, Error> {
    remove_finished(backlog).await?;
    let next_due = backlog.lines().next_due();
    if next_due.is_some_and(|due| due <= backlog.now()) || *survey_at <= Instant::now() {
        let began = Instant::now();
        let is_idle = survey(backlog).await?;
        let every = if is_idle { IDLE_SURVEY } else { SURVEY };
        // To count a long line takes time: at most a twentieth of all.
        *survey_at = Instant::now() + every.max(began.elapsed() * 20);
    }
    let scheduled = backlog.lines().take_scheduled();
    for line in scheduled {
        if let Err(error) = admit(backlog, &line).await {
            backlog.lines().expect_backlog(&line);
            return Err(error);
        }
    }
    let left = survey_at.saturating_duration_since(Instant::now());
    let due = backlog.lines().next_due();
    let due = due.map(|due| (due - backlog.now()).to_std().unwrap_or_default());
    Ok(due.map_or(left, |due| due.min(left)))
}

/// Removes the rows of what is done.
async fn remove_finished(backlog: &Backlog) -> Result<(), Error> {
    let finished = backlog.lines().take_finished();
    if finished.is_empty() {
        return Ok(());
    }
    let mut by_kind: HashMap<&str, Vec<String>> = HashMap::new();
    for (kind, id) in &finished {
        by_kind.entry(kind).or_default().push(id.clone());
    }
    let removed = async {
        let mut tx = backlog.store().begin().await?;
        for (kind, ids) in &by_kind {
            waiting::remove(&mut tx, kind, ids).await?;
        }
        tx.commit().await
    };
    let removed = removed.await;
    if removed.is_err() {
        backlog.lines().add_finished(finished);
    }
    removed
}

/// Looks at all lines: other processes enqueue and admit, too. True: the whole backlog is empty.
async fn survey(backlog: &Backlog) -> Result<bool, Error> {
    let now = backlog.now();
    let mut tx = backlog.store().read().await?;
    let due = waiting::due(&mut tx, now).await?;
    let admitted = waiting::admitted(&mut tx, now).await?;
    let next_due = waiting::next_due(&mut tx, now).await?;
    drop(tx);
    let waiting: i64 = due.iter().map(|(_, count)| count).sum();
    #[expect(clippy::cast_precision_loss, reason = "it is shown")]
    gauge!("egress_waiting").set(waiting as f64);
    let is_idle = due.is_empty() && admitted.is_empty();
    backlog.lines().survey(due, admitted, next_due);
    Ok(is_idle)
}

/// Admits the first of a line, up to its limit.
async fn admit(backlog: &Backlog, line: &Line) -> Result<(), Error> {
    let limit = backlog.lines().begin_admission(line);
    let now = backlog.now();
    let mut tx = backlog.store().begin().await?;
    let (rows, free) = waiting::admit(&mut tx, line, limit, now, now + LOST_AFTER).await?;
    tx.commit().await?;
    let is_more = i64::try_from(rows.len()).is_ok_and(|count| count >= free);
    backlog
        .lines()
        .end_admission(line, !rows.is_empty(), is_more);
    if rows.is_empty() {
        return Ok(());
    }
    debug!(
        effect.kind = line.kind,
        tenant.id = line.tenant_id,
        count = rows.len(),
        "commands admitted"
    );
    publish(backlog, rows).await
}

/// Publishes them again, in the order of their line.
async fn publish(backlog: &Backlog, rows: Vec<Row>) -> Result<(), Error> {
    let (mut envelopes, mut decoded) = (Vec::new(), Vec::new());
    for row in rows {
        match Envelope::from_bytes(&row.envelope) {
            Ok(envelope) => {
                envelopes.push(envelope);
                decoded.push(row);
            }
            Err(error) => error!(effect.id = row.id, %error, "queued command cannot be decoded"),
        }
    }
    let published = backlog.bus().publish_all(&envelopes).await;
    let refused = decoded.iter().zip(&published);
    let refused = refused.filter(|(_, published)| published.is_err());
    let refused: Vec<&Row> = refused.map(|(row, _)| row).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let due = backlog.now() + BUS_RETRY;
    let mut tx = backlog.store().begin().await?;
    for row in refused {
        waiting::requeue(&mut tx, (&row.kind, &row.id), due, false).await?;
    }
    tx.commit().await?;
    backlog.wake_at(due);
    Ok(())
}
