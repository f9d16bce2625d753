//! The messages, as Twilio writes them and as an application does. Counters are strings, as in Twilio's own examples.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What an application says on a stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Said {
    Media(Vec<u8>),
    Mark(String),
    Clear,
}

#[derive(Deserialize)]
struct Message {
    event: String,
    #[serde(rename = "streamSid")]
    stream_sid: String,
    #[serde(default)]
    media: Option<Media>,
    #[serde(default)]
    mark: Option<Mark>,
}

#[derive(Deserialize)]
struct Media {
    payload: String,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

/// Reads a message; says what is wrong with one that Twilio would ignore (warning 31951).
pub(crate) fn read(text: &str, stream_sid: &str) -> Result<Said, String> {
    let message: Message = serde_json::from_str(text).map_err(|e| format!("not a message: {e}"))?;
    if message.stream_sid != stream_sid {
        return Err("the streamSid is another stream's".to_owned());
    }
    match message.event.as_str() {
        "media" => {
            let media = message.media.ok_or("media without its payload")?;
            let sound = STANDARD.decode(media.payload);
            sound
                .map(Said::Media)
                .map_err(|e| format!("the payload is not base64: {e}"))
        }
        "mark" => message
            .mark
            .map(|mark| Said::Mark(mark.name))
            .ok_or_else(|| "mark without its name".to_owned()),
        "clear" => Ok(Said::Clear),
        other => Err(format!("the event {other:?} is not known")),
    }
}

/// Writes what Twilio says on one stream.
pub(crate) struct Writer {
    pub(crate) stream_sid: String,
    pub(crate) call_sid: String,
    pub(crate) account_sid: String,
    sequence: u64,
}

impl Writer {
    pub(crate) fn new(stream_sid: String, call_sid: String, account_sid: String) -> Self {
        Self {
            stream_sid,
            call_sid,
            account_sid,
            sequence: 0,
        }
    }

    pub(crate) fn connected(&self) -> String {
        json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}).to_string()
    }

    pub(crate) fn start(&mut self, parameters: Map<String, Value>) -> String {
        let start = json!({
            "streamSid": self.stream_sid, "accountSid": self.account_sid, "callSid": self.call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        });
        self.event("start", start)
    }

    /// The frame that lies at this place on the line, from 0.
    pub(crate) fn media(&mut self, place: u64, sound: &[u8]) -> String {
        let media = json!({
            "track": "inbound", "chunk": (place + 1).to_string(), "timestamp": (place * 20).to_string(),
            "payload": STANDARD.encode(sound),
        });
        self.event("media", media)
    }

    pub(crate) fn dtmf(&mut self, digit: char) -> String {
        self.event(
            "dtmf",
            json!({"track": "inbound_track", "digit": digit.to_string()}),
        )
    }

    pub(crate) fn mark(&mut self, name: &str) -> String {
        self.event("mark", json!({"name": name}))
    }

    pub(crate) fn stop(&mut self) -> String {
        let stop = json!({"accountSid": self.account_sid, "callSid": self.call_sid});
        self.event("stop", stop)
    }

    fn event(&mut self, event: &str, body: Value) -> String {
        self.sequence += 1;
        json!({
            "event": event, "sequenceNumber": self.sequence.to_string(), "streamSid": self.stream_sid, event: body,
        })
        .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_written_as_twilio_writes_them() {
        let mut writer = Writer::new("MZ1".into(), "CA1".into(), "AC1".into());
        let start: Value = serde_json::from_str(&writer.start(Map::new())).unwrap();
        assert_eq!(start["sequenceNumber"], "1");
        assert_eq!(start["start"]["mediaFormat"]["sampleRate"], 8000);
        let media: Value = serde_json::from_str(&writer.media(2, &[0xFF; 160])).unwrap();
        assert_eq!(media["media"]["chunk"], "3");
        assert_eq!(media["media"]["timestamp"], "40");
        assert_eq!(media["media"]["payload"].as_str().unwrap().len(), 216);
        let dtmf: Value = serde_json::from_str(&writer.dtmf('5')).unwrap();
        assert_eq!(
            dtmf["dtmf"],
            json!({"track": "inbound_track", "digit": "5"})
        );
    }

    #[test]
    fn messages_of_an_application_need_the_stream_sid() {
        let clear = r#"{"event":"clear","streamSid":"MZ1"}"#;
        assert_eq!(read(clear, "MZ1"), Ok(Said::Clear));
        assert!(read(clear, "MZ2").is_err());
        assert!(read(r#"{"event":"clear"}"#, "MZ1").is_err());
        assert!(
            read(
                r#"{"event":"media","streamSid":"MZ1","media":{"payload":"?"}}"#,
                "MZ1"
            )
            .is_err()
        );
        let media = r#"{"event":"media","streamSid":"MZ1","media":{"payload":"/w=="}}"#;
        assert_eq!(read(media, "MZ1"), Ok(Said::Media(vec![0xFF])));
    }
}
