//! What Twilio says of a call.

use chrono::{DateTime, Utc};
use phone::Address;

use super::{Fields, Invalid, RecordingLink, TEXT_LIMIT, Text, webhook};
use crate::{AccountSid, AnsweredBy, CallSid, CallStatus, Direction, Params};

webhook! {
    /// What nearly every voice webhook says of its call.
    Call {
        /// `CallSid`; of the parent call, where there are two.
        one sid: CallSid,
        /// `AccountSid`: whose token signs the request.
        one account: AccountSid,
        /// `From`. Anonymous if it is missing.
        one from: Address,
        /// `To`. Anonymous if it is missing, which only happens in callbacks.
        one to: Address,
        /// `CallStatus`: `ringing` before an inbound call is answered.
        maybe status: CallStatus,
        /// `Direction`
        maybe direction: Direction,
        /// `ParentCallSid`
        maybe parent: CallSid,
        /// `ForwardedFrom`, if the carrier says so.
        maybe forwarded_from: Address,
        /// `CallerName`, if the number looks names up.
        maybe_text caller_name: Text,
        /// `StirVerstat`: how well the carrier vouches for the caller's number.
        maybe_text stir_verstat: Text,
        /// `FromCity` and so on.
        one from_place: Place,
        /// `ToCity` and so on.
        one to_place: Place,
    }
}

webhook! {
    /// Where a number is registered, not where the person is. Often blank.
    Place {
        /// The city, in capitals.
        maybe_text city: Text,
        /// The state or province.
        maybe_text state: Text,
        /// The postal code.
        maybe_text zip: Text,
        /// The country, in two letters.
        maybe_text country: Text,
    }
}

webhook! {
    /// A request for TwiML: an inbound call, an outbound one that was answered, or a redirect.
    VoiceRequest {
        /// The call.
        one call: Call,
        /// `CallStatus`
        one status: CallStatus,
        /// `AnsweredBy`, if a machine was looked for.
        maybe answered_by: AnsweredBy,
        /// `ErrorCode`, if this is the fallback URL.
        maybe_copy error_code: u32,
        /// `ErrorUrl`, if this is the fallback URL.
        maybe_text error_url: Text,
    }
}

webhook! {
    /// A callback about the progress or the end of a call. May come late, twice and out of order: see [`CallStatus::rank`].
    CallStatusCallback {
        /// The call.
        one call: Call,
        /// `CallStatus`: `in-progress` for the event `answered`, any of the final states for `completed`.
        one status: CallStatus,
        /// `CallDuration`, in seconds; when it is over. (`Duration` is in minutes.)
        maybe_copy duration_s: u32,
        /// `SipResponseCode`: 404 for unreachable, 487 for not answered.
        maybe_copy sip_response_code: u32,
        /// `AnsweredBy`
        maybe answered_by: AnsweredBy,
        /// The recording, if the call was placed with `Record=true`.
        maybe recording: RecordingLink,
        /// `Timestamp`
        maybe_copy timestamp: DateTime<Utc>,
        /// `SequenceNumber`, from 0. Missing in the callback of a number.
        maybe_copy sequence_number: u32,
        /// `CallbackSource`
        maybe_text source: Text,
    }
}

webhook! {
    /// Who answered, found out while the call went on (`AsyncAmd`). Says nothing about `From` and `To`.
    AmdStatus {
        /// `CallSid`
        one call_sid: CallSid,
        /// `AccountSid`
        one account_sid: AccountSid,
        /// `AnsweredBy`
        one answered_by: AnsweredBy,
        /// `MachineDetectionDuration`
        maybe_copy duration_ms: u32,
    }
}

impl Call {
    /// Reads what is said of the call.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid` and `AccountSid`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            sid: fields.required("CallSid")?,
            account: fields.required("AccountSid")?,
            from: fields.address("From"),
            to: fields.address("To"),
            status: fields.lenient("CallStatus"),
            direction: fields.lenient("Direction"),
            parent: fields.lenient("ParentCallSid"),
            forwarded_from: fields.lenient("ForwardedFrom"),
            caller_name: fields.words("CallerName"),
            stir_verstat: fields.words("StirVerstat"),
            from_place: Place::parse(fields, ["FromCity", "FromState", "FromZip", "FromCountry"]),
            to_place: Place::parse(fields, ["ToCity", "ToState", "ToZip", "ToCountry"]),
        })
    }
}

impl Place {
    pub(super) fn parse(fields: Fields<'_>, names: [&str; 4]) -> Self {
        let [city, state, zip, country] = names;
        Self {
            city: fields.words(city),
            state: fields.words(state),
            zip: fields.words(zip),
            country: fields.words(country),
        }
    }
}

impl VoiceRequest {
    /// Reads a request for TwiML.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid`, `AccountSid`, `To` and `CallStatus`. `From` may be anything.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        let call = Call::parse(params)?;
        fields.required::<Address>("To")?;
        Ok(Self {
            status: fields.required("CallStatus")?,
            answered_by: fields.lenient("AnsweredBy"),
            error_code: fields.lenient("ErrorCode"),
            error_url: fields.text("ErrorUrl", TEXT_LIMIT),
            call,
        })
    }
}

impl CallStatusCallback {
    /// Reads a callback.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid`, `AccountSid` and `CallStatus`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            call: Call::parse(params)?,
            status: fields.required("CallStatus")?,
            duration_s: fields.lenient("CallDuration"),
            sip_response_code: fields.lenient("SipResponseCode"),
            answered_by: fields.lenient("AnsweredBy"),
            recording: RecordingLink::parse(fields)?,
            timestamp: fields.lenient("Timestamp"),
            sequence_number: fields.lenient("SequenceNumber"),
            source: fields.words("CallbackSource"),
        })
    }

    /// The same for a callback and its repetition: the call, with Twilio's number for the event or else the status.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        match self.sequence_number {
            Some(number) => format!("{}:{number}", self.call.sid()),
            None => format!("{}:{}", self.call.sid(), self.status),
        }
    }
}

impl AmdStatus {
    /// Reads a callback.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `CallSid`, `AccountSid` and `AnsweredBy`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        Ok(Self {
            call_sid: fields.required("CallSid")?,
            account_sid: fields.required("AccountSid")?,
            answered_by: fields.required("AnsweredBy")?,
            duration_ms: fields.lenient("MachineDetectionDuration"),
        })
    }
}
