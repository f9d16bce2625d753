//! Who lets in what waits: it puts arrivals into their lines, many in one transaction, and lets the first of each line in by
//! publishing them anew. What was let in and not heard of again, since a process died in between, is let in once more: the
//! ledger knows it.

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

use crate::db::waiting::{self, Line, Row};
use crate::waiting_room::{Arrival, WaitingRoom};

/// Arrivals that are put into their lines together.
const TOGETHER: usize = 500;
/// How often all lines are looked at, where something waits and where nothing does: another process may have put it there.
const SURVEY: Duration = Duration::from_secs(1);
const IDLE: Duration = Duration::from_secs(5);
/// Between two rounds.
const BREATH: Duration = Duration::from_millis(20);
/// How long what was let in may take until it counts as lost.
const LOST: TimeDelta = TimeDelta::minutes(1);
/// When what the bus did not take is let in again.
const BUS_AGAIN: TimeDelta = TimeDelta::seconds(1);

/// Runs until `stop`.
pub(crate) async fn run(
    room: WaitingRoom,
    arriving: UnboundedReceiver<Arrival>,
    stop: CancellationToken,
) {
    tokio::join!(take_in(&room, arriving, &stop), let_in(&room, &stop));
}

/// Puts arrivals into their lines.
async fn take_in(
    room: &WaitingRoom,
    mut arriving: UnboundedReceiver<Arrival>,
    stop: &CancellationToken,
) {
    let mut arrivals = Vec::with_capacity(TOGETHER);
    loop {
        arrivals.clear();
        tokio::select! {
            taken = arriving.recv_many(&mut arrivals, TOGETHER) => if taken == 0 { return },
            () = stop.cancelled() => return,
        }
        let rows: Vec<Row> = arrivals.iter().map(|it| it.row.clone()).collect();
        let known = add(room, &rows).await.map_err(|e| e.to_string());
        for Arrival { row, told } in arrivals.drain(..) {
            let found = known.as_ref().map_err(Clone::clone);
            let same = |it: &&Row| it.kind == row.kind && it.id == row.id;
            let found = found.map(|known| known.iter().find(same).cloned());
            // Whoever does not listen any more gets it again.
            let _ = told.send(found);
        }
        if room.lines().stir_all() {
            room.stir();
        }
    }
}

/// Adds what is new; gives the rows that were there.
async fn add(room: &WaitingRoom, rows: &[Row]) -> Result<Vec<Row>, Error> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let mut tx = room.store().begin().await?;
    let known = waiting::known(&mut tx, &ids).await?;
    waiting::add(&mut tx, rows).await?;
    tx.commit().await?;
    Ok(known)
}

/// Lets in whose turn has come, round after round.
async fn let_in(room: &WaitingRoom, stop: &CancellationToken) {
    let mut outage = Outage::new("what waits cannot be let in");
    let mut survey = Instant::now();
    while !stop.is_cancelled() {
        let wait = match round(room, &mut survey).await {
            Ok(wait) => {
                outage.recovered();
                wait
            }
            Err(error) => outage.failed(&error),
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = sleep(wait) => {}
            () = room.stirred() => sleep(BREATH).await,
        }
    }
    // What could not be removed is let in once more, by the next process, and found done.
    let _ = forget_left(room).await;
}

/// One round; gives how long until the next, unless something happens before.
async fn round(room: &WaitingRoom, survey: &mut Instant) -> Result<Duration, Error> {
    forget_left(room).await?;
    let is_due = room.lines().next_due().is_some_and(|due| due <= room.now());
    if is_due || *survey <= Instant::now() {
        let began = Instant::now();
        let is_idle = look_around(room).await?;
        let every = if is_idle { IDLE } else { SURVEY };
        // A long line is not counted all the time.
        *survey = Instant::now() + every.max(began.elapsed() * 20);
    }
    let stirred = room.lines().take_stirred();
    for line in stirred {
        if let Err(error) = let_first_in(room, &line).await {
            room.lines().expect(&line);
            return Err(error);
        }
    }
    let left = survey.saturating_duration_since(Instant::now());
    let due = room.lines().next_due();
    let due = due.map(|due| (due - room.now()).to_std().unwrap_or_default());
    Ok(due.map_or(left, |due| due.min(left)))
}

/// Removes what has left.
async fn forget_left(room: &WaitingRoom) -> Result<(), Error> {
    let left = room.lines().take_left();
    if left.is_empty() {
        return Ok(());
    }
    let mut by_kind: HashMap<&str, Vec<String>> = HashMap::new();
    for (kind, id) in &left {
        by_kind.entry(kind).or_default().push(id.clone());
    }
    let removed = async {
        let mut tx = room.store().begin().await?;
        for (kind, ids) in &by_kind {
            waiting::remove(&mut tx, kind, ids).await?;
        }
        tx.commit().await
    };
    let removed = removed.await;
    if removed.is_err() {
        room.lines().leave(left);
    }
    removed
}

/// Looks at all lines: other processes put commands into them, too. True: nothing waits anywhere.
async fn look_around(room: &WaitingRoom) -> Result<bool, Error> {
    let now = room.now();
    let mut tx = room.store().read().await?;
    let due = waiting::due(&mut tx, now).await?;
    let inside = waiting::inside(&mut tx, now).await?;
    let next_due = waiting::next_due(&mut tx, now).await?;
    drop(tx);
    let waiting: i64 = due.iter().map(|(_, count)| count).sum();
    #[expect(clippy::cast_precision_loss, reason = "it is shown")]
    gauge!("egress_waiting").set(waiting as f64);
    let is_idle = due.is_empty() && inside.is_empty();
    room.lines().survey(due, inside, next_due);
    Ok(is_idle)
}

/// Lets the first of a line in.
async fn let_first_in(room: &WaitingRoom, line: &Line) -> Result<(), Error> {
    let most = room.lines().begin_to_let_in(line);
    let now = room.now();
    let mut tx = room.store().begin().await?;
    let (rows, free) = waiting::let_in(&mut tx, line, most, now, now + LOST).await?;
    tx.commit().await?;
    let is_more = i64::try_from(rows.len()).is_ok_and(|count| count >= free);
    room.lines().has_let_in(line, !rows.is_empty(), is_more);
    if rows.is_empty() {
        return Ok(());
    }
    debug!(
        effect.kind = line.kind,
        tenant.id = line.tenant_id,
        count = rows.len(),
        "let in"
    );
    publish(room, rows).await
}

/// Puts them on the bus again, in the order of their line.
async fn publish(room: &WaitingRoom, rows: Vec<Row>) -> Result<(), Error> {
    let (mut envelopes, mut read) = (Vec::new(), Vec::new());
    for row in rows {
        match Envelope::from_bytes(&row.envelope) {
            Ok(envelope) => {
                envelopes.push(envelope);
                read.push(row);
            }
            Err(error) => error!(effect.id = row.id, %error, "what waits cannot be read"),
        }
    }
    let published = room.bus().publish_all(&envelopes).await;
    let refused = read.iter().zip(&published).filter(|(_, it)| it.is_err());
    let refused: Vec<&Row> = refused.map(|(row, _)| row).collect();
    if refused.is_empty() {
        return Ok(());
    }
    let due = room.now() + BUS_AGAIN;
    let mut tx = room.store().begin().await?;
    for row in refused {
        waiting::put_back(&mut tx, (&row.kind, &row.id), due, false).await?;
    }
    tx.commit().await?;
    room.is_due_at(due);
    Ok(())
}
