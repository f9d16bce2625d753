//! Admission: a delivered command is in flight now, or joins the backlog of its line until the scheduler admits it.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use clock::Time;
use events::{Envelope, Event};
use futures::poll;
use role::{Cause, HandlerError, KeyedMutex, Outcome};
use tokio::sync::OwnedMutexGuard;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::backlog::Backlog;
use crate::db::waiting::{self, Line, Row};
use crate::effect::EffectKey;
use crate::effect_runner::delta;

/// How many deliveries a process holds: those in flight, and those that are about to be enqueued.
pub(crate) const PREFETCH: u16 = 1200;
/// The delay of a requeued command where the other side names none: at first, and after a few tries.
const REQUEUE_DELAYS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
const FEW_TRIES: i64 = 3;

/// Admits commands. Clones share everything.
#[derive(Clone)]
pub(crate) struct Admission {
    backlog: Backlog,
    /// A line admits one delivery at a time, whether it has to look for its row or not: so they keep their order.
    line_locks: Arc<KeyedMutex>,
    /// Whether another process may have admitted what is delivered here.
    is_shared: bool,
    /// The delays before retries of what may be to blame itself.
    retry_delays: Arc<[Duration]>,
    stopping: CancellationToken,
}

/// A command in flight, until this is dropped.
pub(crate) struct Admitted {
    admission: Admission,
    line: Line,
    /// As it was delivered, or as the backlog has it.
    row: Row,
    /// Whether the backlog has it.
    has_row: bool,
    is_in_flight: bool,
    /// Whether its sender waits for a reply: it is never enqueued.
    is_request: bool,
    /// Held until the command is in the next queue: the next of its line is not admitted before.
    line_lock: Option<OwnedMutexGuard<()>>,
}

impl Admission {
    pub(crate) fn new(
        backlog: Backlog,
        retry_delays: &[Duration],
        stopping: CancellationToken,
    ) -> Self {
        Self {
            is_shared: backlog.store().engine() != "sqlite",
            backlog,
            line_locks: Arc::default(),
            retry_delays: retry_delays.into(),
            stopping,
        }
    }

    /// Admits a command. None: it is in the backlog, and this delivery is done with.
    pub(crate) async fn admit<E: Event>(
        &self,
        key: &EffectKey,
        cause: &Cause,
        command: &E,
    ) -> Result<Option<Admitted>, HandlerError> {
        let row = self.row(key, cause, command);
        let line = row.line();
        let load = self.backlog.lines().begin_delivery(&line);
        let mut admitted = Admitted {
            admission: self.clone(),
            line,
            row,
            has_row: false,
            is_in_flight: false,
            is_request: cause.wants_reply,
            line_lock: None,
        };
        if admitted.is_request {
            return Ok(Some(admitted));
        }
        let found = if load.is_full {
            match self.backlog.enqueue(admitted.row.clone()).await? {
                Some(row) => Some(row),
                None => return Ok(None),
            }
        } else {
            // Also where no row is looked for: a delivery before this one may look for its own.
            admitted.line_lock = Some(self.line_locks.take(&admitted.line.lock_name()).await);
            if load.may_be_admitted || self.is_shared {
                let mut tx = self.backlog.store().read().await?;
                waiting::find(&mut tx, &admitted.row.kind, &admitted.row.id).await?
            } else {
                None
            }
        };
        match found {
            Some(row) if row.admitted => {
                admitted.row = row;
                admitted.has_row = true;
                // A second delivery of what is in flight is dropped: the row brings it again if this process dies.
                Ok(admitted.begin_flight().then_some(admitted))
            }
            // The backlog has it from an earlier delivery.
            Some(_) => Ok(None),
            None => {
                admitted.begin_flight();
                Ok(Some(admitted))
            }
        }
    }

    fn row<E: Event>(&self, key: &EffectKey, cause: &Cause, command: &E) -> Row {
        let mut envelope = Envelope::at("trunkline/egress", cause.id.clone(), cause.time, command);
        envelope.tenant.clone_from(&cause.tenant);
        envelope.key.clone_from(&cause.key);
        envelope.traceparent = telemetry::traceparent();
        Row {
            kind: key.kind.to_owned(),
            id: key.id.clone(),
            tenant_id: key.tenant_id.clone(),
            account_sid: key.account_sid.clone(),
            lane: key.lane.clone().unwrap_or_default(),
            urgent: key.urgent,
            place: cause.time.timestamp_micros(),
            due_at: self.backlog.now().into(),
            admitted: false,
            since: None,
            tries: 0,
            repeats: 0,
            envelope: envelope.to_bytes(),
        }
    }

    /// How long a command is requeued where the other side does not say: as on the bus.
    fn requeue_delay(&self, tries: i64) -> Duration {
        let (first, later) = REQUEUE_DELAYS;
        let longest = if tries < FEW_TRIES { first } else { later };
        let delays = self.retry_delays.iter().copied();
        let shorter = delays.clone().filter(|delay| *delay <= longest).max();
        shorter.or_else(|| delays.min()).unwrap_or(longest)
    }
}

impl Admitted {
    /// False: another delivery of it is in flight here.
    fn begin_flight(&mut self) -> bool {
        self.is_in_flight = true;
        let mut lines = self.admission.backlog.lines();
        lines.begin_flight(&self.line, &self.row.id)
    }

    /// Lets the next delivery of the line be admitted.
    pub(crate) fn unlock_line(&mut self) {
        self.line_lock = None;
    }

    /// Joins another queue before the next of its line is admitted: so they keep their order.
    pub(crate) async fn join_queue<T>(&mut self, queue: impl Future<Output = T>) -> T {
        let mut queue = pin!(queue);
        let polled = poll!(&mut queue);
        self.unlock_line();
        match polled {
            Poll::Ready(it) => it,
            Poll::Pending => queue.await,
        }
    }

    /// When it was first admitted.
    pub(crate) fn since(&self, cause: &Cause) -> Time {
        self.row.since.map_or(cause.time, |since| since.0)
    }

    /// Removes the command from the backlog when it is done, and requeues it when it has to wait again.
    pub(crate) async fn finish(
        self,
        result: Result<Outcome, HandlerError>,
    ) -> Result<Outcome, HandlerError> {
        let error = match result {
            Ok(outcome) => {
                self.remove_row();
                return Ok(outcome);
            }
            Err(error) => error,
        };
        if self.is_request || self.admission.stopping.is_cancelled() {
            return Err(error);
        }
        match error {
            HandlerError::Unavailable {
                reason,
                retry_after,
            } => {
                let delay =
                    retry_after.unwrap_or_else(|| self.admission.requeue_delay(self.row.tries));
                self.requeue(delay, false, &reason).await
            }
            HandlerError::Retry(reason) if self.has_row => {
                let repeats = usize::try_from(self.row.repeats).unwrap_or_default();
                match self.admission.retry_delays.get(repeats).copied() {
                    Some(delay) => self.requeue(delay, true, &reason).await,
                    None => {
                        self.remove_row();
                        let reason = format!("no repeats left: {reason}");
                        Err(HandlerError::Reject(reason))
                    }
                }
            }
            HandlerError::Reject(_) => {
                self.remove_row();
                Err(error)
            }
            // The bus retries this: the database, where it would be requeued, may be what failed.
            error => Err(error),
        }
    }

    /// Has its row removed, or that of another delivery of it.
    fn remove_row(&self) {
        let mut lines = self.admission.backlog.lines();
        if self.has_row || lines.may_have_rows(&self.line) {
            let command = (self.row.kind.clone(), self.row.id.clone());
            lines.add_finished([command]);
        }
    }

    /// Puts it into its line, or back to its place there. A row that was removed meanwhile is not put back.
    async fn requeue(
        &self,
        delay: Duration,
        repeats: bool,
        reason: &str,
    ) -> Result<Outcome, HandlerError> {
        let Row { kind, id, .. } = &self.row;
        if self.row.tries == 0 {
            warn!(effect.kind = kind, effect.id = id, why = reason, "requeued");
        } else {
            debug!(effect.kind = kind, effect.id = id, why = reason, "requeued");
        }
        let backlog = &self.admission.backlog;
        let due = backlog.now() + delta(delay);
        let mut tx = backlog.store().begin().await?;
        if !self.has_row {
            // Another delivery of it may have a row.
            waiting::add(&mut tx, std::slice::from_ref(&self.row)).await?;
        }
        waiting::requeue(&mut tx, (kind, id), due, repeats).await?;
        tx.commit().await?;
        backlog.wake_at(due);
        Ok(Outcome::nothing())
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        let backlog = &self.admission.backlog;
        let mut lines = backlog.lines();
        if self.is_in_flight {
            lines.end_flight(&self.line, &self.row.id);
        }
        let is_scheduled = lines.end_delivery(&self.line);
        drop(lines);
        if is_scheduled {
            backlog.wake();
        }
    }
}
