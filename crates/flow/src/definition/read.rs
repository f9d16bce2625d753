//! Reading a definition as an operator wrote it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Definition, Expect, Kind, Question};
use crate::field::FieldError;

impl Definition {
    /// Reads a definition as it stands in an apply file or a request.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its field.
    pub fn read(value: &Value) -> Result<Self, Vec<FieldError>> {
        let Value::Object(fields) = value else {
            return Err(vec![FieldError::new(
                "",
                "a flow is an object with name, kind and questions",
            )]);
        };
        let mut faults = Vec::new();
        let mut definition = take(fields, &mut faults);
        definition.number_questions();
        if faults.is_empty() {
            definition.validate(&mut faults);
        }
        if faults.is_empty() {
            Ok(definition)
        } else {
            Err(faults)
        }
    }
}

/// Field by field, so that every fault is found and each has its name.
fn take(fields: &Map<String, Value>, faults: &mut Vec<FieldError>) -> Definition {
    let mut found = Definition::default();
    let mut kind = None;
    for (name, value) in fields {
        macro_rules! into {
            ($target:expr) => {
                match serde_json::from_value(value.clone()) {
                    Ok(read) => $target = read,
                    Err(e) => faults.push(FieldError::new(name.as_str(), e.to_string())),
                }
            };
        }
        match name.as_str() {
            "name" => into!(found.name),
            "kind" => into!(kind),
            "engine" => into!(found.engine),
            "language" => into!(found.language),
            "voice" => into!(found.voice),
            "topic" => into!(found.topic),
            "greeting" => into!(found.greeting),
            "recording_notice" => into!(found.recording_notice),
            "questions" => found.questions = questions(value, faults),
            "written" => into!(found.written),
            "fallback_questions" => into!(found.fallback_questions),
            "answer" => into!(found.answer),
            "wait_ms" => into!(found.wait_ms),
            "spoken_feedback" => into!(found.spoken_feedback),
            "feedback_wait_s" => into!(found.feedback_wait_s),
            "completion" => into!(found.completion),
            "criteria" => into!(found.criteria),
            "rule" => into!(found.rule),
            "eligible" => into!(found.eligible),
            "not_eligible" => into!(found.not_eligible),
            "unclear" => into!(found.unclear),
            "max_call_s" => into!(found.max_call_s),
            "ring_s" => into!(found.ring_s),
            "machine" => into!(found.machine),
            "quiet_hours" => into!(found.quiet_hours),
            "retry" => into!(found.retry),
            "ai" => into!(found.ai),
            other => faults.push(FieldError::new(other, "there is no such field in a flow")),
        }
    }
    match kind {
        Some(kind) => found.kind = kind,
        None if faults.iter().any(|fault| fault.path == "kind") => {}
        None => faults.push(FieldError::new(
            "kind",
            "is missing: screener, coach, eligibility or conversation",
        )),
    }
    if found.kind == Kind::Coach && !fields.contains_key("spoken_feedback") {
        found.spoken_feedback = true;
    }
    found
}

fn questions(value: &Value, faults: &mut Vec<FieldError>) -> Vec<Question> {
    let Value::Array(items) = value else {
        faults.push(FieldError::new("questions", "is not a list"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (n, item) in items.iter().enumerate() {
        // A question may be its words alone.
        let read = match item {
            Value::String(ask) => Ok(Question {
                id: String::new(),
                ask: ask.clone(),
                expect: Expect::Recording,
            }),
            other => Question::deserialize(other),
        };
        match read {
            Ok(question) => found.push(question),
            Err(e) => faults.push(FieldError::new(format!("questions[{n}]"), e.to_string())),
        }
    }
    found
}
