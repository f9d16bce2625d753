//! The messages of ConversationRelay, read and written: words in place of sound.

use serde::Deserialize;
use serde_json::{Value, json};

use super::wire::{Incoming, Malformed, Start};

/// The most of a caller's words that is taken, in bytes: a minute of fast speech is 1,500.
const LONGEST: usize = 8_000;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Message {
    #[serde(rename_all = "camelCase")]
    Setup {
        session_id: String,
        #[serde(default)]
        call_sid: String,
        #[serde(default)]
        account_sid: String,
        #[serde(default)]
        custom_parameters: Value,
    },
    #[serde(rename_all = "camelCase")]
    Prompt {
        voice_prompt: String,
        #[serde(default = "yes")]
        last: bool,
    },
    Dtmf {
        digit: String,
    },
    #[serde(rename_all = "camelCase")]
    Interrupt {
        #[serde(default)]
        utterance_until_interrupt: String,
    },
    Error {
        #[serde(default)]
        description: String,
    },
    #[serde(other)]
    Other,
}

fn yes() -> bool {
    true
}

/// Reads a message.
pub fn read(text: &str) -> Result<Incoming, Malformed> {
    let message: Message = serde_json::from_str(text).map_err(|_| Malformed::Unreadable)?;
    Ok(match message {
        Message::Setup {
            session_id,
            call_sid,
            account_sid,
            custom_parameters,
        } => Incoming::Start(Start {
            stream_sid: session_id,
            call_sid,
            account_sid,
            session: custom_parameters["session"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        }),
        Message::Prompt { voice_prompt, .. } if voice_prompt.len() > LONGEST => {
            return Err(Malformed::Payload);
        }
        Message::Prompt {
            voice_prompt,
            last: true,
        } => Incoming::Words(voice_prompt),
        // The caller is still speaking: all of it comes again at the end.
        Message::Prompt { last: false, .. } | Message::Other => Incoming::Other,
        Message::Dtmf { digit } => {
            let digit = digit.chars().next();
            Incoming::Digit(digit.ok_or(Malformed::Unreadable)?)
        }
        Message::Interrupt {
            utterance_until_interrupt,
        } => Incoming::Interrupted(utterance_until_interrupt),
        Message::Error { description } => Incoming::Trouble(description),
    })
}

/// Words to be spoken. What follows in the same reply is told apart by the space at its end.
pub fn text(text: &str, last: bool, interruptible: bool) -> String {
    let token = match last {
        true => text.to_owned(),
        false => format!("{text} "),
    };
    json!({"type": "text", "token": token, "last": last, "interruptible": interruptible})
        .to_string()
}

/// The conversation is over, and the call goes on with what follows in its document.
pub fn end() -> String {
    json!({"type": "end"}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_twilio_writes_them() {
        let setup = r#"{"type":"setup","sessionId":"VX1","accountSid":"AC1","callSid":"CA1","from":"+1","customParameters":{"session":"s"}}"#;
        let start = Start {
            stream_sid: "VX1".into(),
            call_sid: "CA1".into(),
            account_sid: "AC1".into(),
            session: "s".into(),
        };
        assert_eq!(read(setup), Ok(Incoming::Start(start)));
        let prompt = r#"{"type":"prompt","voicePrompt":"hello","lang":"en-US","last":true}"#;
        assert_eq!(read(prompt), Ok(Incoming::Words("hello".into())));
        let part = r#"{"type":"prompt","voicePrompt":"hel","lang":"en-US","last":false}"#;
        assert_eq!(read(part), Ok(Incoming::Other));
        assert_eq!(
            read(r##"{"type":"dtmf","digit":"#"}"##),
            Ok(Incoming::Digit('#'))
        );
        let interrupt = r#"{"type":"interrupt","utteranceUntilInterrupt":"Life is","durationUntilInterruptMs":"460"}"#;
        assert_eq!(read(interrupt), Ok(Incoming::Interrupted("Life is".into())));
        let error = r#"{"type":"error","description":"Invalid message"}"#;
        assert_eq!(read(error), Ok(Incoming::Trouble("Invalid message".into())));
        assert_eq!(read(r#"{"type":"info"}"#), Ok(Incoming::Other));
        for text in ["", "[]", r#"{"type":"setup"}"#, r#"{"event":"start"}"#] {
            assert_eq!(read(text), Err(Malformed::Unreadable), "{text}");
        }
        let long = format!(
            r#"{{"type":"prompt","voicePrompt":"{}"}}"#,
            "a".repeat(LONGEST + 1)
        );
        assert_eq!(read(&long), Err(Malformed::Payload));
    }

    #[test]
    fn words_are_written_as_twilio_reads_them() {
        let value: Value = serde_json::from_str(&text("Hi.", false, true)).unwrap();
        assert_eq!(
            value,
            json!({"type": "text", "token": "Hi. ", "last": false, "interruptible": true})
        );
    }
}
