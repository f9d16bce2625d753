//! Looking for a recording's file: what Twilio may say in its place, and how long to wait between two looks.

use std::time::Duration;

use twilio_types::RecordingStatus;

use crate::{Error, Media, MediaFormat, Recordings};

/// What looking for a recording's file came to.
#[derive(Debug)]
pub enum Sought {
    /// It is here.
    File(Media),
    /// Twilio has the recording, and its file is not there yet.
    NotYet,
    /// Twilio does not know the recording: it was deleted, or was told of before it can be found.
    Unknown,
    /// There will never be a file.
    Never {
        /// `absent`, `deleted` or `failed`.
        status: RecordingStatus,
        /// Twilio's reason, where it gives one.
        error_code: Option<u32>,
    },
}

impl Recordings<'_> {
    /// Looks for a recording's file once. It is asked for by its SID at the client's own endpoint, so that credentials go nowhere else. One
    /// channel is taken where there are not as many as `channels`, and WAV where the endpoint makes no MP3.
    ///
    /// # Errors
    /// [`Error::Setup`] of what is no SID; as any request.
    pub async fn seek(
        &self,
        sid: &str,
        format: MediaFormat,
        channels: Option<u32>,
    ) -> Result<Sought, Error> {
        if sid.is_empty() || !sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::Setup("the recording sid is not one"));
        }
        let opened = match self.with_channels(sid, format, channels).await {
            Err(Error::Unavailable {
                status: Some(501), ..
            }) if format == MediaFormat::Mp3 => {
                self.with_channels(sid, MediaFormat::Wav, channels).await
            }
            opened => opened,
        };
        match opened {
            Ok(media) => Ok(Sought::File(media)),
            Err(e) if e.is_not_found() => self.why_none(sid).await,
            Err(e) => Err(e),
        }
    }

    async fn with_channels(
        &self,
        sid: &str,
        format: MediaFormat,
        channels: Option<u32>,
    ) -> Result<Media, Error> {
        match self.media(sid, format, channels).await {
            Err(Error::Refused { status: 400, .. }) if channels.is_some() => {
                self.media(sid, format, None).await
            }
            opened => opened,
        }
    }

    /// Whether there ever will be a file.
    async fn why_none(&self, sid: &str) -> Result<Sought, Error> {
        let known = match self.fetch(sid).await {
            Ok(known) => known,
            Err(e) if e.is_not_found() => return Ok(Sought::Unknown),
            Err(e) => return Err(e),
        };
        Ok(match known.status {
            status @ (RecordingStatus::Absent
            | RecordingStatus::Deleted
            | RecordingStatus::Failed) => Sought::Never {
                status,
                error_code: known.error_code,
            },
            _ => Sought::NotYet,
        })
    }
}

/// The pauses between looks for something that is not there yet: each is twice the one before, up to the longest.
#[derive(Clone, Copy, Debug)]
pub struct Pauses {
    /// After the first look.
    pub first: Duration,
    /// None is longer.
    pub longest: Duration,
}

impl Pauses {
    /// The pause after so many looks, counted from 1.
    #[must_use]
    pub fn after(&self, looks: u32) -> Duration {
        let factor = 2u32.saturating_pow(looks.saturating_sub(1).min(16));
        self.first.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let pauses = Pauses {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(8),
        };
        let all = [0, 1, 2, 3, 5, 6, 1_000_000].map(|looks| pauses.after(looks).as_millis());
        assert_eq!(all, [500, 500, 1_000, 2_000, 8_000, 8_000, 8_000]);
    }
}
