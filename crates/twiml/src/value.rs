//! What may stand in an attribute, and text that must not reach a log.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

/// A value of an attribute, as text and back.
pub(crate) trait Value: Sized {
    fn write(&self) -> Cow<'_, str>;
    /// `None` when the text is not such a value; the attribute is then kept among the extra ones.
    fn read(text: &str) -> Option<Self>;
}

/// Text that belongs to the people on the line: words, numbers, passwords. `Debug` shows its length only.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Private(String);

impl Private {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn push(&mut self, more: &str) {
        self.0.push_str(more);
    }
}

impl Deref for Private {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<T: Into<String>> From<T> for Private {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl PartialEq<str> for Private {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Private {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl fmt::Debug for Private {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} characters]", self.0.chars().count())
    }
}

impl Value for Private {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

impl Value for String {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(self)
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl Value for u32 {
    fn write(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }

    fn read(text: &str) -> Option<Self> {
        // Digits only: `u32::from_str` would also take a plus sign.
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then_some(text)?
            .parse()
            .ok()
    }
}

impl Value for bool {
    fn write(&self) -> Cow<'_, str> {
        Cow::Borrowed(if *self { "true" } else { "false" })
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }
}

/// A closed set of words. `|` gives a second spelling that is read, never written.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal $( | $alias:literal )*, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $( $(#[$doc])* $variant, )+ }

        impl $name {
            /// Every value there is.
            pub const ALL: &'static [Self] = &[ $( Self::$variant, )+ ];

            /// The word that stands in TwiML.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word, )+ }
            }

            /// The value of a word, if it is one of them.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $( $word $( | $alias )* => Some(Self::$variant), )+ _ => None }
            }
        }

        impl $crate::value::Value for $name {
            fn write(&self) -> ::std::borrow::Cow<'_, str> {
                ::std::borrow::Cow::Borrowed(self.as_str())
            }

            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How Twilio makes the request.
    Method {
        /// Parameters in the query string.
        Get = "GET",
        /// Parameters in a form; the default everywhere.
        Post = "POST",
    }
}

words! {
    /// What a `<Gather>` listens for.
    Input {
        /// Keys; the default.
        Dtmf = "dtmf",
        /// Words.
        Speech = "speech",
        /// Both.
        DtmfSpeech = "dtmf speech" | "speech dtmf",
    }
}

words! {
    /// Whether silence at both ends of a recording is cut.
    Trim {
        /// Cut; the default of `<Record>` and `<Start><Recording>`.
        TrimSilence = "trim-silence",
        /// Keep; the default of `<Dial record>`.
        DoNotTrim = "do-not-trim",
    }
}

words! {
    /// What of a dialled call is recorded. Dual: channel 1 is the parent call, channel 2 the child.
    DialRecord {
        /// Nothing; the default.
        DoNotRecord = "do-not-record" | "false",
        /// One channel, from the answer on.
        FromAnswer = "record-from-answer" | "true",
        /// One channel, with the ringing.
        FromRinging = "record-from-ringing",
        /// Two channels, from the answer on.
        FromAnswerDual = "record-from-answer-dual",
        /// Two channels, with the ringing.
        FromRingingDual = "record-from-ringing-dual",
    }
}

words! {
    /// Whose sound is recorded.
    Track {
        /// What Twilio hears.
        Inbound = "inbound",
        /// What Twilio plays.
        Outbound = "outbound",
        /// Both; the default.
        Both = "both",
    }
}

words! {
    /// Whose sound a stream carries.
    StreamTrack {
        /// What Twilio hears; the default, and all that `<Connect>` allows (else error 31941).
        Inbound = "inbound_track",
        /// What Twilio plays.
        Outbound = "outbound_track",
        /// Both.
        Both = "both_tracks",
    }
}

words! {
    /// Channels of a `<Start><Recording>`.
    Channels {
        /// Both sides mixed.
        Mono = "mono",
        /// One side a channel; the default.
        Dual = "dual",
    }
}

words! {
    /// What a recording status callback is asked for. `failed` is no such word.
    RecordingEvent {
        /// The recording began.
        InProgress = "in-progress",
        /// The file can be fetched; the default.
        Completed = "completed",
        /// There was nothing to record.
        Absent = "absent",
    }
}

words! {
    /// What a status callback of a dialled leg is asked for.
    CallEvent {
        /// Twilio began to dial.
        Initiated = "initiated",
        /// It rings.
        Ringing = "ringing",
        /// It was picked up; arrives with `CallStatus=in-progress`.
        Answered = "answered",
        /// It is over, in whichever way; the default.
        Completed = "completed",
    }
}

words! {
    /// What a rejected caller hears.
    RejectReason {
        /// "Not in service"; the default.
        Rejected = "rejected",
        /// The busy tone.
        Busy = "busy",
    }
}

words! {
    /// Whether to tell a person from a machine, and when to say so.
    MachineDetection {
        /// As soon as it is known.
        Enable = "Enable",
        /// After the machine's greeting.
        DetectMessageEnd = "DetectMessageEnd",
    }
}

/// How long a pause ends what is being said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpeechTimeout {
    /// Twilio decides. Not with a `speechModel`.
    Auto,
    /// This many seconds.
    Seconds(u32),
}

impl Value for SpeechTimeout {
    fn write(&self) -> Cow<'_, str> {
        match self {
            Self::Auto => Cow::Borrowed("auto"),
            Self::Seconds(seconds) => Cow::Owned(seconds.to_string()),
        }
    }

    fn read(text: &str) -> Option<Self> {
        match text {
            "auto" => Some(Self::Auto),
            _ => u32::read(text).map(Self::Seconds),
        }
    }
}

/// Lists are separated by spaces; commas are a common mistake that Twilio does not understand.
impl<T: Value> Value for Vec<T> {
    fn write(&self) -> Cow<'_, str> {
        let words: Vec<_> = self.iter().map(Value::write).collect();
        Cow::Owned(words.join(" "))
    }

    fn read(text: &str) -> Option<Self> {
        text.split_ascii_whitespace().map(T::read).collect()
    }
}
