//! Fetching what a caller said. Twilio tells of a recording before its file is there: 404 is normal for a while.

use std::time::Duration;

use clock::{Clock, Time};
use tokio::time::Instant;
use twilio_api::{Client, Error, MediaFormat, RecordingStatus};

use crate::accounts::Accounts;
use crate::once::Miss;

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long a file is waited for when the command does not say.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a provider takes at most; some 25 minutes of a call.
const LARGEST: usize = 24 << 20;

/// Fetches recordings.
pub(crate) struct Recordings {
    pub accounts: Accounts,
    pub clock: Clock,
    /// The wait before the second look; it doubles each time.
    pub first_wait: Duration,
}

/// Which recording.
pub(crate) struct Wanted<'a> {
    pub account_sid: &'a str,
    pub sid: &'a str,
    /// As Twilio named it, without an ending; empty: by the SID.
    pub url: &'a str,
    pub until: Option<Time>,
}

impl Recordings {
    /// The file, as WAV.
    pub(crate) async fn fetch(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, Miss> {
        let by_sid =
            !wanted.sid.is_empty() && wanted.sid.bytes().all(|b| b.is_ascii_alphanumeric());
        if !by_sid && wanted.url.is_empty() {
            return Err(Miss::Never("recording_absent"));
        }
        let client = self.accounts.of(wanted.account_sid).await;
        let client = client.ok_or_else(|| Miss::Later {
            reason: "no_credentials",
            why: format!("no credentials are known for {:?}", wanted.account_sid),
        })?;
        let patience = wanted.until.map_or(PATIENCE, |until| {
            (until - self.clock.now()).to_std().unwrap_or_default()
        });
        let until = Instant::now() + patience;
        let mut wait = self.first_wait;
        loop {
            let miss = match look(&client, wanted, by_sid).await {
                Ok(file) => return file.ok_or(Miss::Never("recording_too_large")),
                Err(e) if e.is_not_found() => {
                    if by_sid && is_gone(&client, wanted.sid).await {
                        return Err(Miss::Never("recording_absent"));
                    }
                    Miss::Never("recording_absent")
                }
                Err(e) if e.is_retryable() => Miss::Later {
                    reason: "recording_unavailable",
                    why: e.to_string(),
                },
                Err(e) => {
                    tracing::warn!(error = %e, recording.sid = wanted.sid, "a recording is refused");
                    return Err(Miss::Never("recording_refused"));
                }
            };
            if Instant::now() + wait > until {
                return Err(miss);
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}

/// One look; `None`: it is larger than any provider takes. By the SID where there is one, so that only our own base address
/// and the account's own recordings can be asked for.
async fn look(
    client: &Client,
    wanted: &Wanted<'_>,
    by_sid: bool,
) -> Result<Option<Vec<u8>>, Error> {
    let mut media = if by_sid {
        client
            .recordings()
            .media(wanted.sid, MediaFormat::Wav, None)
            .await?
    } else {
        client.media_at(&format!("{}.wav", wanted.url)).await?
    };
    let mut file = Vec::new();
    while let Some(piece) = media.chunk().await? {
        file.extend_from_slice(&piece);
        if file.len() > LARGEST {
            return Ok(None);
        }
    }
    Ok(Some(file))
}

/// Whether Twilio says that there will never be a file.
async fn is_gone(client: &Client, sid: &str) -> bool {
    client.recordings().fetch(sid).await.is_ok_and(|recording| {
        matches!(
            recording.status,
            RecordingStatus::Absent | RecordingStatus::Deleted
        )
    })
}
