//! A caller's script: what the person on a simulated phone does.

use serde::{Deserialize, Deserializer, Serialize};

use crate::Error;
use crate::media::Media;

/// A scripted call to one of the emulator's numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The number to dial.
    pub number: String,
    /// The caller's own number.
    #[serde(default = "anybody")]
    pub from: String,
    /// The phone that the call was meant for, and whose carrier has forwarded it to the number: sent as `ForwardedFrom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_from: Option<String>,
    /// What the caller does, one after the other. Afterwards they stay on the line until the call ends.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How it should end.
    #[serde(default)]
    pub expect: Option<Expect>,
    /// Whether a person goes on with it by hand after the steps, with `POST /emulator/calls/{sid}/steps`.
    #[serde(default)]
    pub live: bool,
}

fn anybody() -> String {
    "+15550109999".to_owned()
}

/// One thing that a person on the phone does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Listens until something is heard that contains this text: a Say, the name of a Play, or a text message that arrives.
    /// Upper and lower case are the same; the empty text matches anything.
    WaitFor(String),
    /// Presses keys.
    Press(#[serde(deserialize_with = "keys")] String),
    /// Says something.
    Speak(Speech),
    /// Speaks while the platform speaks: waits until it does, and a while more.
    Interrupt(Interruption),
    /// Sends a text message, with pictures or without, to the number that was called.
    Text(Text),
    /// Does nothing for a while.
    Pause(Pause),
    /// Hangs up. As the very first step: while it still rings.
    HangUp(Option<Nothing>),
}

/// A text message: its words alone, or with what it carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    /// The words.
    Words(String),
    /// The words, if any, and the pictures.
    Carrying(Carrying),
}

/// What a text message carries.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carrying {
    /// The words.
    #[serde(default)]
    pub body: String,
    /// Each a web address, `{content_type, data}` with its bytes in base64, or `{content_type, url}`.
    #[serde(default)]
    pub media: Vec<Media>,
}

impl Text {
    /// The words and what comes with them.
    pub(crate) fn parts(&self) -> (&str, &[Media]) {
        match self {
            Self::Words(body) => (body, &[]),
            Self::Carrying(it) => (&it.body, &it.media),
        }
    }
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Speech {
    /// The words, which speech recognition will find.
    #[serde(default)]
    pub text: String,
    /// How long it takes to say them; as long as the words need when unset. Without words it is a murmur.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// A WAV file in place of the simulated voice: a path on the emulator's machine. It takes as long as it lasts; `text` says what
    /// speech recognition finds in it, unless it has the words of a simulated voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wav: Option<String>,
}

/// Speaking into what is being said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interruption {
    /// How long after the platform began to speak.
    #[serde(default)]
    pub after_s: f64,
    /// The words, as in [`Speech`].
    #[serde(default)]
    pub text: String,
    /// How long it takes to say them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// A WAV file in place of the simulated voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wav: Option<String>,
}

impl Interruption {
    pub(crate) fn speech(&self) -> Speech {
        Speech {
            text: self.text.clone(),
            seconds: self.seconds,
            wav: self.wav.clone(),
        }
    }
}

/// Doing nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pause {
    /// For how long.
    pub seconds: f64,
}

/// `{}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// How a scripted call should end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Twilio's word for the end: `completed`, `no-answer`, `busy`, `failed`, `canceled`.
    #[serde(default)]
    pub outcome: Option<String>,
    /// At the latest this long after the call was placed, in the emulator's time.
    #[serde(default)]
    pub within_s: Option<f64>,
}

impl Script {
    /// Reads a script from YAML, of which JSON is a part.
    ///
    /// # Errors
    /// [`Error::Syntax`] and [`Error::Script`], which say where.
    pub fn parse(text: &str) -> Result<Self, Error> {
        // By way of JSON's types, because the YAML reader wants enums written with `!tags`.
        let value: serde_json::Value = serde_yaml_ng::from_str(text).map_err(Error::Syntax)?;
        serde_json::from_value(value).map_err(Error::Script)
    }
}

/// Keys as text; a YAML author writes `press: 1` as readily as `press: "1"`.
fn keys<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Keys {
        Number(u64),
        Text(String),
    }
    Ok(match Keys::deserialize(input)? {
        Keys::Number(number) => number.to_string(),
        Keys::Text(text) => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_contracts_example() {
        let script = Script::parse(
            r#"
number: "+15550100001"
from: "+15550109999"
steps:
- wait_for: "first question"
- press: 1
- speak: {text: "I led a team of five.", seconds: 12}
- text: "My water heater burst"
- text: {body: "Look", media: [{content_type: image/png, data: aGVsbG8=}, "https://example.com/cat.jpg"]}
- pause: {seconds: 2}
- hang_up: {}
expect:
  outcome: completed
  within_s: 30
"#,
        )
        .unwrap();
        assert_eq!(script.steps.len(), 7);
        let Step::Text(text) = &script.steps[4] else {
            panic!("{:?}", script.steps[4]);
        };
        assert_eq!((text.parts().0, text.parts().1.len()), ("Look", 2));
        assert_eq!(script.steps[1], Step::Press("1".into()));
        assert_eq!(script.steps[6], Step::HangUp(Some(Nothing {})));
        assert_eq!(script.expect.unwrap().within_s, Some(30.0));
    }

    #[test]
    fn json_is_a_script_too() {
        let script =
            Script::parse(r#"{"number": "+15550100001", "steps": [{"hang_up": null}]}"#).unwrap();
        assert_eq!(script.from, "+15550109999");
        assert!(Script::parse("number: [").is_err());
        for typo in [
            "number: x\nsteps: [{dance: 1}]",
            "number: x\nform: '+15550109999'",
            "number: x\nsteps: [{pause: {second: 1}}]",
            "number: x\nexpect: {result: completed}",
        ] {
            let refused = Script::parse(typo).unwrap_err().to_string();
            assert!(refused.contains("unknown"), "{refused}");
        }
    }
}
