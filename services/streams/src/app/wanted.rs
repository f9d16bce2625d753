//! What of a number's flow decides what its calls are offered.

use events::v1::FlowFound;
use flow::Engine;
use serde_json::Value;

/// The part of a flow that counts before anybody has said a word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Who hears and speaks.
    pub engine: Engine,
    /// The flow's own words about the recording; empty: it has none.
    pub notice: String,
    /// BCP 47; empty: the tenant's.
    pub language: String,
    /// A voice of Twilio's; empty: the tenant's.
    pub voice: String,
    /// Who speaks where Twilio does; empty: Twilio's choice.
    pub voice_provider: String,
}

impl Wanted {
    /// Of a flow; of none, and of one that cannot be read, everything is as usual.
    pub fn of(found: Option<&FlowFound>) -> Self {
        let definition = found.map_or("", |found| found.definition.as_str());
        let flow: Value = serde_json::from_str(definition).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().trim().to_owned();
        let (voice, voice_provider) = match &flow["voice"] {
            Value::Object(named) => {
                let named = |name: &str| named.get(name).map(text).unwrap_or_default();
                (named("id"), named("provider"))
            }
            plain => (text(plain), String::new()),
        };
        Self {
            engine: match flow["engine"].as_str() {
                Some("relay") => Engine::Relay,
                _ => Engine::Media,
            },
            notice: text(&flow["recording_notice"]),
            language: text(&flow["language"]),
            voice,
            voice_provider,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_those_of_either_kind_of_flow() {
        let of = |definition: &str| {
            let found = FlowFound {
                definition: definition.to_owned(),
                ..FlowFound::default()
            };
            Wanted::of(Some(&found))
        };
        let assistant =
            of(r#"{"engine": "relay", "voice": {"provider": "ElevenLabs", "id": "v1"}}"#);
        assert_eq!(assistant.engine, Engine::Relay);
        assert_eq!(assistant.voice, "v1");
        assert_eq!(assistant.voice_provider, "ElevenLabs");
        let bot = of(r#"{"voice": "Polly.Joanna", "recording_notice": " We record this. "}"#);
        assert_eq!(
            (bot.engine, bot.voice.as_str()),
            (Engine::Media, "Polly.Joanna")
        );
        assert_eq!(bot.notice, "We record this.");
        assert_eq!(of("not json"), Wanted::default());
        assert_eq!(Wanted::of(None), Wanted::default());
    }
}
