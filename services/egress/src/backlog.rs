//! The backlog: commands that cannot leave yet. They are queued in the database, in lines, and not on the bus, where a long
//! line would block all others. A line has the commands of one tenant for one sender, and a limit of commands in flight.

use std::sync::Arc;

use bus::Bus;
use clock::{Clock, Time};
use parking_lot::{Mutex, MutexGuard};
use role::HandlerError;
use store::Store;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::db::waiting::Row;
use crate::lines::Lines;

/// The backlog. Clones share it.
#[derive(Clone)]
pub(crate) struct Backlog(Arc<Inner>);

struct Inner {
    store: Store,
    bus: Bus,
    /// The machine's own, whatever a test's clock says: what is requeued becomes due by itself.
    clock: Clock,
    lines: Mutex<Lines>,
    arrivals: mpsc::UnboundedSender<Arrival>,
    /// Wakes the scheduler.
    wake: Notify,
}

/// A command to enqueue.
pub(crate) struct Arrival {
    pub(crate) row: Row,
    /// Gets the row that the command has already; none: it is enqueued now.
    pub(crate) found: oneshot::Sender<Result<Option<Row>, String>>,
}

impl Backlog {
    /// With the arrivals, for the scheduler.
    pub(crate) fn new(store: Store, bus: Bus) -> (Self, mpsc::UnboundedReceiver<Arrival>) {
        let (arrivals, receiver) = mpsc::unbounded_channel();
        let inner = Inner {
            store,
            bus,
            clock: Clock::system(),
            lines: Mutex::default(),
            arrivals,
            wake: Notify::new(),
        };
        (Self(Arc::new(inner)), receiver)
    }

    /// Puts a command at the end of its line; returns its row if it has one already.
    pub(crate) async fn enqueue(&self, row: Row) -> Result<Option<Row>, HandlerError> {
        self.lines().expect_backlog(&row.line());
        let (found, reply) = oneshot::channel();
        let stopped = || HandlerError::unavailable("this process stops");
        let arrival = Arrival { row, found };
        self.0.arrivals.send(arrival).map_err(|_| stopped())?;
        let found = reply.await.map_err(|_| stopped())?;
        found.map_err(HandlerError::unavailable)
    }

    /// What this process knows of the lines.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn bus(&self) -> &Bus {
        &self.0.bus
    }

    pub(crate) fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// Waits for [`Self::wake`].
    pub(crate) async fn woken(&self) {
        self.0.wake.notified().await;
    }

    /// Wakes the scheduler: a line is scheduled.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Has the scheduler awake when a requeued command is due.
    pub(crate) fn wake_at(&self, due: Time) {
        if self.lines().add_due(due) {
            self.wake();
        }
    }
}
