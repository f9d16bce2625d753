//! The messages of Media Streams, read and written. Counters are strings in Twilio's examples and numbers elsewhere; both are read.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use session::Frame;

/// The longest payload that is taken, in bytes of mu-law: ten seconds.
const LONGEST: usize = 80_000;

/// What the other side says.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// The socket is theirs.
    Connected,
    /// The stream begins.
    Start(Start),
    /// Sound of the caller.
    Media {
        /// Its place on the line.
        timestamp_ms: Option<u64>,
        /// In mu-law.
        sound: Vec<u8>,
    },
    /// A key.
    Digit(char),
    /// Everything before this mark was played, or dropped by a clear.
    Mark(String),
    /// What the caller said, where the other side hears.
    Words(String),
    /// The caller has interrupted; so much was heard.
    Interrupted(String),
    /// The other side complains of something that we sent, or could not do it.
    Trouble(String),
    /// The stream is over.
    Stop,
    /// Something that we have no use for.
    Other,
}

/// How a stream begins.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Start {
    /// `MZ..`.
    pub stream_sid: String,
    /// `CA..`.
    pub call_sid: String,
    /// `AC..`.
    pub account_sid: String,
    /// Our own parameter: the session that the stream was offered for.
    pub session: String,
}

/// A message that is none of the protocol's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Not JSON, or not an object with the fields of its event.
    #[error("it is no message of the protocol")]
    Unreadable,
    /// The payload is no base64, or too long.
    #[error("its payload cannot be decoded")]
    Payload,
    /// The sound is in another format than mu-law at 8 kHz in one channel.
    #[error("its sound is not mu-law at 8 kHz in one channel")]
    Format,
    /// It belongs to another stream.
    #[error("it belongs to another stream")]
    Foreign,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow, default, rename = "streamSid")]
    stream_sid: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    media: Option<Media<'a>>,
    #[serde(default)]
    start: Option<Value>,
    #[serde(default)]
    dtmf: Option<Value>,
    #[serde(default)]
    mark: Option<Value>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow, default)]
    track: Option<Cow<'a, str>>,
    #[serde(default)]
    timestamp: Place,
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// A number, or one in a string; what is neither is none. It comes fifty times a second, and is kept nowhere.
#[derive(Default)]
struct Place(Option<u64>);

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlaceVisitor)
    }
}

struct PlaceVisitor;

impl<'de> Visitor<'de> for PlaceVisitor {
    type Value = Place;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of milliseconds")
    }

    fn visit_u64<E>(self, value: u64) -> Result<Place, E> {
        Ok(Place(Some(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Place, E> {
        Ok(Place(u64::try_from(value).ok()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Place, E> {
        Ok(Place(None))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Place, E> {
        Ok(Place(None))
    }

    fn visit_str<E>(self, text: &str) -> Result<Place, E> {
        Ok(Place(text.trim().parse().ok()))
    }

    fn visit_unit<E>(self) -> Result<Place, E> {
        Ok(Place(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Place, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Place(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Place, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Place(None))
    }
}

/// Reads a message. `stream_sid` is the stream's once it has begun.
pub fn read(text: &str, stream_sid: Option<&str>) -> Result<Incoming, Malformed> {
    let message: Message<'_> = serde_json::from_str(text).map_err(|_| Malformed::Unreadable)?;
    if let (Some(ours), Some(theirs)) = (stream_sid, &message.stream_sid)
        && ours != theirs
    {
        return Err(Malformed::Foreign);
    }
    match message.event.as_ref() {
        "connected" => Ok(Incoming::Connected),
        "start" => start(&message.start.ok_or(Malformed::Unreadable)?),
        "media" => media(&message.media.ok_or(Malformed::Unreadable)?),
        "dtmf" => {
            let digit = text_of(message.dtmf.as_ref(), "digit");
            let digit = digit.and_then(|digit| digit.chars().next());
            digit.map(Incoming::Digit).ok_or(Malformed::Unreadable)
        }
        "mark" => text_of(message.mark.as_ref(), "name")
            .map(|name| Incoming::Mark(name.to_owned()))
            .ok_or(Malformed::Unreadable),
        "stop" => Ok(Incoming::Stop),
        _ => Ok(Incoming::Other),
    }
}

fn start(start: &Value) -> Result<Incoming, Malformed> {
    let text = |name: &str| text_of(Some(start), name).unwrap_or_default().to_owned();
    let read = Start {
        stream_sid: text("streamSid"),
        call_sid: text("callSid"),
        account_sid: text("accountSid"),
        session: text_of(start.get("customParameters"), "session")
            .unwrap_or_default()
            .to_owned(),
    };
    if read.stream_sid.is_empty() {
        return Err(Malformed::Unreadable);
    }
    if let Some(format) = start.get("mediaFormat") {
        let is_ours = text_of(Some(format), "encoding").is_none_or(|it| it == "audio/x-mulaw")
            && number(format.get("sampleRate")).is_none_or(|rate| rate == 8_000)
            && number(format.get("channels")).is_none_or(|channels| channels == 1);
        if !is_ours {
            return Err(Malformed::Format);
        }
    }
    Ok(Incoming::Start(read))
}

fn media(media: &Media<'_>) -> Result<Incoming, Malformed> {
    // What we say ourselves comes back where both tracks are streamed.
    if media
        .track
        .as_deref()
        .is_some_and(|track| track.starts_with("outbound"))
    {
        return Ok(Incoming::Other);
    }
    Ok(Incoming::Media {
        timestamp_ms: media.timestamp.0,
        sound: decoded(&media.payload)?,
    })
}

fn decoded(payload: &str) -> Result<Vec<u8>, Malformed> {
    if payload.len() > LONGEST * 2 {
        return Err(Malformed::Payload);
    }
    let plain = STANDARD.decode(payload);
    // Some encoders break lines.
    let sound = plain.or_else(|_| {
        let joined: String = payload.split_ascii_whitespace().collect();
        STANDARD.decode(joined)
    });
    sound
        .ok()
        .filter(|sound| sound.len() <= LONGEST)
        .ok_or(Malformed::Payload)
}

fn text_of<'a>(value: Option<&'a Value>, name: &str) -> Option<&'a str> {
    value?.get(name)?.as_str()
}

fn number(value: Option<&Value>) -> Option<u64> {
    match value? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A frame to be played.
pub fn frame(stream_sid: &str, frame: &Frame) -> String {
    let mut text = String::with_capacity(320);
    text.push_str(r#"{"event":"media","streamSid":""#);
    text.push_str(stream_sid);
    text.push_str(r#"","media":{"payload":""#);
    STANDARD.encode_string(frame, &mut text);
    text.push_str(r#""}}"#);
    text
}

/// A mark.
pub fn mark(stream_sid: &str, name: &str) -> String {
    json!({"event": "mark", "streamSid": stream_sid, "mark": {"name": name}}).to_string()
}

/// Drop what has not been played.
pub fn clear(stream_sid: &str) -> String {
    json!({"event": "clear", "streamSid": stream_sid}).to_string()
}

/// A stream's id as it may stand in a message without being escaped.
pub fn is_plain(stream_sid: &str) -> bool {
    (1..=64).contains(&stream_sid.len())
        && stream_sid
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'_' || c == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_twilio_are_read() {
        let start = r#"{"event":"start","sequenceNumber":"1","streamSid":"MZ1","start":{"streamSid":"MZ1","accountSid":"AC1","callSid":"CA1",
            "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"session":"b"}}}"#;
        let read_start = Start {
            stream_sid: "MZ1".into(),
            call_sid: "CA1".into(),
            account_sid: "AC1".into(),
            session: "b".into(),
        };
        assert_eq!(read(start, None), Ok(Incoming::Start(read_start)));
        for (timestamp, wanted) in [
            ("\"40\"", Some(40)),
            ("60", Some(60)),
            ("null", None),
            ("-20", None),
            ("2.5", None),
            ("\"soon\"", None),
            ("[{\"a\":[1]}]", None),
            ("{\"a\":[1]}", None),
        ] {
            let media = format!(
                r#"{{"event":"media","streamSid":"MZ1","sequenceNumber":4,"media":{{"track":"inbound","chunk":"2","timestamp":{timestamp},"payload":"/w\n=="}}}}"#
            );
            let read = read(&media, Some("MZ1"));
            assert_eq!(
                read,
                Ok(Incoming::Media {
                    timestamp_ms: wanted,
                    sound: vec![0xFF]
                })
            );
        }
        let dtmf =
            r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"track":"inbound_track","digit":"1"}}"#;
        assert_eq!(read(dtmf, Some("MZ1")), Ok(Incoming::Digit('1')));
        let mark = r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"0.1"}}"#;
        assert_eq!(read(mark, Some("MZ1")), Ok(Incoming::Mark("0.1".into())));
        assert_eq!(read(r#"{"event":"new"}"#, Some("MZ1")), Ok(Incoming::Other));
        assert_eq!(
            read(r#"{"event":"stop","stop":{}}"#, None),
            Ok(Incoming::Stop)
        );
    }

    #[test]
    fn messages_that_are_none_are_told_apart() {
        let bomb = "[".repeat(10_000);
        for text in [
            "",
            "{}",
            "[]",
            "null",
            "{\"event\":7}",
            &bomb,
            r#"{"event":"media"}"#,
        ] {
            assert_eq!(read(text, None), Err(Malformed::Unreadable), "{text:.20}");
        }
        let other = r#"{"event":"stop","streamSid":"MZ2"}"#;
        assert_eq!(read(other, Some("MZ1")), Err(Malformed::Foreign));
        let payload = r#"{"event":"media","media":{"payload":"!!"}}"#;
        assert_eq!(read(payload, None), Err(Malformed::Payload));
        let long = format!(
            r#"{{"event":"media","media":{{"payload":"{}"}}}}"#,
            "A".repeat(200_000)
        );
        assert_eq!(read(&long, None), Err(Malformed::Payload));
        let wide =
            r#"{"event":"start","start":{"streamSid":"MZ1","mediaFormat":{"sampleRate":"16000"}}}"#;
        assert_eq!(read(wide, None), Err(Malformed::Format));
    }

    #[test]
    fn frames_are_written_as_twilio_reads_them() {
        let text = frame("MZ1", &session::SILENCE);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["streamSid"], "MZ1");
        let payload = value["media"]["payload"].as_str().unwrap();
        assert_eq!(STANDARD.decode(payload).unwrap(), session::SILENCE);
        assert!(is_plain("MZ1") && !is_plain("MZ\"") && !is_plain(""));
    }
}
