//! From the data folder to the object store, and out of it when the time is over. What a process that was killed has left is found at the
//! next start; what is left of a call that was forgotten meanwhile is not stored.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use clock::{Clock, Time};
use metrics::counter;
use objects::{Encryption, Objects};
use store::Store;
use tokio::io::AsyncReadExt;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{Inputs, InputsOf, SUFFIX};
use crate::db;
use crate::journal_file::{self, Taken, Unread};

/// How long until what could not be stored is tried again.
const AGAIN: Duration = Duration::from_secs(10);
/// How often it is looked for what has been kept for long enough.
const LOOK: Duration = Duration::from_secs(3_600);
/// Bytes that are read at once.
const PIECE: usize = 64 << 10;

/// The task, and whoever stores what is left at the end.
#[derive(Clone)]
pub struct Keep {
    /// Where journals lie.
    pub inputs: Inputs,
    /// Where they go.
    pub objects: Objects,
    /// Where sessions are.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Cancelled at the process's end.
    pub stopping: CancellationToken,
}

/// Why something is not done yet.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("the journal cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("the object store: {0}")]
    Store(#[from] objects::Error),
    #[error("the database: {0}")]
    Database(#[from] store::Error),
}

impl Keep {
    /// Stores what is there, then what ends, and removes what is over, until the process ends.
    pub async fn run(self) {
        let mut look = tokio::time::interval(LOOK);
        loop {
            let waiting = self.round().await;
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = self.inputs.ended.notified() => {}
                () = tokio::time::sleep(AGAIN), if waiting > 0 => {}
                _ = look.tick() => self.expire().await,
            }
        }
    }

    /// Stores what nobody writes any more; says how many journals wait for another time.
    pub async fn round(&self) -> usize {
        let paths = match journal_file::files(&self.inputs.dir, SUFFIX).await {
            Ok(paths) => paths,
            Err(error) => {
                warn!(%error, "the folder of journals of inputs cannot be read");
                return 1;
            }
        };
        let mut waiting = 0;
        for path in paths {
            waiting += usize::from(!self.one(path).await);
        }
        waiting
    }

    /// Whether nothing is left to be done about it.
    async fn one(&self, path: PathBuf) -> bool {
        let journal = match Taken::<InputsOf>::take(&path) {
            Ok(journal) => journal,
            Err(Unread::Busy | Unread::Gone) => return true,
            Err(error @ Unread::Unknown(_)) => {
                warn!(%error, file = %path.display(), "a journal of inputs is set aside");
                return journal_file::set_aside(&path).await;
            }
            Err(error) => {
                warn!(%error, "a journal of inputs waits");
                return false;
            }
        };
        let call = journal.about.call_sid.clone();
        match self.store(journal).await {
            Ok(()) => true,
            Err(error) => {
                warn!(%error, call.sid = call, "a journal of inputs is not stored yet; trying again");
                false
            }
        }
    }

    async fn store(&self, journal: Taken<InputsOf>) -> Result<(), Failed> {
        let about = &journal.about;
        let until = until(about);
        let is_over = until.is_none_or(|until| until <= self.clock.now());
        if let Some(until) = until.filter(|_| !is_over && journal.length > 0)
            && self.is_known(about).await?
        {
            let key = about.key();
            self.upload(&journal, &key).await?;
            let mut tx = self.store.begin().await?;
            let is_known = db::session_inputs(&mut tx, &about.session_id, &key, until).await?;
            tx.commit().await?;
            match is_known {
                true => info!(call.sid = about.call_sid, "a call's inputs are stored"),
                // The person was forgotten at this moment.
                false => self.objects.delete(&key).await?,
            }
        }
        Ok(journal.remove()?)
    }

    async fn is_known(&self, about: &InputsOf) -> Result<bool, Failed> {
        let mut tx = self.store.read().await?;
        let found = db::session_find(&mut tx, &about.session_id).await?;
        Ok(found.is_some())
    }

    async fn upload(&self, journal: &Taken<InputsOf>, key: &str) -> Result<(), Failed> {
        let about = &journal.about;
        let upload = self.objects.upload(key, "application/octet-stream").await?;
        // Whoever has the journal is the only one that stores it.
        let mut upload = upload
            .encrypted(Encryption::named(&about.encryption, &about.kms_key))
            .replacing();
        let mut file = journal.whole()?;
        let mut piece = vec![0; PIECE];
        loop {
            let read = file.read(&mut piece).await?;
            if read == 0 {
                break;
            }
            upload.write(&piece[..read]).await?;
        }
        Ok(upload.finish().await?)
    }

    /// Removes what has been kept for long enough.
    async fn expire(&self) {
        match self.expired().await {
            Ok(0) => {}
            Ok(removed) => {
                counter!("streams_inputs_expired_total").increment(removed);
                info!(removed, "journals of inputs removed: their time is over");
            }
            Err(error) => {
                warn!(%error, "journals of inputs whose time is over are not removed yet")
            }
        }
    }

    async fn expired(&self) -> Result<u64, Failed> {
        let mut removed = 0;
        loop {
            let mut tx = self.store.read().await?;
            let over = db::inputs_over(&mut tx, self.clock.now()).await?;
            drop(tx);
            if over.is_empty() {
                return Ok(removed);
            }
            for (session, key) in over {
                self.objects.delete(&key).await?;
                let mut tx = self.store.begin().await?;
                db::session_without_inputs(&mut tx, &session).await?;
                tx.commit().await?;
                removed += 1;
            }
        }
    }
}

/// Until when a journal is kept; `None` where it does not say since when.
fn until(about: &InputsOf) -> Option<Time> {
    let since = DateTime::parse_from_rfc3339(&about.started_at).ok()?;
    let since = since.with_timezone(&Utc);
    since.checked_add_days(Days::new(u64::from(about.keep_days)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_is_kept_for_its_days_from_the_beginning_of_the_stream() {
        let about = InputsOf {
            started_at: "2026-11-29T10:00:00.000Z".to_owned(),
            keep_days: 30,
            ..InputsOf::default()
        };
        let until = until(&about).unwrap();
        assert_eq!(until.to_rfc3339(), "2026-12-29T10:00:00+00:00");
        assert_eq!(super::until(&InputsOf::default()), None);
    }
}
