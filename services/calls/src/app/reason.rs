//! Why a call was missed.

use twilio_types::DialCallStatus;

/// Why nobody of the business took a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissedReason {
    /// The phone rang and nobody answered.
    NoAnswer,
    /// The phone was busy.
    Busy,
    /// The phone could not be reached.
    Failed,
    /// The caller hung up while it rang.
    Canceled,
    /// It was picked up, and nobody pressed 1.
    NotAccepted,
    /// The business has no phone to forward to.
    NoForwardingNumber,
    /// The business is closed.
    Closed,
    /// The caller hung up before anything was dialled.
    Abandoned,
    /// The carrier of the phone that would be dialled has forwarded the call to us.
    ForwardedBack,
}

impl MissedReason {
    /// The word in events, in the API and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no-answer",
            Self::Busy => "busy",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::NotAccepted => "not-accepted",
            Self::NoForwardingNumber => "no-forwarding-number",
            Self::Closed => "closed",
            Self::Abandoned => "abandoned",
            Self::ForwardedBack => "forwarded-back",
        }
    }

    /// What the end of a dial, or of a leg, says alone; none when a person or a machine picked up, or the word is not known.
    pub fn of_dial(status: &DialCallStatus) -> Option<Self> {
        match status {
            DialCallStatus::NoAnswer => Some(Self::NoAnswer),
            DialCallStatus::Busy => Some(Self::Busy),
            DialCallStatus::Failed => Some(Self::Failed),
            DialCallStatus::Canceled => Some(Self::Canceled),
            DialCallStatus::Completed | DialCallStatus::Answered | DialCallStatus::Other(_) => None,
        }
    }
}
