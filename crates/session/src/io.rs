//! What goes in, and what comes out.

use crate::{Frame, TurnTiming};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input<'a> {
    /// The stream began: from now on something can be sent.
    Started,
    /// Sound of the caller, in mu-law at 8 kHz; any length. `timestamp_ms` is its place on the line where that is known.
    Media {
        /// Milliseconds since the stream's start.
        timestamp_ms: Option<u64>,
        /// The sound.
        payload: &'a [u8],
    },
    /// A mark came back.
    Mark(&'a str),
    /// The caller pressed a key.
    Digit(char),
    /// The stream is over: the caller hung up, or the other side went away.
    Stopped,
    /// The words of an utterance; empty when none were found.
    Transcript {
        /// Of [`Output::Transcribe`].
        utterance: u64,
        /// The words.
        text: String,
    },
    /// What is to be said. Lines that come with `then: None` are followed by more of the same turn.
    Decision {
        /// Of [`Output::Ask`].
        turn: u64,
        /// In order; each is spoken by itself.
        lines: Vec<String>,
        /// What follows when they were heard.
        then: Option<Then>,
    },
    /// There will be no decision.
    Undecided {
        /// Of [`Output::Ask`].
        turn: u64,
    },
    /// A piece of a line's sound, in mu-law at 8 kHz.
    Speech {
        /// Of [`Output::Speak`].
        line: u64,
        /// The sound.
        chunk: &'a [u8],
        /// Whether it is the last piece.
        last: bool,
    },
    /// A line cannot be spoken.
    Speechless {
        /// Of [`Output::Speak`].
        line: u64,
    },
    /// What the caller said, where the other side hears.
    Words(&'a str),
    /// The caller has interrupted, where the other side speaks: so much of what was being said was heard.
    Interrupted(&'a str),
    /// Time has passed.
    Tick,
}

/// What follows when the lines of a decision were heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// The caller is listened to.
    Listen {
        /// After so many milliseconds without a word, silence is the answer.
        silence_ms: u64,
        /// So many milliseconds of silence end an utterance.
        hangover_ms: u64,
    },
    /// The session ends; nothing interrupts the last words.
    End(EndReason),
}

/// What the caller did.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Heard {
    /// Came on the line.
    Begin,
    /// Said this; empty when it was not understood.
    Words(String),
    /// Pressed this.
    Digits(String),
    /// Said nothing.
    Silence,
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EndReason {
    /// The last words were said, and the call is to be hung up.
    Goodbye,
    /// The last words were said, and the call goes on elsewhere.
    Transfer,
    /// The caller hung up, or the stream ended.
    Stopped,
    /// The process that holds it is stopped: it goes on in another.
    Moved,
    /// The stream never began.
    NoStart,
    /// No frame came any more.
    NoMedia,
    /// Nobody said how it goes on.
    NoDecision,
    /// Nobody could speak.
    NoVoice,
    /// The call has lasted as long as it may.
    TimeUp,
}

impl EndReason {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Goodbye,
        Self::Transfer,
        Self::Stopped,
        Self::Moved,
        Self::NoStart,
        Self::NoMedia,
        Self::NoDecision,
        Self::NoVoice,
        Self::TimeUp,
    ];

    /// As events and metrics say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Goodbye => "goodbye",
            Self::Transfer => "transfer",
            Self::Stopped => "stopped",
            Self::Moved => "moved",
            Self::NoStart => "no_start",
            Self::NoMedia => "no_media",
            Self::NoDecision => "no_decision",
            Self::NoVoice => "no_voice",
            Self::TimeUp => "time_up",
        }
    }
}

/// What the caller says, while it is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Voice {
    /// More of it, in mu-law at 8 kHz. It begins with what came right before the first word.
    Sound(Vec<u8>),
    /// It has ended: an [`Output::Transcribe`] has it whole.
    Ended {
        /// Of that output.
        utterance: u64,
        /// The caller had only taken a breath: the utterance before belongs to it, and its sound comes first there.
        joins: bool,
    },
    /// Its words are not wanted.
    Dropped,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Output {
    /// Send this frame.
    Frame(Frame),
    /// Send this mark.
    Mark(String),
    /// Drop what was sent and has not been played.
    Clear,
    /// Find the words in this sound (mu-law, 8 kHz).
    Transcribe {
        /// Names it in [`Input::Transcript`].
        utterance: u64,
        /// The sound.
        sound: Vec<u8>,
    },
    /// Say how it goes on.
    Ask {
        /// Names it in [`Input::Decision`].
        turn: u64,
        /// What the caller did.
        heard: Heard,
    },
    /// Speak this line.
    Speak {
        /// Names it in [`Input::Speech`].
        line: u64,
        /// Its words.
        text: String,
    },
    /// Say this, where the other side speaks.
    Text {
        /// Its words.
        text: String,
        /// Whether the reply ends with it.
        last: bool,
        /// Whether the caller may interrupt it.
        interruptible: bool,
    },
    /// The caller has interrupted before the turn's decision was complete: what is still to come of it is not wanted.
    Interrupted {
        /// Of [`Output::Ask`].
        turn: u64,
    },
    /// This much of a line was heard: all of it, or what was played until it was cut off.
    Said {
        /// The turn that it answers.
        turn: u64,
        /// What was heard of it.
        text: String,
        /// Whether it was cut off.
        cut: bool,
    },
    /// One step of both sides, to be recorded.
    Record {
        /// From 0; each comes once, in order.
        step: u64,
        /// The caller.
        caller: Frame,
        /// We.
        ours: Frame,
    },
    /// A turn is over; how long its parts took.
    Turn(TurnTiming),
    /// The session is over; nothing more comes.
    End(EndReason),
}
