//! Where commands wait: in lines in the database, not on the bus, where the first of a long line would stand before everybody
//! else. A line is a tenant's, for one sender. Few of each are inside, in hand or on their way through the bus; the others wait
//! outside until one of those has left, or until whatever they wait for may be over.

use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bus::Bus;
use clock::{Clock, Time};
use events::{Envelope, Event};
use futures::poll;
use parking_lot::{Mutex, MutexGuard};
use role::{Cause, HandlerError, KeyedMutex, Outcome};
use store::Store;
use tokio::sync::{Notify, OwnedMutexGuard, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::db::waiting::{self, Line, Row};
use crate::effect::EffectKey;
use crate::effect_runner::delta;
use crate::lines::Lines;

/// How many deliveries a process has in hand: those inside, and those that are about to be put into a line.
pub(crate) const PREFETCH: u16 = 1200;
/// How long what waits for something outside waits at first, and after a few times.
const SOON: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(10));
const A_FEW: i64 = 3;

/// The waiting room. Clones share it.
#[derive(Clone)]
pub(crate) struct WaitingRoom(Arc<Inner>);

struct Inner {
    store: Store,
    bus: Bus,
    /// The machine's own, whatever a test's clock says: waits end by themselves.
    clock: Clock,
    stopping: CancellationToken,
    /// The waits before repeats of what may be to blame itself.
    repeats: Vec<Duration>,
    lines: Mutex<Lines>,
    /// One at a time of each line comes in, whether it has to look for its row or not: so they come in as they were delivered.
    doors: Arc<KeyedMutex>,
    /// Whether another process may have let in what comes here.
    is_shared: bool,
    arrivals: mpsc::UnboundedSender<Arrival>,
    /// Somebody's turn may have come.
    stirred: Notify,
}

/// A command that is to be put into its line.
pub(crate) struct Arrival {
    pub(crate) row: Row,
    /// Hears of its row if it has been let in, and nothing if it waits now.
    pub(crate) told: oneshot::Sender<Result<Option<Row>, String>>,
}

/// A command that is inside. It is outside again when this is dropped.
pub(crate) struct Turn {
    room: WaitingRoom,
    line: Line,
    /// As it came.
    row: Row,
    /// Whether it has a row: it has waited before.
    waited: bool,
    is_inside: bool,
    /// Whether somebody waits for a reply to it: it does not wait here.
    is_question: bool,
    /// Held until it stands wherever it waits next: whoever is behind it in its line comes in after that.
    door: Option<OwnedMutexGuard<()>>,
}

impl WaitingRoom {
    /// An empty one, and what its task takes from it.
    pub(crate) fn new(
        store: Store,
        bus: Bus,
        repeats: Vec<Duration>,
        stopping: CancellationToken,
    ) -> (Self, mpsc::UnboundedReceiver<Arrival>) {
        let (arrivals, arriving) = mpsc::unbounded_channel();
        let inner = Inner {
            is_shared: store.engine() != "sqlite",
            store,
            bus,
            clock: Clock::system(),
            stopping,
            repeats,
            lines: Mutex::default(),
            doors: Arc::default(),
            arrivals,
            stirred: Notify::new(),
        };
        (Self(Arc::new(inner)), arriving)
    }

    /// Lets a command in, or puts it into its line: then nothing is to be done about this delivery any more.
    pub(crate) async fn enter<E: Event>(
        &self,
        key: &EffectKey,
        cause: &Cause,
        command: &E,
    ) -> Result<Option<Turn>, HandlerError> {
        let (line, row) = (line(key), self.row(key, cause, command));
        let met = self.lines().come(&line);
        let mut turn = Turn {
            room: self.clone(),
            line,
            row,
            waited: false,
            is_inside: false,
            is_question: cause.wants_reply,
            door: None,
        };
        if turn.is_question {
            return Ok(Some(turn));
        }
        let found = if met.is_full {
            match self.queue(turn.row.clone()).await? {
                Some(row) => Some(row),
                None => return Ok(None),
            }
        } else {
            // Also whoever needs not look: it may stand behind one that does.
            turn.door = Some(self.0.doors.take(&turn.line.name()).await);
            if met.let_in || self.0.is_shared {
                let mut tx = self.0.store.read().await?;
                waiting::find(&mut tx, &turn.row.kind, &turn.row.id).await?
            } else {
                None
            }
        };
        match found {
            Some(row) if row.let_in => {
                turn.row = row;
                turn.waited = true;
                // One that was taken for lost and is inside comes again if this process dies.
                Ok(turn.enter().then_some(turn))
            }
            // It waits already, and this is another delivery of it.
            Some(_) => Ok(None),
            None => {
                turn.enter();
                Ok(Some(turn))
            }
        }
    }

    /// Puts a command into its line; gives its row if it is known already.
    async fn queue(&self, row: Row) -> Result<Option<Row>, HandlerError> {
        self.lines().expect(&row.line());
        let (told, hears) = oneshot::channel();
        let gone = || HandlerError::unavailable("this process stops");
        let arrival = Arrival { row, told };
        self.0.arrivals.send(arrival).map_err(|_| gone())?;
        let found = hears.await.map_err(|_| gone())?;
        found.map_err(HandlerError::unavailable)
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
            due_at: self.0.clock.now().into(),
            let_in: false,
            since: None,
            tries: 0,
            repeats: 0,
            envelope: envelope.to_bytes(),
        }
    }

    /// How long what is away is waited for, where the other side does not say: as on the bus.
    fn soon(&self, tries: i64) -> Duration {
        let soon = if tries < A_FEW { SOON.0 } else { SOON.1 };
        let waits = self.0.repeats.iter().copied();
        let shorter = waits.clone().filter(|wait| *wait <= soon).max();
        shorter.or_else(|| waits.min()).unwrap_or(soon)
    }

    /// What is known of the lines.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock()
    }
}

/// What the doorkeeper works with.
impl WaitingRoom {
    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub(crate) fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Until somebody's turn may have come.
    pub(crate) async fn stirred(&self) {
        self.0.stirred.notified().await;
    }

    /// Somebody's turn may have come.
    pub(crate) fn stir(&self) {
        self.0.stirred.notify_one();
    }

    /// One that waits for something outside is due then.
    pub(crate) fn is_due_at(&self, due: Time) {
        if self.lines().is_due_at(due) {
            self.stir();
        }
    }
}

impl Turn {
    /// Whether no other delivery of it is inside here.
    fn enter(&mut self) -> bool {
        self.is_inside = true;
        self.room.lines().enter(&self.line, &self.row.id)
    }

    /// Lets in whoever is behind it.
    pub(crate) fn open_door(&mut self) {
        self.door = None;
    }

    /// Stands in another queue, and only then lets in whoever is behind it: so the order stays.
    pub(crate) async fn stand_in<T>(&mut self, queue: impl Future<Output = T>) -> T {
        let mut queue = pin!(queue);
        let reached = poll!(&mut queue);
        self.open_door();
        match reached {
            Poll::Ready(it) => it,
            Poll::Pending => queue.await,
        }
    }

    /// When its turn came.
    pub(crate) fn since(&self, cause: &Cause) -> Time {
        self.row.since.map_or(cause.time, |since| since.0)
    }

    /// What becomes of the command: it has left, or it waits again.
    pub(crate) async fn leave(
        self,
        done: Result<Outcome, HandlerError>,
    ) -> Result<Outcome, HandlerError> {
        let fault = match done {
            Ok(outcome) => {
                self.has_left();
                return Ok(outcome);
            }
            Err(fault) => fault,
        };
        if self.is_question || self.room.0.stopping.is_cancelled() {
            return Err(fault);
        }
        match fault {
            HandlerError::Unavailable {
                reason,
                retry_after,
            } => {
                let wait = retry_after.unwrap_or_else(|| self.room.soon(self.row.tries));
                self.wait(wait, false, &reason).await
            }
            HandlerError::Retry(reason) if self.waited => {
                let repeats = usize::try_from(self.row.repeats).unwrap_or_default();
                match self.room.0.repeats.get(repeats).copied() {
                    Some(wait) => self.wait(wait, true, &reason).await,
                    None => {
                        self.has_left();
                        let reason = format!("no repeats left: {reason}");
                        Err(HandlerError::Reject(reason))
                    }
                }
            }
            HandlerError::Reject(_) => {
                self.has_left();
                Err(fault)
            }
            // The bus and the database are the two that it could wait in.
            fault => Err(fault),
        }
    }

    /// Its row is removed, or that of another delivery of it.
    fn has_left(&self) {
        let mut lines = self.room.lines();
        if self.waited || lines.has_some(&self.line) {
            let gone = (self.row.kind.clone(), self.row.id.clone());
            lines.leave([gone]);
        }
    }

    /// Puts it into its line, or back to its place there.
    async fn wait(
        &self,
        wait: Duration,
        repeats: bool,
        reason: &str,
    ) -> Result<Outcome, HandlerError> {
        let Row { kind, id, .. } = &self.row;
        if self.row.tries == 0 {
            warn!(effect.kind = kind, effect.id = id, why = reason, "it waits");
        } else {
            debug!(effect.kind = kind, effect.id = id, why = reason, "it waits");
        }
        let due = self.room.0.clock.now() + delta(wait);
        let mut tx = self.room.0.store.begin().await?;
        if !self.waited {
            // Another delivery of it may have a row.
            waiting::add(&mut tx, std::slice::from_ref(&self.row)).await?;
        }
        waiting::put_back(&mut tx, (kind, id), due, repeats).await?;
        tx.commit().await?;
        self.room.is_due_at(due);
        Ok(Outcome::nothing())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.room.lines();
        if self.is_inside {
            lines.exit(&self.line, &self.row.id);
        }
        let stirred = lines.go(&self.line);
        drop(lines);
        if stirred {
            self.room.stir();
        }
    }
}

fn line(key: &EffectKey) -> Line {
    Line {
        kind: key.kind.to_owned(),
        account_sid: key.account_sid.clone(),
        tenant_id: key.tenant_id.clone(),
        lane: key.lane.clone().unwrap_or_default(),
        urgent: key.urgent,
    }
}
