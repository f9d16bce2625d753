//! What a caller said: from the store, once the recording is kept there, else from Twilio, which tells of a recording before its file is there
//! (404 is normal for a while).

use std::time::Duration;

use clock::{Clock, Time};
use objects::Objects;
use role::{Accounts, recording_key};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use twilio_api::{Client, Error, MediaFormat, Pauses, Sought};

use crate::results::Miss;

/// The longest wait between two looks.
const LONGEST_WAIT: Duration = Duration::from_secs(8);
/// How long a file is waited for when the command does not say.
const PATIENCE: Duration = Duration::from_secs(60);
/// The wait between two deliveries of a command whose file is not there yet.
const AGAIN: Duration = Duration::from_secs(5);
/// What a provider takes at most; some 25 minutes of a call.
const LARGEST: usize = 24 << 20;

/// Fetches recordings.
pub(crate) struct Recordings {
    pub accounts: Accounts,
    pub objects: Objects,
    pub clock: Clock,
    /// The wait before the second look; it doubles each time.
    pub first_wait: Duration,
    /// How long one delivery looks for a file; then the bus delivers the command again after a while. Nothing is held in
    /// hand meanwhile, so a process that stops does not wait for Twilio.
    pub looking: Duration,
    /// The process stops: what will be delivered again is broken off.
    pub stopping: CancellationToken,
}

/// Which recording.
pub(crate) struct Wanted<'a> {
    pub tenant_id: &'a str,
    pub account_sid: &'a str,
    pub sid: &'a str,
    /// As Twilio named it, without an ending; empty: by the SID.
    pub url: &'a str,
    pub until: Option<Time>,
}

impl Recordings {
    /// The file, as WAV.
    pub(crate) async fn fetch(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, Miss> {
        let by_sid = !wanted.sid.is_empty();
        if !by_sid && wanted.url.is_empty() {
            return Err(Miss::Never("recording_absent"));
        }
        let patience = wanted.until.map_or(PATIENCE, |until| {
            (until - self.clock.now()).to_std().unwrap_or_default()
        });
        let now = Instant::now();
        let until = now + patience;
        // Whoever does not say how long to wait is not delivered again without end.
        let delivery_ends = match wanted.until {
            Some(_) => now + self.looking,
            None => until,
        };
        let pauses = Pauses {
            first: self.first_wait,
            longest: LONGEST_WAIT,
        };
        for looks in 1.. {
            let wait = pauses.after(looks);
            let miss = match self.look(wanted).await {
                Ok(file) => return Ok(file),
                Err(Look::Over(miss)) => return Err(miss),
                Err(Look::Again(miss)) => miss,
            };
            if Instant::now() + wait > until {
                return Err(miss);
            }
            let slept = self
                .stopping
                .run_until_cancelled(tokio::time::sleep(wait))
                .await;
            if slept.is_none() || Instant::now() > delivery_ends {
                return Err(Miss::NotYet {
                    why: format!("Twilio has no file of the recording {} yet", wanted.sid),
                    after: AGAIN,
                });
            }
        }
        Err(Miss::Never("recording_absent"))
    }

    /// One look.
    async fn look(&self, wanted: &Wanted<'_>) -> Result<Vec<u8>, Look> {
        if let Some(file) = self.stored(wanted).await? {
            return Ok(file);
        }
        let client = self.accounts.of(wanted.account_sid).await;
        let client = client.ok_or_else(|| {
            Look::Over(Miss::Later {
                reason: "no_credentials",
                why: format!("no credentials are known for {:?}", wanted.account_sid),
            })
        })?;
        match Box::pin(file_at_twilio(&client, wanted)).await {
            Ok(Ok(file)) => file.ok_or(Look::Over(Miss::Never("recording_too_large"))),
            Ok(Err(look)) => Err(look),
            Err(e) if e.is_not_found() => Err(Look::Again(Miss::Never("recording_absent"))),
            Err(e) if e.is_retryable() => Err(Look::Again(Miss::Later {
                reason: "recording_unavailable",
                why: e.to_string(),
            })),
            Err(e) => {
                tracing::warn!(error = %e, recording.sid = wanted.sid, "a recording is refused");
                Err(Look::Over(Miss::Never("recording_refused")))
            }
        }
    }

    /// The file that the recordings role has kept; none while it is not there, or the store is away.
    async fn stored(&self, wanted: &Wanted<'_>) -> Result<Option<Vec<u8>>, Look> {
        let is_sid =
            !wanted.sid.is_empty() && wanted.sid.bytes().all(|b| b.is_ascii_alphanumeric());
        if !is_sid || wanted.tenant_id.is_empty() {
            return Ok(None);
        }
        let key = recording_key(wanted.tenant_id, wanted.sid, "wav");
        // The S3 client's futures are large.
        let found = Box::pin(self.objects.stream(&key, None)).await;
        let Ok(Some(mut object)) = found else {
            return Ok(None);
        };
        let mut file = Vec::new();
        loop {
            match object.chunk().await {
                Ok(Some(piece)) => file.extend_from_slice(&piece),
                Ok(None) => return Ok(Some(file)),
                // Twilio has it too.
                Err(_) => return Ok(None),
            }
            if file.len() > LARGEST {
                return Err(Look::Over(Miss::Never("recording_too_large")));
            }
        }
    }
}

/// Why a look found no file.
enum Look {
    /// Another one may.
    Again(Miss),
    /// No other one will.
    Over(Miss),
}

/// The file, as Twilio has it; `None`: it is larger than any provider takes. By the SID where there is one, so that only our own base address
/// and the account's own recordings can be asked for.
async fn file_at_twilio(
    client: &Client,
    wanted: &Wanted<'_>,
) -> Result<Result<Option<Vec<u8>>, Look>, Error> {
    let absent = || Miss::Never("recording_absent");
    let mut media = if wanted.sid.is_empty() {
        client.media_at(&format!("{}.wav", wanted.url)).await?
    } else {
        let recordings = client.recordings();
        match recordings.seek(wanted.sid, MediaFormat::Wav, None).await? {
            Sought::File(media) => media,
            Sought::Never { .. } => return Ok(Err(Look::Over(absent()))),
            Sought::NotYet | Sought::Unknown => return Ok(Err(Look::Again(absent()))),
        }
    };
    let mut file = Vec::new();
    while let Some(piece) = media.chunk().await? {
        file.extend_from_slice(&piece);
        if file.len() > LARGEST {
            return Ok(Ok(None));
        }
    }
    Ok(Ok(Some(file)))
}
