//! What Twilio says of a recording.

use chrono::{DateTime, Utc};
use url::Url;

use super::{Fields, Invalid, Text, webhook};
use crate::request::Field;
use crate::{AccountSid, CallSid, ConferenceSid, Params, RecordingSid, RecordingStatus};

webhook! {
    /// A recording, as it is mentioned in other webhooks.
    RecordingLink {
        /// `RecordingUrl`, without an extension.
        one url: Url,
        /// `RecordingSid`, or the one in the URL.
        maybe sid: RecordingSid,
        /// `RecordingDuration`, in seconds.
        maybe_copy duration_s: u32,
    }
}

webhook! {
    /// A callback about a recording. It says nothing about `From` and `To`: correlate by the call.
    RecordingStatusCallback {
        /// `AccountSid`
        one account_sid: AccountSid,
        /// `CallSid`, of the parent call.
        one call_sid: CallSid,
        /// `RecordingSid`
        one recording_sid: RecordingSid,
        /// `RecordingStatus`
        one status: RecordingStatus,
        /// `RecordingUrl`, without an extension.
        maybe url: Url,
        /// `RecordingDuration`, in seconds; only when it is completed.
        maybe_copy duration_s: u32,
        /// `RecordingChannels`: 1 or 2.
        maybe_copy channels: u32,
        /// `RecordingStartTime`
        maybe_copy started_at: DateTime<Utc>,
        /// `RecordingSource`, an open set: `DialVerb`, `RecordVerb`, `OutboundAPI`, `StartCallRecordingAPI` and others.
        maybe_text source: Text,
        /// `RecordingTrack`: `inbound`, `outbound` or `both`.
        maybe_text track: Text,
        /// `ConferenceSid`, of a conference's recording.
        maybe conference_sid: ConferenceSid,
        /// `ErrorCode`, perhaps, when it is absent.
        maybe_copy error_code: u32,
    }
}

impl RecordingLink {
    pub(super) fn parse(fields: Fields<'_>) -> Result<Option<Self>, Invalid> {
        let Some(url) = fields.optional::<Url>("RecordingUrl")? else {
            return Ok(None);
        };
        let sid = fields.lenient("RecordingSid");
        Ok(Some(Self {
            sid: sid.or_else(|| sid_of(&url)),
            url,
            duration_s: fields.lenient("RecordingDuration"),
        }))
    }
}

/// The last segment of the URL's path, without an extension.
fn sid_of(url: &Url) -> Option<RecordingSid> {
    let last = url.path_segments()?.next_back()?;
    RecordingSid::read(last.split_once('.').map_or(last, |(sid, _)| sid))
}

impl RecordingStatusCallback {
    /// Reads a callback.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `AccountSid`, `CallSid`, `RecordingSid` and `RecordingStatus`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            account_sid: fields.required("AccountSid")?,
            call_sid: fields.required("CallSid")?,
            recording_sid: fields.required("RecordingSid")?,
            status: fields.required("RecordingStatus")?,
            url: fields.optional("RecordingUrl")?,
            duration_s: fields.lenient("RecordingDuration"),
            channels: fields.lenient("RecordingChannels"),
            started_at: fields.lenient("RecordingStartTime"),
            source: fields.words("RecordingSource"),
            track: fields.words("RecordingTrack"),
            conference_sid: fields.lenient("ConferenceSid"),
            error_code: fields.lenient("ErrorCode"),
        })
    }

    /// The same for a callback and its repetition.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        format!("{}:{}", self.recording_sid, self.status)
    }
}
