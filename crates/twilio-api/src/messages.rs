use chrono::{DateTime, Utc};
use serde::Deserialize;
use twilio_types::MessageStatus;

use crate::form::Form;
use crate::wire::{date, debug_only, number, text};
use crate::{Client, Error, Pages};

/// A message to send: `from` or `messaging_service_sid`, and `body` or `media_url`.
#[derive(Clone, Default)]
pub struct NewMessage {
    /// To whom.
    pub to: String,
    /// From which of the account's numbers.
    pub from: Option<String>,
    /// Or by which messaging service.
    pub messaging_service_sid: Option<String>,
    /// The text, up to 1600 characters.
    pub body: Option<String>,
    /// Pictures and files, up to 10.
    pub media_url: Vec<String>,
    /// Told about what becomes of it (never about the first status, which the answer carries).
    pub status_callback: Option<String>,
    /// How long it may wait, in seconds.
    pub validity_period_s: Option<u32>,
}
debug_only!(NewMessage { validity_period_s });

/// Which messages to list.
#[derive(Clone, Default)]
pub struct MessageFilter {
    /// To this address.
    pub to: Option<String>,
    /// From this address.
    pub from: Option<String>,
    /// Sent on or after this day.
    pub sent_from: Option<DateTime<Utc>>,
    /// Sent on or before this day.
    pub sent_until: Option<DateTime<Utc>>,
    /// Items in a page, 1 to 1000 (50 when unset).
    pub page_size: Option<u32>,
}
debug_only!(MessageFilter { page_size });

/// A message, as Twilio tells it.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Message {
    /// `SM` (text) or `MM` (media) and 32 hex digits.
    pub sid: String,
    /// Whose message it is.
    pub account_sid: String,
    /// The sender; unset while a messaging service has not chosen one.
    #[serde(deserialize_with = "text")]
    pub from: Option<String>,
    /// The recipient.
    pub to: String,
    /// The text, empty once redacted.
    #[serde(deserialize_with = "text")]
    pub body: Option<String>,
    /// Where it is.
    pub status: MessageStatus,
    /// `inbound`, `outbound-api`, `outbound-call` or `outbound-reply`.
    pub direction: String,
    /// SMS parts.
    #[serde(deserialize_with = "number")]
    pub num_segments: Option<u32>,
    /// Pictures and files.
    #[serde(deserialize_with = "number")]
    pub num_media: Option<u32>,
    /// Why it failed.
    #[serde(deserialize_with = "number")]
    pub error_code: Option<u32>,
    /// When it was made.
    #[serde(deserialize_with = "date")]
    pub date_created: Option<DateTime<Utc>>,
    /// When it was sent.
    #[serde(deserialize_with = "date")]
    pub date_sent: Option<DateTime<Utc>>,
}
debug_only!(Message {
    sid,
    status,
    direction,
    error_code
});

impl Client {
    /// Messages: create, fetch, list.
    pub fn messages(&self) -> Messages<'_> {
        Messages(self)
    }
}

/// `/Messages`. See [`Client::messages`].
pub struct Messages<'a>(pub(crate) &'a Client);

impl<'a> Messages<'a> {
    /// Sends a message. Twilio does not deduplicate: after an error whose outcome is unknown, list before sending another.
    ///
    /// # Errors
    /// Code 21610 when the recipient has opted out; as any request.
    pub async fn create(&self, message: &NewMessage) -> Result<Message, Error> {
        let form = Form::default()
            .with("To", &message.to)
            .maybe("From", &message.from)
            .maybe("MessagingServiceSid", &message.messaging_service_sid)
            .maybe("Body", &message.body)
            .each("MediaUrl", &message.media_url)
            .maybe("StatusCallback", &message.status_callback)
            .maybe("ValidityPeriod", &message.validity_period_s);
        self.0.post(&self.0.path("/Messages.json"), &form).await
    }

    /// One message.
    ///
    /// # Errors
    /// As any request.
    pub async fn fetch(&self, sid: &str) -> Result<Message, Error> {
        self.0
            .get(
                &self.0.path(&format!("/Messages/{sid}.json")),
                &Form::default(),
            )
            .await
    }

    /// Removes a message and its media.
    ///
    /// # Errors
    /// As any request.
    pub async fn delete(&self, sid: &str) -> Result<(), Error> {
        self.0
            .delete(&self.0.path(&format!("/Messages/{sid}.json")))
            .await
    }

    /// Messages, the newest first.
    pub fn list(&self, filter: &MessageFilter) -> Pages<'a, Message> {
        let day =
            |date: &Option<DateTime<Utc>>| date.map(|date| date.format("%Y-%m-%d").to_string());
        let query = Form::default()
            .maybe("To", &filter.to)
            .maybe("From", &filter.from)
            .maybe("DateSent>", &day(&filter.sent_from))
            .maybe("DateSent<", &day(&filter.sent_until))
            .maybe("PageSize", &filter.page_size);
        Pages::new(self.0, &self.0.path("/Messages.json"), "messages", query)
    }
}
