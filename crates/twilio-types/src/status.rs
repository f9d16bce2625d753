//! Twilio's words for states, kept open: a word that is not known yet is kept as [`Other`](CallStatus::Other), never refused.

/// Whether it is this word, however it is spelled: libraries and other platforms write `NO_ANSWER` for `no-answer`.
fn is_same(known: &str, word: &str) -> bool {
    let plain = |byte: u8| match byte {
        b'_' => b'-',
        other => other.to_ascii_lowercase(),
    };
    known.len() == word.len() && known.bytes().map(plain).eq(word.bytes().map(plain))
}

/// An enum of words with `Other` for the rest.
macro_rules! words {
    (
        $(#[$meta:meta])*
        $name:ident { $( $(#[$doc:meta])* $variant:ident = $word:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $( $(#[$doc])* $variant, )+
            /// A word that is not known, as it came.
            Other(String),
        }

        impl $name {
            /// Reads a word.
            #[must_use]
            pub fn parse(word: &str) -> Self {
                $( if is_same($word, word) { return Self::$variant; } )+
                Self::Other(word.to_owned())
            }

            /// Twilio's word; one that is not known as it came.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $( Self::$variant => $word, )+
                    Self::Other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::parse(&word)
            }
        }

        impl From<$name> for String {
            fn from(it: $name) -> Self {
                it.as_str().to_owned()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                Ok(Self::parse(word))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }
    };
}

words! {
    /// The state of a call.
    CallStatus {
        /// Waits for its turn.
        Queued = "queued",
        /// Is being dialled. In progress callbacks only.
        Initiated = "initiated",
        /// Rings.
        Ringing = "ringing",
        /// Was answered.
        InProgress = "in-progress",
        /// Is over, after it was answered.
        Completed = "completed",
        /// Is over: the other party was busy.
        Busy = "busy",
        /// Is over: nobody answered.
        NoAnswer = "no-answer",
        /// Is over: it could not be made.
        Failed = "failed",
        /// Is over: it was called off before it was answered.
        Canceled = "canceled",
    }
}

impl CallStatus {
    /// How far the call has got: queued, initiated, ringing, in progress, over. A state of lower rank that arrives later is old news.
    ///
    /// Final states have an order too, so that of two that contradict each other the same one wins whichever comes first. A word that is not
    /// known has rank 0, so that it replaces nothing.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Queued | Self::Other(_) => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Canceled => 4,
            Self::NoAnswer => 5,
            Self::Busy => 6,
            Self::Failed => 7,
            Self::Completed => 8,
        }
    }

    /// Whether the call is over.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.rank() >= 4
    }
}

words! {
    /// How a `<Dial>` ended.
    DialCallStatus {
        /// A phone was picked up, by a person or a voicemail, and the conversation is over.
        Completed = "completed",
        /// A conference was joined; never said of a phone.
        Answered = "answered",
        /// The other party was busy.
        Busy = "busy",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// It could not be dialled.
        Failed = "failed",
        /// The caller hung up first.
        Canceled = "canceled",
    }
}

impl DialCallStatus {
    /// Whether nobody spoke with the caller. `bridged` is `DialBridged`; where it is missing, the status alone decides.
    #[must_use]
    pub fn is_missed(&self, bridged: Option<bool>) -> bool {
        match self {
            Self::Busy | Self::NoAnswer | Self::Failed | Self::Canceled => true,
            Self::Completed | Self::Other(_) => bridged == Some(false),
            Self::Answered => false,
        }
    }

    /// Whether the dialling is over. It always is when this is said, but for a word that is not known.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

words! {
    /// Who called whom.
    Direction {
        /// A caller called us, or a customer wrote.
        Inbound = "inbound",
        /// We called by the REST API.
        OutboundApi = "outbound-api",
        /// We called by `<Dial>`.
        OutboundDial = "outbound-dial",
        /// We sent a text during a call, by `<Sms>`.
        OutboundCall = "outbound-call",
        /// We answered a text by `<Message>`.
        OutboundReply = "outbound-reply",
    }
}

impl Direction {
    /// Whether we began it. All of Twilio's words for that begin with `outbound`, also those that are not known yet.
    #[must_use]
    pub fn is_outbound(&self) -> bool {
        self.as_str().starts_with("outbound")
    }
}

words! {
    /// Who answered, a person or a machine.
    AnsweredBy {
        /// A person.
        Human = "human",
        /// A machine, when only the start was waited for.
        MachineStart = "machine_start",
        /// A machine, after its beep.
        MachineEndBeep = "machine_end_beep",
        /// A machine, after its greeting and silence.
        MachineEndSilence = "machine_end_silence",
        /// A machine, after its greeting.
        MachineEndOther = "machine_end_other",
        /// A fax.
        Fax = "fax",
        /// It could not be told.
        Unknown = "unknown",
    }
}

impl AnsweredBy {
    /// Whether it is a voicemail or an answering machine.
    #[must_use]
    pub fn is_machine(&self) -> bool {
        self.as_str().starts_with("machine_")
    }
}

words! {
    /// The state of a recording. Documentation differs from page to page, so all are accepted.
    RecordingStatus {
        /// Being recorded.
        InProgress = "in-progress",
        /// Halted.
        Paused = "paused",
        /// Ended.
        Stopped = "stopped",
        /// Being made into a file.
        Processing = "processing",
        /// The file can be fetched.
        Completed = "completed",
        /// There was nothing to record.
        Absent = "absent",
        /// It did not work.
        Failed = "failed",
        /// Was deleted.
        Deleted = "deleted",
    }
}

impl RecordingStatus {
    /// How far the recording has got. A state of lower rank that arrives later is old news; a word that is not known has rank 0.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Other(_) => 0,
            Self::InProgress | Self::Paused => 1,
            Self::Stopped => 2,
            Self::Processing => 3,
            Self::Absent | Self::Failed => 4,
            Self::Completed => 5,
            Self::Deleted => 6,
        }
    }

    /// Whether nothing more will come of it but deletion.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            Self::Completed | Self::Absent | Self::Failed | Self::Deleted
        )
    }
}

words! {
    /// The state of a message.
    MessageStatus {
        /// Taken by a messaging service.
        Accepted = "accepted",
        /// Waits for its time.
        Scheduled = "scheduled",
        /// Waits for its turn.
        Queued = "queued",
        /// On its way to the carrier.
        Sending = "sending",
        /// Taken by the carrier; final if the carrier gives no receipt.
        Sent = "sent",
        /// Being received by Twilio.
        Receiving = "receiving",
        /// Received by Twilio.
        Received = "received",
        /// Delivered to some of a group.
        PartiallyDelivered = "partially_delivered",
        /// Delivered.
        Delivered = "delivered",
        /// Not delivered.
        Undelivered = "undelivered",
        /// Not sent.
        Failed = "failed",
        /// Called off.
        Canceled = "canceled",
        /// Read; follows `delivered`.
        Read = "read",
    }
}

impl MessageStatus {
    /// How far the message has got. A state of lower rank that arrives later is old news; a word that is not known has rank 0.
    #[must_use]
    pub fn rank(&self) -> u8 {
        match self {
            Self::Accepted | Self::Scheduled | Self::Other(_) => 0,
            Self::Queued => 1,
            Self::Sending | Self::Receiving => 2,
            Self::Sent | Self::PartiallyDelivered => 3,
            Self::Received | Self::Delivered | Self::Undelivered | Self::Failed => 4,
            Self::Canceled => 4,
            Self::Read => 5,
        }
    }

    /// Whether the message's fate is known. `read` may still follow `delivered`.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        self.rank() >= 4
    }
}

words! {
    /// What happened to a media stream.
    StreamEvent {
        /// It began.
        Started = "stream-started",
        /// It ended.
        Stopped = "stream-stopped",
        /// It failed.
        Error = "stream-error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_status_rank_only_rises() {
        let order = ["queued", "initiated", "ringing", "in-progress", "completed"];
        let ranks = order.map(|word| CallStatus::parse(word).rank());
        assert_eq!(ranks, [0, 1, 2, 3, 8]);
        for word in ["completed", "busy", "no-answer", "failed", "canceled"] {
            assert!(CallStatus::parse(word).is_terminal(), "{word}");
        }
        let new = CallStatus::parse("levitating");
        assert_eq!(
            (new.rank(), new.is_terminal(), new.as_str()),
            (0, false, "levitating")
        );
    }

    #[test]
    fn dial_status_missed_table() {
        for (word, bridged, missed) in [
            ("completed", Some(true), false),
            ("completed", None, false),
            ("completed", Some(false), true),
            ("answered", None, false),
            ("no-answer", Some(false), true),
            ("no-answer", None, true),
            ("busy", None, true),
            ("failed", None, true),
            ("canceled", None, true),
            ("new-word", None, false),
        ] {
            let status = DialCallStatus::parse(word);
            assert_eq!(status.is_missed(bridged), missed, "{word} {bridged:?}");
        }
    }

    #[test]
    fn message_status_rank_only_rises() {
        let order = ["accepted", "queued", "sending", "sent", "delivered", "read"];
        let ranks = order.map(|word| MessageStatus::parse(word).rank());
        assert!(ranks.is_sorted(), "{ranks:?}");
        assert!(!MessageStatus::Sent.is_terminal() && MessageStatus::Failed.is_terminal());
    }

    #[test]
    fn status_serde_is_the_word() {
        let json = serde_json::to_string(&CallStatus::NoAnswer).unwrap();
        assert_eq!(json, r#""no-answer""#);
        let back: CallStatus = serde_json::from_str(&json).unwrap();
        assert_eq!(back, CallStatus::NoAnswer);
    }

    #[test]
    fn status_any_spelling_is_understood() {
        for word in ["no-answer", "NO_ANSWER", "No-Answer", "no_answer"] {
            assert_eq!(CallStatus::parse(word), CallStatus::NoAnswer, "{word}");
            assert_eq!(
                DialCallStatus::parse(word),
                DialCallStatus::NoAnswer,
                "{word}"
            );
        }
        assert_eq!(AnsweredBy::parse("machine-start"), AnsweredBy::MachineStart);
        assert_eq!(CallStatus::parse("NoAnswer").as_str(), "NoAnswer");
    }
}
