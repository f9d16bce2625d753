//! The requests for an `action` URL: what came of a verb. Each asks for TwiML.

use url::Url;

use super::{Call, Fields, Invalid, RecordingLink, TEXT_LIMIT, Text, webhook};
use crate::{CallSid, DialCallStatus, Params, RecordingSid};

webhook! {
    /// How a `<Dial>` ended.
    DialResult {
        /// The caller's call.
        one call: Call,
        /// `DialCallStatus`. A phone that was picked up says `completed`, not `answered`.
        one status: DialCallStatus,
        /// `DialCallSid`: the call that was made. Missing after a conference.
        maybe dialled: CallSid,
        /// `DialCallDuration`, in seconds.
        maybe_copy duration_s: u32,
        /// `DialBridged`: whether both were connected.
        maybe_copy bridged: bool,
        /// `RecordingUrl`, with `<Dial record>`. The file may not be there yet.
        maybe recording_url: Url,
    }
}

webhook! {
    /// What a `<Gather>` heard.
    GatherResult {
        /// The call.
        one call: Call,
        /// `Digits`, if any were pressed.
        maybe_text digits: Text,
        /// `SpeechResult`, if anything was understood.
        maybe_text speech: Text,
        /// `Confidence`, from 0 to 1.
        maybe_copy confidence: f64,
        /// `Language`
        maybe_text language: Text,
        /// `FinishedOnKey`
        maybe_text finished_on_key: Text,
    }
}

webhook! {
    /// What a `<Record>` recorded. The file may not be there yet: wait for the recording's own callback.
    RecordResult {
        /// The call.
        one call: Call,
        /// `RecordingUrl`, without an extension. Missing when nothing was recorded.
        maybe recording_url: Url,
        /// `RecordingSid`, which is not documented, or the one in the URL.
        maybe recording_sid: RecordingSid,
        /// `RecordingDuration`, in seconds, before silence is cut.
        maybe_copy duration_s: u32,
        /// `Digits`: the key that ended it, or `hangup`.
        maybe_text digits: Text,
    }
}

impl DialResult {
    /// Reads a result.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid`, `AccountSid` and `DialCallStatus`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            call: Call::parse(params)?,
            status: fields.required("DialCallStatus")?,
            dialled: fields.lenient("DialCallSid"),
            duration_s: fields.lenient("DialCallDuration"),
            bridged: fields.lenient("DialBridged"),
            recording_url: fields.lenient("RecordingUrl"),
        })
    }

    /// Whether nobody spoke with the caller. A voicemail counts as a person.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.status.is_missed(self.bridged)
    }
}

impl GatherResult {
    /// Reads a result, which may be that nothing was heard.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid` and `AccountSid`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            call: Call::parse(params)?,
            digits: fields.words("Digits"),
            speech: fields.words("SpeechResult"),
            confidence: fields.lenient("Confidence"),
            language: fields.words("Language"),
            finished_on_key: fields.text("FinishedOnKey", TEXT_LIMIT),
        })
    }
}

impl RecordResult {
    /// Reads a result, which may be that nothing was recorded: a live call does not end for that.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid` and `AccountSid`, and with a `RecordingUrl` that is no URL.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        let recording = RecordingLink::parse(fields)?;
        let sid = match &recording {
            Some(recording) => recording.sid().cloned(),
            None => fields.lenient("RecordingSid"),
        };
        Ok(Self {
            call: Call::parse(params)?,
            recording_url: recording.map(|recording| recording.url().clone()),
            recording_sid: sid,
            duration_s: fields.lenient("RecordingDuration"),
            digits: fields.words("Digits"),
        })
    }

    /// Whether the caller hung up: what is answered then has no effect.
    #[must_use]
    pub fn is_hangup(&self) -> bool {
        self.digits() == Some("hangup")
    }
}
