//! Results are kept so that nobody pays twice for them. Those whose interview is gone are kept for nothing: they go too.

use std::collections::HashSet;
use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{InterviewQuery, InterviewsFound};
use objects::Objects;
use role::Parts;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// The folders of what is kept of interviews.
pub(crate) const KINDS: [&str; 4] = ["question", "score", "summary", "transcribe"];
/// How many objects are looked at, and asked about, at once.
const PAGE: usize = 500;
const PATIENCE: Duration = Duration::from_secs(5);

/// Removes what is kept of interviews that are gone.
pub(crate) struct Sweep {
    objects: Objects,
    bus: Bus,
    clock: Clock,
    stopping: CancellationToken,
    every: Duration,
}

impl Sweep {
    /// One that looks every so often.
    pub(crate) fn new(parts: &Parts, objects: Objects, every: Duration) -> Self {
        Self {
            objects,
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            stopping: parts.stopping.clone(),
            every,
        }
    }

    /// Looks until the process stops.
    pub(crate) async fn run(self) {
        let stopping = self.stopping.clone();
        stopping
            .run_until_cancelled(async {
                loop {
                    tokio::time::sleep(self.every).await;
                    for kind in KINDS {
                        if let Err(error) = self.folder(kind).await {
                            warn!(%error, kind, "results of interviews that are gone stay until the next sweep");
                        }
                    }
                }
            })
            .await;
    }

    async fn folder(&self, kind: &str) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let prefix = format!("ai/{kind}/");
        let (mut after, mut removed) = (String::new(), 0_u32);
        loop {
            let page = self.objects.page(&prefix, &after, PAGE).await?;
            let keys = page.entries.into_iter().map(|entry| entry.key);
            let kept: Vec<(String, String)> = keys
                .filter_map(|key| Some((interview(key.strip_prefix(&prefix)?), key)))
                .collect();
            let known = self.known(kept.iter().map(|(id, _)| id)).await?;
            for (_, key) in kept.iter().filter(|(id, _)| !known.contains(id)) {
                self.objects.delete(key).await?;
                removed += 1;
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        if removed > 0 {
            info!(kind, removed, "removed results of interviews that are gone");
        }
        Ok(())
    }

    /// Those of these interviews that there are.
    async fn known(
        &self,
        ids: impl Iterator<Item = &String>,
    ) -> Result<HashSet<String>, Box<dyn std::error::Error + Send + Sync>> {
        let ids: HashSet<String> = ids.cloned().collect();
        if ids.is_empty() {
            return Ok(ids);
        }
        let query = InterviewQuery {
            interview_ids: ids.into_iter().collect(),
        };
        let query = Envelope::new("trunkline/scoring", &self.clock, &query);
        let reply = self.bus.request(query, PATIENCE).await?;
        let found: InterviewsFound = reply.decode()?;
        Ok(found.interview_ids.into_iter().collect())
    }
}

/// The interview that a result belongs to: what the name begins with.
fn interview(name: &str) -> String {
    name.split('.').next().unwrap_or_default().to_owned()
}

/// The folders of the object store in which results of an interview are, for whoever collects them.
pub fn result_prefixes(interview_id: &str) -> Vec<String> {
    let prefix = |kind: &str| format!("ai/{kind}/{interview_id}.");
    KINDS.iter().map(|kind| prefix(kind)).collect()
}
