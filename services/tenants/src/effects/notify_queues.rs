//! Whether the facts that a tenant can be told of are collected.
//!
//! Each call has three or four of them, and an event in a queue costs the broker as much as the call itself did, just
//! when the next one comes. So the queues take nothing until a tenant has a `notify_url`.

use std::sync::Arc;

use bus::{Bus, Subscription};
use role::Outage;
use store::Store;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::db::tenants;

/// The queues of `notify`, and whether they are bound. Clones share it.
#[derive(Clone)]
pub struct NotifyQueues(Arc<Inner>);

struct Inner {
    bus: Bus,
    queues: Vec<Subscription>,
    begun: OnceCell<()>,
}

impl NotifyQueues {
    /// On this bus, by what binds the queues.
    pub fn new(bus: Bus, queues: Vec<Subscription>) -> Self {
        let begun = OnceCell::new();
        Self(Arc::new(Inner { bus, queues, begun }))
    }

    /// Whether this process has bound them.
    pub fn has_begun(&self) -> bool {
        self.0.begun.initialized()
    }

    /// Collects from now on, which stays so.
    pub async fn begin(&self) -> Result<(), bus::Error> {
        let bind = async || -> Result<(), bus::Error> {
            for queue in &self.0.queues {
                self.0.bus.declare(queue).await?;
            }
            info!("calls and texts are collected for tenants with a notify_url");
            Ok(())
        };
        self.0.begun.get_or_try_init(bind).await.map(drop)
    }

    /// Begins if a tenant has wanted it before this process started: the broker may be another one.
    pub async fn begin_if_wanted(self, store: Store, stop: CancellationToken) {
        let asked = async {
            store.ready().await;
            let mut outage = Outage::new("it is not known yet whether a tenant has a notify_url");
            while let Err(error) = self.begin_if_any(&store).await {
                tokio::time::sleep(outage.failed(&error)).await;
            }
            outage.recovered();
        };
        tokio::select! {
            () = asked => {}
            () = stop.cancelled() => {}
        }
    }

    async fn begin_if_any(&self, store: &Store) -> Result<(), role::HandlerError> {
        let mut tx = store.read().await?;
        let wanted = tenants::any_notified(&mut tx).await?;
        drop(tx);
        if wanted {
            self.begin().await?;
        }
        Ok(())
    }
}
