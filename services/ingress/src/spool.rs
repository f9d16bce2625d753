//! Where webhooks wait while the bus is away: a folder with one file each, named so that they sort by arrival.
//!
//! A file is written under another name, synced and renamed, so a crash leaves a whole one or none.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bus::Bus;
use events::Envelope;
use metrics::{counter, gauge};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// The most that wait. Beyond it webhooks are refused with 503, which Twilio answers with its fallback URL.
const CAPACITY: u64 = 100_000;
/// How long what has nobody to go to is left alone.
const LONG_PAUSE: Duration = Duration::from_secs(10);

/// The folder.
pub struct Spool {
    dir: PathBuf,
    waiting: AtomicU64,
    /// How many of those that wait have no role to go to yet. They hold nobody up.
    stuck: AtomicU64,
    next: Mutex<u64>,
    filled: Notify,
    emptied: Notify,
}

impl Spool {
    /// Opens the folder and counts what a former process left there.
    pub fn open(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        let spool = Self {
            dir: dir.to_owned(),
            waiting: AtomicU64::new(0),
            stuck: AtomicU64::new(0),
            next: Mutex::new(0),
            filled: Notify::new(),
            emptied: Notify::new(),
        };
        let files = spool.files()?;
        let last = files
            .last()
            .and_then(|path| path.file_stem()?.to_str()?.parse::<u64>().ok());
        *spool.next.lock() = last.map_or(0, |n| n + 1);
        spool.waiting.store(files.len() as u64, Ordering::Relaxed);
        Ok(spool)
    }

    /// Whether nothing waits that should go before what comes now.
    pub fn is_empty(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) <= self.stuck.load(Ordering::Relaxed)
    }

    /// Waits until nothing does.
    pub async fn emptied(&self) {
        loop {
            let mut changed = std::pin::pin!(self.emptied.notified());
            changed.as_mut().enable();
            if self.is_empty() {
                return;
            }
            changed.await;
        }
    }

    /// Keeps an event; it is on the disk when this returns. A client that leaves meanwhile drops this future, and the
    /// write goes on: what follows it belongs to the write.
    pub async fn keep(self: &std::sync::Arc<Self>, envelope: &Envelope) -> io::Result<()> {
        let (spool, bytes) = (self.clone(), envelope.to_bytes());
        let kept = tokio::task::spawn_blocking(move || {
            spool.write(&bytes)?;
            counter!("ingress_spooled_total").increment(1);
            spool.filled.notify_one();
            Ok(())
        });
        kept.await.map_err(io::Error::other)?
    }

    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        if self.waiting.load(Ordering::Relaxed) >= CAPACITY {
            return Err(io::Error::other("the spool is full"));
        }
        // The lock makes the order of the names the order of arrival.
        let mut next = self.next.lock();
        let (draft, whole) = (
            self.dir.join("draft"),
            self.dir.join(format!("{:020}.event", *next)),
        );
        let mut file = File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_data()?;
        fs::rename(&draft, whole)?;
        File::open(&self.dir)?.sync_all()?;
        *next += 1;
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed) + 1;
        #[expect(clippy::cast_precision_loss, reason = "a count up to CAPACITY")]
        gauge!("ingress_spool_waiting").set(waiting as f64);
        Ok(())
    }

    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files: Vec<_> = fs::read_dir(&self.dir)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ext| ext == "event"))
            .collect();
        files.sort();
        Ok(files)
    }

    fn forget(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }

    /// Takes a file that cannot be read out of the way, for people to look at. One that cannot even be renamed stays, and
    /// holds nobody up.
    fn set_aside(&self, path: &Path, reason: &str) -> io::Result<()> {
        counter!("ingress_spool_damaged_total").increment(1);
        error!(
            file = %path.display(),
            reason,
            "spooled webhook cannot be read; it is set aside as .damaged and the others go on"
        );
        fs::rename(path, path.with_extension("damaged"))?;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Publishes what waits, oldest first, whenever the bus is there. Ends with `stop`.
pub async fn drain(
    spool: std::sync::Arc<Spool>,
    bus: Bus,
    stop: CancellationToken,
    pause: Duration,
) {
    loop {
        if spool.is_empty() {
            let stuck = spool.stuck.load(Ordering::Relaxed) > 0;
            tokio::select! {
                () = spool.filled.notified() => {}
                () = tokio::time::sleep(LONG_PAUSE), if stuck => {}
                () = stop.cancelled() => return,
            }
        }
        tokio::select! {
            () = bus.ready() => {}
            () = stop.cancelled() => return,
        }
        let stuck = match drain_once(&spool, &bus).await {
            Ok(stuck) => stuck,
            Err(e) => {
                warn!(error = %e, "the spool waits");
                0
            }
        };
        spool.stuck.store(stuck, Ordering::Relaxed);
        if spool.is_empty() {
            spool.emptied.notify_waiters();
        } else {
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => return,
            }
        }
    }
}

/// Goes through the spool once. Gives how many have no role to go to: they stay, and hold nobody up.
async fn drain_once(spool: &Spool, bus: &Bus) -> io::Result<u64> {
    let (mut drained, mut stuck) = (0_u64, 0_u64);
    for path in spool.files()? {
        let read = fs::read(&path).map_err(|e| e.to_string());
        let read = read.and_then(|bytes| Envelope::from_bytes(&bytes).map_err(|e| e.to_string()));
        let envelope = match read {
            Ok(envelope) => envelope,
            Err(reason) => {
                if let Err(e) = spool.set_aside(&path, &reason) {
                    error!(file = %path.display(), error = %e, "the file cannot be set aside either");
                    stuck += 1;
                }
                continue;
            }
        };
        match bus.publish(&envelope).await {
            Ok(()) => {
                // One that cannot be removed comes again at the next look: the same event, which is handled once.
                if let Err(e) = spool.forget(&path) {
                    error!(file = %path.display(), error = %e, "a published webhook cannot be removed from the spool");
                    stuck += 1;
                    continue;
                }
                drained += 1;
            }
            Err(e @ bus::Error::Unroutable(_)) => {
                debug!(error = %e, "a spooled webhook stays");
                stuck += 1;
            }
            Err(e) => return Err(io::Error::other(e)),
        }
    }
    if drained > 0 {
        info!(drained, stuck, "the spool is drained");
    }
    if stuck > 0 {
        warn!(
            stuck,
            "spooled webhooks have no role to go to, or files that cannot be moved; start the role that handles them"
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a count up to CAPACITY")]
    gauge!("ingress_spool_waiting").set(spool.waiting.load(Ordering::Relaxed) as f64);
    Ok(stuck)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clock::Clock;
    use events::v1::CallStarted;
    use std::sync::Arc;

    #[tokio::test]
    async fn keeps_the_order_across_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::system();
        let event = |n: u32| Envelope::at("t", n.to_string(), clock.now(), &CallStarted::default());
        for half in [0..3, 3..6] {
            let spool = Arc::new(Spool::open(dir.path()).unwrap());
            for n in half {
                spool.keep(&event(n)).await.unwrap();
            }
        }
        let spool = Spool::open(dir.path()).unwrap();
        let ids: Vec<_> = spool
            .files()
            .unwrap()
            .iter()
            .map(|path| Envelope::from_bytes(&fs::read(path).unwrap()).unwrap().id)
            .collect();
        assert_eq!(ids, ["0", "1", "2", "3", "4", "5"]);
        assert!(!spool.is_empty());
    }

    /// The write of a client that has left goes on in a thread of its own, and nothing else would tell the drain.
    #[tokio::test]
    async fn write_of_a_client_that_left_wakes_the_drain() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Arc::new(Spool::open(dir.path()).unwrap());
        let clock = Clock::system();
        let event = Envelope::at("t", "1".to_owned(), clock.now(), &CallStarted::default());
        {
            let mut keep = std::pin::pin!(spool.keep(&event));
            assert!(futures::poll!(keep.as_mut()).is_pending());
        }
        tokio::time::timeout(Duration::from_secs(10), spool.filled.notified())
            .await
            .unwrap();
        assert!(!spool.is_empty());
    }
}
