//! The record of a text message.

use chrono::{DateTime, Utc};
use serde::Serialize;

/// Where a message is, in Twilio's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageStatus {
    /// To be sent later.
    Scheduled,
    Accepted,
    Queued,
    Sending,
    Sent,
    Delivered,
    Undelivered,
    Failed,
    Received,
    Canceled,
}

impl MessageStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Accepted => "accepted",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
            Self::Received => "received",
            Self::Canceled => "canceled",
        }
    }

    pub(crate) fn is_final(self) -> bool {
        matches!(
            self,
            Self::Delivered | Self::Undelivered | Self::Failed | Self::Received | Self::Canceled
        )
    }

    /// What is final stays so, and only what has not been sent can be taken back.
    pub(crate) fn may_become(self, next: Self) -> bool {
        match next {
            Self::Canceled => matches!(self, Self::Scheduled | Self::Accepted | Self::Queued),
            _ => !self.is_final(),
        }
    }
}

/// How a message came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Inbound,
    OutboundApi,
    OutboundReply,
}

impl Way {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::OutboundApi => "outbound-api",
            Self::OutboundReply => "outbound-reply",
        }
    }
}

/// A picture or file.
#[derive(Clone, Debug)]
pub(crate) struct Attachment {
    pub(crate) sid: String,
    pub(crate) content_type: String,
    /// Where it came from; empty when `data` holds it.
    pub(crate) url: String,
    pub(crate) data: Vec<u8>,
}

/// A text message, either way.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) sid: String,
    pub(crate) service_sid: Option<String>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: String,
    pub(crate) way: Way,
    pub(crate) status: MessageStatus,
    pub(crate) error_code: Option<u32>,
    pub(crate) media: Vec<Attachment>,
    pub(crate) status_callback: Option<String>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) updated: DateTime<Utc>,
    pub(crate) sent: Option<DateTime<Utc>>,
}
