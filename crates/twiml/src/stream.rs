//! Media Streams and recordings that run beside the call: `<Connect>`, `<Start>`, `<Stop>`.

use crate::element::element;
use crate::other::Other;
use crate::value::{Channels, Method, Private, RecordingEvent, StreamTrack, Track, Trim};
use crate::write::{Write, Writer};

element! {
    /// Connects the call both ways with a [`Stream`], and waits until that ends.
    Connect {
        /// The stream.
        pub stream: Stream,
    }
    attributes {
        /// Where to go on afterwards.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
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
            stream,
            ..Self::default()
        }
    }
}

impl Stream {
    /// A stream to that address.
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
        out.children("Connect", self, std::slice::from_ref(&self.stream));
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
