//! Media Streams, ConversationRelay, and recordings that run beside the call: `<Connect>`, `<Start>`, `<Stop>`.

use crate::element::element;
use crate::other::Other;
use crate::value::{Channels, Method, Private, RecordingEvent, StreamTrack, Track, Trim};
use crate::write::{Write, Writer};

element! {
    /// Connects the call both ways with a socket of ours, and waits until that ends.
    Connect {
        /// What it is connected with.
        pub with: Connected,
    }
    attributes {
        /// Where to go on afterwards.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
    }
}

/// What a `<Connect>` connects with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connected {
    /// A socket that carries the call's sound.
    Stream(Stream),
    /// A socket that carries its words: Twilio hears and speaks.
    ConversationRelay(Box<ConversationRelay>),
}

impl Default for Connected {
    fn default() -> Self {
        Self::Stream(Stream::default())
    }
}

element! {
    /// A WebSocket that carries the call's words: Twilio hears and speaks.
    ConversationRelay {
        /// Languages beside the first.
        pub languages: Vec<Language>,
        /// What the socket is told in its `setup` message.
        pub parameters: Vec<Parameter>,
    }
    attributes {
        /// The socket's address: `wss` only.
        into url: String = "url",
        /// What is said before anything else.
        into welcome_greeting: Private = "welcomeGreeting",
        /// Whether speech stops the greeting.
        into welcome_greeting_interruptible: String = "welcomeGreetingInterruptible",
        /// What is heard and spoken, BCP 47.
        into language: String = "language",
        /// What is spoken, where that is another.
        into tts_language: String = "ttsLanguage",
        /// What is heard, where that is another.
        into transcription_language: String = "transcriptionLanguage",
        /// Who speaks.
        into tts_provider: String = "ttsProvider",
        /// In which voice.
        into voice: String = "voice",
        /// Who hears.
        into transcription_provider: String = "transcriptionProvider",
        /// With which model.
        into speech_model: String = "speechModel",
        /// What stops what is being said: `none`, `dtmf`, `speech` or `any`.
        into interruptible: String = "interruptible",
        /// How readily.
        into interrupt_sensitivity: String = "interruptSensitivity",
        /// Whether what is being said gives way to what comes next.
        set preemptible: bool = "preemptible",
        /// Whether keys are told.
        set dtmf_detection: bool = "dtmfDetection",
        /// What is told of what callers do while we speak (none).
        into report_input_during_agent_speech: String = "reportInputDuringAgentSpeech",
        /// Whether words are told before an utterance is over.
        set partial_prompts: bool = "partialPrompts",
        /// Whether profanity is left out.
        set profanity_filter: bool = "profanityFilter",
        /// Words that are likely.
        into hints: String = "hints",
        /// Which messages are told for looking at.
        into debug: String = "debug",
    }
}

element! {
    /// A language of a [`ConversationRelay`].
    Language {}
    attributes {
        /// BCP 47.
        into code: String = "code",
        /// Who speaks.
        into tts_provider: String = "ttsProvider",
        /// In which voice.
        into voice: String = "voice",
        /// Who hears.
        into transcription_provider: String = "transcriptionProvider",
        /// With which model.
        into speech_model: String = "speechModel",
    }
}

element! {
    /// A WebSocket that carries the call's sound.
    Stream {
        /// What the socket is told in its `start` message. A name and its value have less than 500 characters together.
        pub parameters: Vec<Parameter>,
    }
    attributes {
        /// The socket's address: `wss` only, and a query string does not arrive.
        into url: String = "url",
        /// A name to stop it by.
        into name: String = "name",
        /// Whose sound (inbound_track).
        set track: StreamTrack = "track",
        /// Where its start, stop and errors go; absolute.
        into status_callback: String = "statusCallback",
        /// The method of that request (POST).
        set status_callback_method: Method = "statusCallbackMethod",
    }
}

element! {
    /// A name and a value that a stream or a client is told.
    Parameter {}
    attributes {
        /// The name.
        into name: String = "name",
        /// The value.
        into value: Private = "value",
    }
}

element! {
    /// Starts something beside the call, and goes on at once; it runs on across documents. When no verb follows the call ends.
    Start {
        /// What is started.
        pub started: Vec<Started>,
    }
    attributes {
        /// Listed in the schema; without use for streams and recordings.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
    }
}

/// What a `<Start>` starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A one-way stream; a call may have four tracks.
    Stream(Stream),
    /// A recording.
    Recording(Recording),
    /// Something that has no type here.
    Other(Other),
}

element! {
    /// A recording of the call while it goes on.
    Recording {}
    attributes {
        /// A name to stop it by.
        into name: String = "name",
        /// Where to say that the file can be fetched; write it absolute.
        into recording_status_callback: String = "recordingStatusCallback",
        /// The method of that request (POST).
        set recording_status_callback_method: Method = "recordingStatusCallbackMethod",
        /// When to say so (completed).
        into recording_status_callback_event: Vec<RecordingEvent> = "recordingStatusCallbackEvent",
        /// Whether silence at both ends is cut (trim-silence).
        set trim: Trim = "trim",
        /// Whose sound (both).
        set track: Track = "track",
        /// One channel or two (dual).
        set channels: Channels = "channels",
        /// A recording configuration.
        into recording_configuration_id: String = "recordingConfigurationId",
    }
}

element! {
    /// Stops what `<Start>` started.
    Stop {
        /// What is stopped; only the `name` counts.
        pub stopped: Vec<Stopped>,
    }
    attributes {}
}

/// What a `<Stop>` stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// A stream.
    Stream(Stream),
    /// A recording.
    Recording(Recording),
    /// Something that has no type here.
    Other(Other),
}

impl Connect {
    /// Connects with a stream.
    #[must_use]
    pub fn new(stream: Stream) -> Self {
        Self {
            with: Connected::Stream(stream),
            ..Self::default()
        }
    }

    /// Connects with a conversation that Twilio hears and speaks.
    #[must_use]
    pub fn relay(relay: ConversationRelay) -> Self {
        Self {
            with: Connected::ConversationRelay(Box::new(relay)),
            ..Self::default()
        }
    }
}

/// How the nouns are built that open a socket of ours.
macro_rules! socket {
    ($($noun:ident),+) => {$(
        impl $noun {
            /// Over a socket of that address.
            #[must_use]
            pub fn new(url: impl Into<String>) -> Self {
                Self::default().url(url)
            }

            /// Tells the socket something.
            #[must_use]
            pub fn parameter(mut self, name: impl Into<String>, value: impl Into<Private>) -> Self {
                self.parameters.push(Parameter::new(name, value));
                self
            }
        }
    )+};
}

socket!(Stream, ConversationRelay);

impl Parameter {
    /// A name and a value.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<Private>) -> Self {
        Self::default().name(name).value(value)
    }
}

impl Start {
    /// Starts a one-way stream.
    #[must_use]
    pub fn stream(stream: Stream) -> Self {
        Self {
            started: vec![Started::Stream(stream)],
            ..Self::default()
        }
    }

    /// Starts the one recording of a whole call: each party on a channel of its own, uncut, so that it lines up with others of the
    /// same call. What becomes of it is told at `/recording/status` of that public address, which is written whole since Twilio has
    /// been seen to refuse relative ones there; the fragment has Twilio ask again where the platform is away for a moment. Put it
    /// after what callers must be told, and before the verb that the call goes on with. A second recording beside it would be one too
    /// many.
    #[must_use]
    pub fn call_recording(public_url: &str) -> Self {
        Self::recording(
            Recording::new()
                .channels(Channels::Dual)
                .trim(Trim::DoNotTrim)
                .recording_status_callback(Self::recording_status(public_url))
                .recording_status_callback_event(vec![
                    RecordingEvent::InProgress,
                    RecordingEvent::Completed,
                    RecordingEvent::Absent,
                ]),
        )
    }

    /// Where Twilio tells what becomes of the recording of a whole call, however it was begun.
    #[must_use]
    pub fn recording_status(public_url: &str) -> String {
        format!("{public_url}/recording/status#rc=3&rp=5xx,ct,rt")
    }

    /// Starts a recording.
    #[must_use]
    pub fn recording(recording: Recording) -> Self {
        Self {
            started: vec![Started::Recording(recording)],
            ..Self::default()
        }
    }
}

impl Recording {
    /// A recording with Twilio's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Stop {
    /// Stops the stream of that name.
    #[must_use]
    pub fn stream(name: impl Into<String>) -> Self {
        Self {
            stopped: vec![Stopped::Stream(Stream::default().name(name))],
            ..Self::default()
        }
    }

    /// Stops the recording of that name.
    #[must_use]
    pub fn recording(name: impl Into<String>) -> Self {
        Self {
            stopped: vec![Stopped::Recording(Recording::default().name(name))],
            ..Self::default()
        }
    }
}

impl Write for Connect {
    fn write(&self, out: &mut Writer) {
        out.children("Connect", self, std::slice::from_ref(&self.with));
    }
}

impl Write for Connected {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Stream(it) => it.write(out),
            Self::ConversationRelay(it) => it.write(out),
        }
    }
}

impl Write for ConversationRelay {
    fn write(&self, out: &mut Writer) {
        let languages = self.languages.iter().map(Inside::Language);
        let parameters = self.parameters.iter().map(Inside::Parameter);
        let inside: Vec<_> = languages.chain(parameters).collect();
        out.children("ConversationRelay", self, &inside);
    }
}

/// What stands in a `<ConversationRelay>`.
enum Inside<'a> {
    Language(&'a Language),
    Parameter(&'a Parameter),
}

impl Write for Inside<'_> {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Language(it) => out.leaf("Language", *it),
            Self::Parameter(it) => it.write(out),
        }
    }
}

impl Write for Stream {
    fn write(&self, out: &mut Writer) {
        out.children("Stream", self, &self.parameters);
    }
}

impl Write for Parameter {
    fn write(&self, out: &mut Writer) {
        out.leaf("Parameter", self);
    }
}

impl Write for Start {
    fn write(&self, out: &mut Writer) {
        out.children("Start", self, &self.started);
    }
}

impl Write for Started {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Stream(it) => it.write(out),
            Self::Recording(it) => out.leaf("Recording", it),
            Self::Other(it) => it.write(out),
        }
    }
}

impl Write for Stop {
    fn write(&self, out: &mut Writer) {
        out.children("Stop", self, &self.stopped);
    }
}

impl Write for Stopped {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Stream(it) => it.write(out),
            Self::Recording(it) => out.leaf("Recording", it),
            Self::Other(it) => it.write(out),
        }
    }
}
