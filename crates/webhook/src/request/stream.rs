//! What Twilio says of a media stream.

use chrono::{DateTime, Utc};

use super::{Fields, Invalid, Text, webhook};
use crate::{AccountSid, CallSid, Params, StreamEvent, StreamSid};

webhook! {
    /// A callback about a media stream.
    StreamStatusCallback {
        /// `AccountSid`
        one account_sid: AccountSid,
        /// `CallSid`
        one call_sid: CallSid,
        /// `StreamSid`
        one stream_sid: StreamSid,
        /// `StreamEvent`
        one event: StreamEvent,
        /// `StreamName`; the identifier if it was given none.
        maybe_text name: Text,
        /// `StreamError`
        maybe_text error: Text,
        /// `Timestamp`
        maybe_copy timestamp: DateTime<Utc>,
    }
}

impl StreamStatusCallback {
    /// Reads a callback.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `AccountSid`, `CallSid`, `StreamSid` and `StreamEvent`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            account_sid: fields.required("AccountSid")?,
            call_sid: fields.required("CallSid")?,
            stream_sid: fields.required("StreamSid")?,
            event: fields.required("StreamEvent")?,
            name: fields.words("StreamName"),
            error: fields.words("StreamError"),
            timestamp: fields.lenient("Timestamp"),
        })
    }
}
