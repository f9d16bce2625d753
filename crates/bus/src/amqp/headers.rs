//! An envelope as an AMQP message: CloudEvents attributes in headers (the AMQP binding, binary mode), the
//! message in the body.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use clock::{Clock, Time};
use events::{Envelope, ReplyTo};
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use crate::Error;

/// The number of the first delivery of this message, when it is not the event's first.
pub(super) const ATTEMPT: &str = "x-trunkline-attempt";
/// How many repeats it has had.
pub(super) const RETRIES: &str = "x-trunkline-retries";
/// On dead letters: the queue it died in, why, when and after how many deliveries.
pub(super) const QUEUE: &str = "x-trunkline-queue";
pub(super) const REASON: &str = "x-trunkline-reason";
pub(super) const DIED_AT: &str = "x-trunkline-died-at";
pub(super) const ATTEMPTS: &str = "x-trunkline-attempts";
/// On what is handed on: where the answer to the event goes.
pub(super) const REPLY_TO: &str = "x-trunkline-reply-to";
pub(super) const CORRELATION: &str = "x-trunkline-correlation";
/// What a quorum queue counts: deliveries of this message that came back.
const DELIVERY_COUNT: &str = "x-delivery-count";

const ID: &str = "cloudEvents:id";
const SOURCE: &str = "cloudEvents:source";
const KIND: &str = "cloudEvents:type";
const TIME: &str = "cloudEvents:time";
const SUBJECT: &str = "cloudEvents:subject";
const TENANT: &str = "cloudEvents:tenant";
const CAUSE: &str = "cloudEvents:cause";
const DEADLINE: &str = "cloudEvents:deadline";
const TRACEPARENT: &str = "traceparent";

const PERSISTENT: u8 = 2;
const TRANSIENT: u8 = 1;

/// The most bytes of an envelope's headers. All headers of a message, with what the broker adds, must fit into one frame
/// (`FRAME_MAX`): the broker ends the connection of whoever sends a longer one.
pub(super) const LONGEST: usize = 8 * 1024;
/// The most bytes of the reason that a dead letter carries.
const LONGEST_REASON: usize = 2 * 1024;

/// A short string, which AMQP limits to 255 bytes.
pub(super) fn short(text: &str) -> Result<ShortString, Error> {
    ShortString::try_new(text).map_err(|_| {
        Error::Config(format!(
            "{:.40}... is longer than the 255 bytes of an AMQP name",
            text
        ))
    })
}

/// The properties of a message that is to be stored.
pub(super) fn persistent(envelope: &Envelope) -> Result<BasicProperties, Error> {
    Ok(properties(envelope, &[])?.with_delivery_mode(PERSISTENT))
}

/// The properties of a message that is only shown.
pub(super) fn transient(envelope: &Envelope) -> Result<BasicProperties, Error> {
    transient_with(envelope, &[])
}

/// The same with headers of its own.
pub(super) fn transient_with(
    envelope: &Envelope,
    more: &[(&str, &str)],
) -> Result<BasicProperties, Error> {
    Ok(properties(envelope, more)?.with_delivery_mode(TRANSIENT))
}

/// The properties of a message that says no more than its type.
pub(super) fn word(kind: &str) -> BasicProperties {
    let mut headers = FieldTable::default();
    set(&mut headers, KIND, kind);
    BasicProperties::default()
        .with_delivery_mode(TRANSIENT)
        .with_headers(headers)
}

fn properties(envelope: &Envelope, more: &[(&str, &str)]) -> Result<BasicProperties, Error> {
    let Envelope {
        source,
        key,
        tenant,
        cause,
        traceparent,
        ..
    } = envelope;
    let optional = [key, tenant, cause, traceparent];
    let length = optional
        .into_iter()
        .flatten()
        .map(String::len)
        .sum::<usize>()
        + source.len();
    if length > LONGEST {
        return Err(Error::Config(format!(
            "the headers of event {:.40} have {length} bytes; {LONGEST} are the most",
            envelope.id
        )));
    }
    let mut headers = FieldTable::default();
    set(&mut headers, "cloudEvents:specversion", "1.0");
    set(&mut headers, ID, &envelope.id);
    set(&mut headers, SOURCE, &envelope.source);
    set(&mut headers, KIND, &envelope.kind);
    set(&mut headers, TIME, &rfc3339(envelope.time));
    let optional = [
        (SUBJECT, &envelope.key),
        (TENANT, &envelope.tenant),
        (CAUSE, &envelope.cause),
        (TRACEPARENT, &envelope.traceparent),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            set(&mut headers, name, value);
        }
    }
    if let Some(deadline) = envelope.deadline {
        set(&mut headers, DEADLINE, &rfc3339(deadline));
    }
    for (name, value) in more {
        set(&mut headers, name, value);
    }
    let mut properties = BasicProperties::default()
        .with_content_type(short("application/protobuf")?)
        .with_message_id(short(&envelope.id)?)
        .with_type(short(&envelope.kind)?)
        .with_headers(headers);
    if let Some(reply_to) = &envelope.reply_to {
        properties = properties
            .with_reply_to(short(&reply_to.address)?)
            .with_correlation_id(short(&reply_to.correlation)?);
    }
    Ok(properties)
}

/// Adds headers to a message.
pub(super) fn with(properties: BasicProperties, more: &[(&str, AMQPValue)]) -> BasicProperties {
    let mut headers = properties.headers().clone().unwrap_or_default();
    for (name, value) in more {
        headers.insert(ShortString::from(*name), value.clone());
    }
    properties.with_headers(headers)
}

/// The envelope of a message. Whatever is missing gets a default, so that a stranger's message reaches a
/// handler, which refuses it in words.
pub(super) fn envelope(properties: &BasicProperties, routing_key: &str, data: Vec<u8>) -> Envelope {
    let headers = properties.headers().as_ref();
    let text = |name| headers.and_then(|headers| text(headers, name));
    let short = |value: &Option<ShortString>| value.as_ref().map(|value| value.as_str().to_owned());
    let clock = Clock::system();
    Envelope {
        id: text(ID)
            .or_else(|| short(properties.message_id()))
            .unwrap_or_else(|| clock.id()),
        source: text(SOURCE).unwrap_or_default(),
        kind: text(KIND).unwrap_or_else(|| routing_key.to_owned()),
        time: text(TIME)
            .and_then(|t| parse_time(&t))
            .unwrap_or_else(|| clock.now()),
        tenant: text(TENANT),
        key: text(SUBJECT),
        cause: text(CAUSE),
        traceparent: text(TRACEPARENT),
        deadline: text(DEADLINE).and_then(|t| parse_time(&t)),
        reply_to: short(properties.reply_to()).map(|address| ReplyTo {
            address,
            correlation: short(properties.correlation_id()).unwrap_or_default(),
        }),
        data: Bytes::from(data),
    }
}

/// The number of this delivery and the repeats had so far.
pub(super) fn attempt(properties: &BasicProperties) -> (u32, u32) {
    let Some(headers) = properties.headers() else {
        return (1, 0);
    };
    let came_back = number(headers, DELIVERY_COUNT).unwrap_or(0);
    let first = number(headers, ATTEMPT).unwrap_or(1);
    (
        first.saturating_add(came_back),
        number(headers, RETRIES).unwrap_or(0),
    )
}

/// A header's text.
pub(super) fn text(headers: &FieldTable, name: &str) -> Option<String> {
    match headers.inner().get(name)? {
        AMQPValue::LongString(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        AMQPValue::ShortString(text) => Some(text.as_str().to_owned()),
        _ => None,
    }
}

/// A header's number.
pub(super) fn number(headers: &FieldTable, name: &str) -> Option<u32> {
    match headers.inner().get(name)? {
        AMQPValue::LongLongInt(n) => u32::try_from(*n).ok(),
        AMQPValue::LongInt(n) => u32::try_from(*n).ok(),
        AMQPValue::LongUInt(n) => Some(*n),
        AMQPValue::ShortInt(n) => u32::try_from(*n).ok(),
        AMQPValue::ShortUInt(n) => Some(u32::from(*n)),
        AMQPValue::ShortShortInt(n) => u32::try_from(*n).ok(),
        AMQPValue::ShortShortUInt(n) => Some(u32::from(*n)),
        _ => None,
    }
}

/// A header's value.
pub(super) fn value(text: &str) -> AMQPValue {
    AMQPValue::LongString(text.into())
}

/// The reason of a dead letter: its beginning, if it is long.
pub(super) fn reason(text: &str) -> AMQPValue {
    value(&text[..text.floor_char_boundary(LONGEST_REASON)])
}

fn set(headers: &mut FieldTable, name: &str, text: &str) {
    headers.insert(ShortString::from(name), value(text));
}

pub(super) fn rfc3339(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

pub(super) fn parse_time(text: &str) -> Option<Time> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::v1::CallMissed;

    #[test]
    fn envelope_survives_the_headers() {
        let clock = Clock::system();
        let mut event = Envelope::new("trunkline/calls", &clock, &CallMissed::default());
        event = event.tenant("smith").key("CA1");
        event.cause = Some("before".into());
        event.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
        event.deadline = Some(event.time);
        event.reply_to = Some(ReplyTo {
            address: "there".into(),
            correlation: "7".into(),
        });
        let properties = persistent(&event).unwrap();
        assert_eq!(envelope(&properties, "ignored", event.data.to_vec()), event);
    }

    #[test]
    fn strangers_message_is_still_an_envelope() {
        let event = envelope(&BasicProperties::default(), "call.missed", b"x".to_vec());
        assert_eq!(event.kind, "call.missed");
        assert!(!event.id.is_empty());
    }

    #[test]
    fn attempts_add_up() {
        assert_eq!(attempt(&BasicProperties::default()), (1, 0));
        let again = [
            (ATTEMPT, AMQPValue::LongUInt(3)),
            (RETRIES, AMQPValue::LongUInt(2)),
        ];
        let properties = with(BasicProperties::default(), &again);
        assert_eq!(attempt(&properties), (3, 2));
        let properties = with(properties, &[(DELIVERY_COUNT, AMQPValue::LongLongInt(2))]);
        assert_eq!(attempt(&properties), (5, 2));
    }

    #[test]
    fn headers_longer_than_a_frame_are_refused() {
        let clock = Clock::system();
        let event = Envelope::new("trunkline/calls", &clock, &CallMissed::default());
        let with_key = |length: usize| event.clone().key("a".repeat(length));
        assert!(persistent(&with_key(4096)).is_ok());
        let refused = persistent(&with_key(LONGEST + 1));
        assert!(matches!(refused, Err(Error::Config(_))));
    }

    #[test]
    fn long_reason_is_cut_between_characters() {
        assert_eq!(reason("too late"), value("too late"));
        assert_eq!(
            reason(&"\u{20ac}".repeat(1000)),
            value(&"\u{20ac}".repeat(LONGEST_REASON / 3))
        );
    }

    #[test]
    fn long_name_is_refused() {
        assert!(matches!(short(&"a".repeat(256)), Err(Error::Config(_))));
    }
}
