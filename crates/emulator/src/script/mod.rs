//! A caller's script: what the person on a simulated phone does.

mod player;

use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use player::{Part, play};

use crate::Error;

/// A scripted call to one of the emulator's numbers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Script {
    /// The number to dial.
    pub number: String,
    /// The caller's own number.
    #[serde(default = "anybody")]
    pub from: String,
    /// What the caller does, one after the other. Afterwards they stay on the line until the call ends.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// How it should end.
    #[serde(default)]
    pub expect: Option<Expect>,
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
    /// Sends a text message to the number that was called.
    Text(String),
    /// Does nothing for a while.
    Pause(Pause),
    /// Hangs up. As the very first step: while it still rings.
    HangUp(Option<Nothing>),
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

/// Doing nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// For how long.
    pub seconds: f64,
}

/// `{}`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Nothing {}

/// How a scripted call should end.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
- pause: {seconds: 2}
- hang_up: {}
expect:
  outcome: completed
  within_s: 30
"#,
        )
        .unwrap();
        assert_eq!(script.steps.len(), 6);
        assert_eq!(script.steps[1], Step::Press("1".into()));
        assert_eq!(script.steps[5], Step::HangUp(Some(Nothing {})));
        assert_eq!(script.expect.unwrap().within_s, Some(30.0));
    }

    #[test]
    fn json_is_a_script_too() {
        let script =
            Script::parse(r#"{"number": "+15550100001", "steps": [{"hang_up": null}]}"#).unwrap();
        assert_eq!(script.from, "+15550109999");
        assert!(Script::parse("number: [").is_err());
        assert!(Script::parse("number: x\nsteps: [{dance: 1}]").is_err());
    }
}
