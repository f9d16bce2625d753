//! A flow of any kind, as numbers name it and as it travels.

use serde_json::Value;

use crate::assistant::{self, Assistant};
use crate::definition::Definition;
use crate::field::FieldError;

/// What a number's calls follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flow {
    /// A screener, a coach or an eligibility check: scripted.
    Interview(Box<Definition>),
    /// `kind: conversation`: free.
    Assistant(Box<Assistant>),
}

impl Flow {
    /// Reads a flow as it stands in an apply file, a request or the store. `kind` says which.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its field.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        match value {
            Value::Object(fields)
                if fields
                    .get("kind")
                    .is_some_and(|kind| kind == Assistant::KIND) =>
            {
                assistant::read(fields).map(|it| Self::Assistant(Box::new(it)))
            }
            _ => Definition::read(value).map(|it| Self::Interview(Box::new(it))),
        }
    }

    /// By which numbers name it.
    pub fn name(&self) -> &str {
        match self {
            Self::Interview(it) => &it.name,
            Self::Assistant(it) => &it.name,
        }
    }

    /// `screener`, `coach`, `eligibility` or `conversation`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Interview(it) => it.kind.as_str(),
            Self::Assistant(_) => Assistant::KIND,
        }
    }

    /// As it is kept and published, with everything that was left out.
    pub fn to_value(&self) -> Value {
        match self {
            Self::Interview(it) => it.to_value(),
            Self::Assistant(it) => it.to_value(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ai::Engine;

    /// As in the contract.
    fn front_desk() -> Value {
        json!({
            "name": "front-desk", "kind": "conversation", "engine": "media",
            "greeting": "Harbor Dental, how can I help?",
            "instructions": "You are the receptionist of Harbor Dental.",
            "knowledge": ["Open Monday to Friday, 8 to 17.", "A check-up costs 90 dollars."],
            "tools": [
                { "name": "transfer", "to": "+15550100012" },
                { "name": "send_text" },
                { "name": "hang_up" },
                { "name": "book", "url": "https://calendar.example/book",
                  "parameters": { "type": "object", "properties": { "time": { "type": "string" } }, "required": ["time"] } },
            ],
            "voice": { "provider": "elevenlabs", "id": "Rachel" },
            "max_call_s": 600,
        })
    }

    fn faults(value: &Value) -> Vec<String> {
        let faults = Flow::read(value).unwrap_err();
        faults
            .into_iter()
            .map(|fault: FieldError| fault.path)
            .collect()
    }

    #[test]
    fn assistant_of_the_contract_is_read_and_kept() {
        let flow = Flow::read(&front_desk()).unwrap();
        assert_eq!((flow.name(), flow.kind()), ("front-desk", "conversation"));
        let Flow::Assistant(assistant) = &flow else {
            unreachable!("{flow:?}")
        };
        assert_eq!(assistant.engine, Engine::Media);
        assert_eq!(assistant.tool("transfer").unwrap().to, "+15550100012");
        assert!(!assistant.tool("book").unwrap().is_built_in());
        let kept = flow.to_value();
        assert_eq!(Assistant::stored(&kept).unwrap(), **assistant);
        assert_eq!(Flow::read(&kept).unwrap(), flow);
    }

    #[test]
    fn assistant_faults_are_named_by_their_fields() {
        let bad = json!({ "name": "x", "kind": "conversation", "engine": "steam", "questions": [],
            "tools": [{ "name": "transfer", "call": 1 }, 7] });
        assert_eq!(
            faults(&bad),
            ["engine", "questions", "tools[0]", "tools[1]"]
        );
        let bad = json!({ "name": "-", "kind": "conversation", "language": "english", "max_call_s": 99_999,
            "knowledge": ["x".repeat(2_001)],
            "tools": [{ "name": "transfer" }, { "name": "hang_up", "url": "https://x.example" }, { "name": "book" },
                { "name": "book", "url": "https://x.example", "parameters": { "type": "string" } }, { "name": "a b", "url": "ftp://x" }] });
        assert_eq!(
            faults(&bad),
            [
                "name",
                "instructions",
                "language",
                "max_call_s",
                "knowledge[0]",
                "tools[0].to",
                "tools[1].url",
                "tools[2].url",
                "tools[3].name",
                "tools[3].parameters",
                "tools[4].name",
                "tools[4].url",
            ]
        );
    }

    #[test]
    fn flow_of_another_kind_is_an_interview() {
        let flow =
            Flow::read(&json!({ "name": "s", "kind": "screener", "questions": ["One?"] })).unwrap();
        assert!(matches!(flow, Flow::Interview(_)));
        assert_eq!((flow.name(), flow.kind()), ("s", "screener"));
        assert_eq!(
            faults(&json!({ "name": "x", "kind": "robot", "questions": ["One?"] })),
            ["kind"]
        );
        assert_eq!(faults(&json!(7)), [""]);
    }
}
