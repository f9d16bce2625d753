//! A message before it leaves.

use chrono::{DateTime, Utc};

use crate::state::Way;

/// A message that the application wants sent.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: String,
    pub(crate) media: Vec<String>,
    pub(crate) status_callback: Option<String>,
    pub(crate) service_sid: Option<String>,
    /// When it is due; at once if unset.
    pub(crate) send_at: Option<DateTime<Utc>>,
    pub(crate) way: Way,
    /// Twilio's own answer to STOP and the like, which no opt-out stops.
    pub(crate) automatic: bool,
}

/// The recipient has told this number to stop: code 21610.
#[derive(Debug)]
pub(crate) struct Refused;

/// An answer to a message.
pub(super) fn reply(customer: &str, number: &str, body: &str, automatic: bool) -> Draft {
    Draft {
        from: number.to_owned(),
        to: customer.to_owned(),
        body: body.to_owned(),
        media: Vec::new(),
        status_callback: None,
        service_sid: None,
        send_at: None,
        way: Way::OutboundReply,
        automatic,
    }
}
