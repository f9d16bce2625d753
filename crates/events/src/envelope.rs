//! The envelope: CloudEvents attributes around one message.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use clock::{Clock, Time};
use prost::Message;

use crate::Event;
use crate::v1::StoredEnvelope;

/// Why bytes or an envelope could not be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The envelope holds another event than the one asked for.
    #[error("expected an event of type {expected}, got {got}")]
    Type {
        /// What the reader wanted.
        expected: &'static str,
        /// What the envelope says it holds.
        got: String,
    },
    /// The bytes are not the protobuf message that the type promises.
    #[error("event data of type {kind} cannot be decoded")]
    Data {
        /// The event's type.
        kind: String,
        /// What protobuf says.
        #[source]
        source: prost::DecodeError,
    },
    /// A stored envelope is damaged.
    #[error("stored envelope cannot be decoded: {0}")]
    Stored(String),
}

/// Where a reply is awaited: the requester's address on the bus and the request it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplyTo {
    /// The bus's own name for the requester.
    pub address: String,
    /// Which of their requests is meant.
    pub correlation: String,
}

/// One event with its CloudEvents attributes
/// (`id`, `source`, `type`, `time`, `subject`; the others are extension attributes).
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Identifies the event; a second delivery has the same id.
    pub id: String,
    /// The role that published it, `trunkline/calls`.
    pub source: String,
    /// CloudEvents `type`; the routing key, unless [`Envelope::routing_key`] says more.
    pub kind: String,
    /// When it happened.
    pub time: Time,
    /// The tenant it belongs to.
    pub tenant: Option<String>,
    /// CloudEvents `subject`: the CallSid or the conversation.
    pub key: Option<String>,
    /// The id of the event that caused this one.
    pub cause: Option<String>,
    /// W3C trace context, so that one trace runs through the bus.
    pub traceparent: Option<String>,
    /// Until when a requester waits for the reply.
    pub deadline: Option<Time>,
    /// Who waits for the reply. It is handed on by a role that republishes the question.
    pub reply_to: Option<ReplyTo>,
    /// The message, protobuf.
    pub data: Bytes,
}

impl Envelope {
    /// A new event with a new id, happening now.
    pub fn new<E: Event>(source: &str, clock: &Clock, event: &E) -> Self {
        Self::at(source, clock.id(), clock.now(), event)
    }

    /// An event with a given id and time: deciders derive both from their cause, so that a repeat
    /// produces the same event.
    pub fn at<E: Event>(source: &str, id: String, time: Time, event: &E) -> Self {
        Self {
            id,
            source: source.to_owned(),
            kind: E::TYPE.to_owned(),
            time,
            tenant: None,
            key: None,
            cause: None,
            traceparent: None,
            deadline: None,
            reply_to: None,
            data: Bytes::from(event.encode_to_vec()),
        }
    }

    /// Sets the tenant.
    #[must_use]
    pub fn tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenant = Some(tenant.into()).filter(|t| !t.is_empty());
        self
    }

    /// Sets the key (CallSid or conversation).
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into()).filter(|k| !k.is_empty());
        self
    }

    /// The message, if it is of the type asked for. A type with a suffix (`voice.inbound.forward`)
    /// holds the message of its stem.
    pub fn decode<E: Event>(&self) -> Result<E, Error> {
        let stem = self.kind.strip_prefix(E::TYPE);
        if !stem.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            return Err(Error::Type {
                expected: E::TYPE,
                got: self.kind.clone(),
            });
        }
        E::decode(self.data.clone()).map_err(|source| Error::Data {
            kind: self.kind.clone(),
            source,
        })
    }

    /// The bytes for an outbox, a spool or the embedded bus.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (reply_address, reply_correlation) = self
            .reply_to
            .clone()
            .map(|r| (r.address, r.correlation))
            .unwrap_or_default();
        StoredEnvelope {
            id: self.id.clone(),
            source: self.source.clone(),
            r#type: self.kind.clone(),
            time: rfc3339(self.time),
            tenant: self.tenant.clone().unwrap_or_default(),
            key: self.key.clone().unwrap_or_default(),
            cause: self.cause.clone().unwrap_or_default(),
            traceparent: self.traceparent.clone().unwrap_or_default(),
            deadline: self.deadline.map(rfc3339).unwrap_or_default(),
            reply_address,
            reply_correlation,
            data: self.data.to_vec(),
        }
        .encode_to_vec()
    }

    /// Reads what [`Envelope::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let stored = StoredEnvelope::decode(bytes).map_err(|e| Error::Stored(e.to_string()))?;
        let some = |text: String| Some(text).filter(|t| !t.is_empty());
        Ok(Self {
            time: parse_time(&stored.time)?,
            deadline: some(stored.deadline).map(|t| parse_time(&t)).transpose()?,
            reply_to: some(stored.reply_address).map(|address| ReplyTo {
                address,
                correlation: stored.reply_correlation,
            }),
            id: stored.id,
            source: stored.source,
            kind: stored.r#type,
            tenant: some(stored.tenant),
            key: some(stored.key),
            cause: some(stored.cause),
            traceparent: some(stored.traceparent),
            data: Bytes::from(stored.data),
        })
    }
}

fn rfc3339(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

fn parse_time(text: &str) -> Result<Time, Error> {
    DateTime::parse_from_rfc3339(text)
        .map(|t| t.with_timezone(&Utc))
        .map_err(|e| Error::Stored(format!("time {text:?}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{CallMissed, CallStarted, VoiceInbound};

    fn sample() -> Envelope {
        let mut event = Envelope::new("trunkline/calls", &Clock::system(), &CallMissed::default())
            .tenant("smith")
            .key("CA1");
        event.deadline = Some(event.time);
        event.reply_to = Some(ReplyTo {
            address: "here".into(),
            correlation: "7".into(),
        });
        event
    }

    #[test]
    fn bytes_and_back() {
        let event = sample();
        assert_eq!(Envelope::from_bytes(&event.to_bytes()).unwrap(), event);
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let error = sample().decode::<CallStarted>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected an event of type call.started, got call.missed"
        );
    }

    #[test]
    fn suffix_of_the_type_is_still_the_type() {
        let mut event = Envelope::new("t", &Clock::system(), &VoiceInbound::default());
        event.kind.push_str(".forward");
        assert!(event.decode::<VoiceInbound>().is_ok());
        event.kind = "voice.inbounded".into();
        assert!(event.decode::<VoiceInbound>().is_err());
    }

    #[test]
    fn damage_is_an_error_not_a_panic() {
        assert!(Envelope::from_bytes(b"\xff\xff").is_err());
        assert!(Envelope::from_bytes(b"").is_err());
    }
}
