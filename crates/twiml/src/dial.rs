//! `<Dial>` and whom it dials.

use crate::element::element;
use crate::other::Other;
use crate::stream::Parameter;
use crate::value::{
    CallEvent, DialRecord, MachineDetection, Method, Private, RecordingEvent, Track, Trim,
};
use crate::write::{Write, Writer};

element! {
    /// Connects the caller with others. Several nouns ring at once, at most ten; the first to answer wins.
    ///
    /// With `action` the verbs after it are not reached.
    Dial {
        /// Whom to dial. A number that stands as plain text in `<Dial>` is read as a [`Number`].
        pub nouns: Vec<Noun>,
    }
    attributes {
        /// Where the outcome goes.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
        /// Seconds it rings (30; 5 to 600). Twilio adds about five.
        set timeout: u32 = "timeout",
        /// Seconds the conversation may last (14400).
        set time_limit: u32 = "timeLimit",
        /// The number shown (the caller's): one of the call, an owned or a verified one.
        into caller_id: Private = "callerId",
        /// Whether the caller's leg is answered only when the other is (false). Only in the first verb.
        set answer_on_bridge: bool = "answerOnBridge",
        /// Whether the caller's `*` ends it (false).
        set hangup_on_star: bool = "hangupOnStar",
        /// What is recorded (do-not-record).
        set record: DialRecord = "record",
        /// Where to say that the recording can be fetched.
        into recording_status_callback: String = "recordingStatusCallback",
        /// The method of that request (POST).
        set recording_status_callback_method: Method = "recordingStatusCallbackMethod",
        /// When to say so (completed).
        into recording_status_callback_event: Vec<RecordingEvent> = "recordingStatusCallbackEvent",
        /// Whose sound is recorded (both).
        set recording_track: Track = "recordingTrack",
        /// Whether silence at both ends of the recording is cut (do-not-trim).
        set trim: Trim = "trim",
        /// The ringing tone, by country.
        into ring_tone: String = "ringTone",
        /// Whether the nouns are dialled one after the other.
        set sequential: bool = "sequential",
        /// Where a SIP REFER goes.
        into refer_url: String = "referUrl",
        /// The method of that request (POST).
        set refer_method: Method = "referMethod",
        /// A recording configuration.
        into recording_configuration_id: String = "recordingConfigurationId",
    }
}

/// Whom a `<Dial>` dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noun {
    /// A phone.
    Number(Number),
    /// A Voice SDK client.
    Client(Client),
    /// A SIP address.
    Sip(Sip),
    /// A conference, a queue, or whatever else has no type here.
    Other(Other),
}

element! {
    /// A phone.
    Number {
        /// Its number.
        pub number: Private,
    }
    attributes {
        /// Keys to press when it answers; `w` is half a second.
        into send_digits: Private = "sendDigits",
        /// TwiML for the one who answers, before both are connected.
        into url: String = "url",
        /// The request's method (POST).
        set method: Method = "method",
        /// Where the leg's progress goes.
        into status_callback: String = "statusCallback",
        /// The method of that request (POST).
        set status_callback_method: Method = "statusCallbackMethod",
        /// Which progress (completed).
        into status_callback_event: Vec<CallEvent> = "statusCallbackEvent",
        /// A trunk of one's own carrier.
        into byoc: String = "byoc",
        /// Whether to tell a person from a machine.
        set machine_detection: MachineDetection = "machineDetection",
        /// Seconds that may take (30).
        set machine_detection_timeout: u32 = "machineDetectionTimeout",
        /// Milliseconds of speech that make a machine (2400).
        set machine_detection_speech_threshold: u32 = "machineDetectionSpeechThreshold",
        /// Milliseconds of silence that end the greeting (1200).
        set machine_detection_speech_end_threshold: u32 = "machineDetectionSpeechEndThreshold",
        /// Milliseconds of silence at first that end the detection (5000).
        set machine_detection_silence_timeout: u32 = "machineDetectionSilenceTimeout",
        /// Where the result goes.
        into amd_status_callback: String = "amdStatusCallback",
        /// The method of that request (POST).
        set amd_status_callback_method: Method = "amdStatusCallbackMethod",
    }
}

element! {
    /// A Voice SDK client.
    Client {
        /// Its name.
        pub identity: Private,
        /// What it is told.
        pub parameters: Vec<Parameter>,
    }
    attributes {
        /// TwiML for the one who answers, before both are connected.
        into url: String = "url",
        /// The request's method (POST).
        set method: Method = "method",
        /// Where the leg's progress goes.
        into status_callback: String = "statusCallback",
        /// The method of that request (POST).
        set status_callback_method: Method = "statusCallbackMethod",
        /// Which progress (completed).
        into status_callback_event: Vec<CallEvent> = "statusCallbackEvent",
    }
}

element! {
    /// A SIP address.
    Sip {
        /// The address, `sip:alice@example.com`.
        pub uri: Private,
    }
    attributes {
        /// The name to log in with.
        into username: Private = "username",
        /// The password to log in with.
        into password: Private = "password",
        /// TwiML for the one who answers, before both are connected.
        into url: String = "url",
        /// The request's method (POST).
        set method: Method = "method",
        /// Where the leg's progress goes.
        into status_callback: String = "statusCallback",
        /// The method of that request (POST).
        set status_callback_method: Method = "statusCallbackMethod",
        /// Which progress (completed).
        into status_callback_event: Vec<CallEvent> = "statusCallbackEvent",
    }
}

impl Dial {
    /// Dials nobody yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Dials a phone.
    #[must_use]
    pub fn number(mut self, number: impl Into<Number>) -> Self {
        self.nouns.push(Noun::Number(number.into()));
        self
    }

    /// Dials a client.
    #[must_use]
    pub fn client(mut self, client: Client) -> Self {
        self.nouns.push(Noun::Client(client));
        self
    }

    /// Dials a SIP address.
    #[must_use]
    pub fn sip(mut self, sip: Sip) -> Self {
        self.nouns.push(Noun::Sip(sip));
        self
    }
}

impl Number {
    /// A phone.
    #[must_use]
    pub fn new(number: impl Into<Private>) -> Self {
        Self {
            number: number.into(),
            ..Self::default()
        }
    }
}

impl<T: Into<String>> From<T> for Number {
    fn from(number: T) -> Self {
        Self::new(number)
    }
}

impl Client {
    /// A client.
    #[must_use]
    pub fn new(identity: impl Into<Private>) -> Self {
        Self {
            identity: identity.into(),
            ..Self::default()
        }
    }

    /// Tells it something.
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Private>) -> Self {
        self.parameters.push(Parameter::new(name, value));
        self
    }
}

impl Sip {
    /// A SIP address.
    #[must_use]
    pub fn new(uri: impl Into<Private>) -> Self {
        Self {
            uri: uri.into(),
            ..Self::default()
        }
    }
}

impl Write for Dial {
    fn write(&self, out: &mut Writer) {
        out.children("Dial", self, &self.nouns);
    }
}

impl Write for Noun {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Number(it) => out.text("Number", it, &it.number),
            Self::Sip(it) => out.text("Sip", it, &it.uri),
            Self::Other(it) => it.write(out),
            Self::Client(it) if it.parameters.is_empty() => out.text("Client", it, &it.identity),
            Self::Client(it) => out.around("Client", it, false, |out| {
                out.text("Identity", &(), &it.identity);
                for parameter in &it.parameters {
                    parameter.write(out);
                }
            }),
        }
    }
}
