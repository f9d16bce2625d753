//! The verbs of a call that need no party but the caller.

use crate::element::element;
use crate::say::Say;
use crate::value::{Input, Method, Private, RecordingEvent, RejectReason, SpeechTimeout, Trim};
use crate::write::{Write, Writer};

element! {
    /// Plays a sound file. Its MIME type must match its bytes (else errors 11200 and 12300).
    Play {
        /// Where the file is. Empty when only `digits` are played.
        pub url: String,
    }
    attributes {
        /// How often it is played (1); 0 is for ever.
        set repeat: u32 = "loop",
        /// Keys to play; `w` is half a second of silence.
        into digits: Private = "digits",
    }
}

element! {
    /// Waits.
    Pause {}
    attributes {
        /// Seconds (1).
        set length: u32 = "length",
    }
}

element! {
    /// Listens for keys or words while it speaks. Without input the next verb runs.
    Gather {
        /// What is heard meanwhile; `timeout` begins after it.
        pub prompts: Vec<Prompt>,
    }
    attributes {
        /// Keys, words or both (dtmf).
        set input: Input = "input",
        /// Where the result goes (the current URL). Absolute in an inline document.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
        /// Seconds to wait for input (5).
        set timeout: u32 = "timeout",
        /// How many keys end it.
        set num_digits: u32 = "numDigits",
        /// The key that ends it (`#`); empty for none.
        into finish_on_key: String = "finishOnKey",
        /// The pause that ends what is said (as `timeout`).
        set speech_timeout: SpeechTimeout = "speechTimeout",
        /// Seconds of speech at most; Twilio stops at 60.
        set max_speech_time: u32 = "maxSpeechTime",
        /// The recogniser. Needs a `speechTimeout` in seconds.
        into speech_model: String = "speechModel",
        /// Words to expect, separated by commas: at most 500, of 100 characters each.
        into hints: String = "hints",
        /// The language (en-US).
        into language: String = "language",
        /// Whether swear words are masked (true).
        set profanity_filter: bool = "profanityFilter",
        /// Where partial results go.
        into partial_result_callback: String = "partialResultCallback",
        /// The method of that request (POST).
        set partial_result_callback_method: Method = "partialResultCallbackMethod",
        /// Whether `action` is requested without input as well (false).
        set action_on_empty_result: bool = "actionOnEmptyResult",
        /// Whether speaking stops the prompts.
        set barge_in: bool = "bargeIn",
        /// Whether the enhanced recogniser is used.
        set enhanced: bool = "enhanced",
    }
}

/// What may stand in a `<Gather>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// `<Say>`
    Say(Say),
    /// `<Play>`
    Play(Play),
    /// `<Pause>`
    Pause(Pause),
}

element! {
    /// Records the caller, in mono, until silence, a key or the limit; then `action` is requested. Verbs after it are not reached.
    ///
    /// Without `action` the current URL is requested again: a loop, if that answers the same document. To record a call while it goes on use
    /// [`crate::Start::recording`].
    Record {}
    attributes {
        /// Where the result goes (the current URL). Absolute in an inline document.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
        /// Seconds of silence that end it (5); 0 for never.
        set timeout: u32 = "timeout",
        /// The keys that end it (any).
        into finish_on_key: String = "finishOnKey",
        /// Seconds at most (3600; 120 when transcribing).
        set max_length: u32 = "maxLength",
        /// Whether a beep is heard before it (true).
        set play_beep: bool = "playBeep",
        /// Whether silence at both ends is cut (trim-silence).
        set trim: Trim = "trim",
        /// Where to say that the file can be fetched.
        into recording_status_callback: String = "recordingStatusCallback",
        /// The method of that request (POST).
        set recording_status_callback_method: Method = "recordingStatusCallbackMethod",
        /// When to say so (completed).
        into recording_status_callback_event: Vec<RecordingEvent> = "recordingStatusCallbackEvent",
        /// Whether Twilio transcribes it: en-US, 2 to 120 seconds (false).
        set transcribe: bool = "transcribe",
        /// Where the transcript goes.
        into transcribe_callback: String = "transcribeCallback",
        /// A recording configuration.
        into recording_configuration_id: String = "recordingConfigurationId",
    }
}

element! {
    /// Goes on with another document. Verbs after it are not reached.
    Redirect {
        /// The other document.
        pub url: String,
    }
    attributes {
        /// The request's method (POST).
        set method: Method = "method",
    }
}

element! {
    /// Refuses the call, which then costs nothing. Only as the first verb.
    Reject {}
    attributes {
        /// What the caller hears (rejected).
        set reason: RejectReason = "reason",
    }
}

element! {
    /// Ends the call.
    Hangup {}
    attributes {}
}

impl Play {
    /// Plays a file.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
}

impl Pause {
    /// Waits for a second.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for this many seconds.
    #[must_use]
    pub fn seconds(seconds: u32) -> Self {
        Self::default().length(seconds)
    }
}

impl Gather {
    /// Listens with Twilio's defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Speaks meanwhile.
    #[must_use]
    pub fn say(mut self, say: impl Into<Say>) -> Self {
        self.prompts.push(Prompt::Say(say.into()));
        self
    }

    /// Plays meanwhile.
    #[must_use]
    pub fn play(mut self, play: Play) -> Self {
        self.prompts.push(Prompt::Play(play));
        self
    }

    /// Is silent meanwhile.
    #[must_use]
    pub fn pause(mut self, pause: Pause) -> Self {
        self.prompts.push(Prompt::Pause(pause));
        self
    }
}

impl Record {
    /// Records with Twilio's defaults. Set `action`.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Redirect {
    /// Goes on there.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            ..Self::default()
        }
    }
}

impl Reject {
    /// Refuses as "not in service".
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Refuses with the busy tone.
    #[must_use]
    pub fn busy() -> Self {
        Self::default().reason(RejectReason::Busy)
    }
}

impl Hangup {
    /// Ends the call.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Write for Play {
    fn write(&self, out: &mut Writer) {
        out.text("Play", self, &self.url);
    }
}

impl Write for Pause {
    fn write(&self, out: &mut Writer) {
        out.leaf("Pause", self);
    }
}

impl Write for Gather {
    fn write(&self, out: &mut Writer) {
        out.children("Gather", self, &self.prompts);
    }
}

impl Write for Prompt {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Say(it) => it.write(out),
            Self::Play(it) => it.write(out),
            Self::Pause(it) => it.write(out),
        }
    }
}

impl Write for Record {
    fn write(&self, out: &mut Writer) {
        out.leaf("Record", self);
    }
}

impl Write for Redirect {
    fn write(&self, out: &mut Writer) {
        out.text("Redirect", self, &self.url);
    }
}

impl Write for Reject {
    fn write(&self, out: &mut Writer) {
        out.leaf("Reject", self);
    }
}

impl Write for Hangup {
    fn write(&self, out: &mut Writer) {
        out.leaf("Hangup", self);
    }
}
