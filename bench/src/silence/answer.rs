//! What a chat model answers that was given a JSON schema: something that fits it.

use serde_json::{Map, Value, json};

/// What every recording holds, whoever spoke.
pub const TRANSCRIPT: &str =
    "I led a team of five through a migration and we were done before the summer";
/// Words of it.
const QUOTE: &str = "a team of five";

/// How every written question begins.
pub const QUESTION: &str = "How did you solve problem";

/// A value that fits the schema, in the part of the language that structured output takes. `number` tells one answer from another:
/// no question is written twice.
pub fn fill(schema: &Value, number: u64) -> Value {
    value(schema, "", number)
}

fn value(schema: &Value, name: &str, number: u64) -> Value {
    if let Some(fixed) = schema.get("const") {
        return fixed.clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
        return first.clone();
    }
    for choice in ["anyOf", "oneOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        if let Some(one) = choices.into_iter().find(|one| one["type"] != "null") {
            return value(one, name, number);
        }
    }
    match kind(schema) {
        "object" => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            let fields: Map<String, Value> = properties
                .map(|(name, schema)| (name.clone(), value(schema, name, number)))
                .collect();
            fields.into()
        }
        "array" => {
            let least = schema["minItems"].as_u64().unwrap_or(0).max(1);
            (0..least)
                .map(|_| value(&schema["items"], name, number))
                .collect()
        }
        "integer" => json!(within(schema, 72.0) as i64),
        "number" => json!(within(schema, 72.0)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => json!(words(name, number)),
    }
}

fn kind(schema: &Value) -> &str {
    let one_of = schema["type"].as_array().into_iter().flatten();
    let first = one_of
        .filter_map(Value::as_str)
        .find(|kind| *kind != "null");
    first
        .or_else(|| schema["type"].as_str())
        .unwrap_or("string")
}

fn within(schema: &Value, wish: f64) -> f64 {
    let bound = |name: &str, otherwise: f64| schema[name].as_f64().unwrap_or(otherwise);
    wish.max(bound("minimum", f64::MIN))
        .min(bound("maximum", f64::MAX))
}

fn words(name: &str, number: u64) -> String {
    if name == "say" {
        format!("This is answer {number}, and nobody has heard it before.")
    } else if ["tool", "arguments"].contains(&name) {
        // No tool is used.
        String::new()
    } else if name.contains("question") {
        format!("{QUESTION} number {number} at work?")
    } else if name.contains("quote") {
        QUOTE.to_owned()
    } else {
        "You speak clearly and to the point.".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_fits_the_schema() {
        let schema = json!({
            "type": "object",
            "properties": {
                "score": {"type": "integer", "minimum": 0, "maximum": 10},
                "quote": {"type": "string"},
                "question": {"type": ["string", "null"]},
                "recommendation": {"enum": ["yes", "no"]},
                "strengths": {"type": "array", "items": {"type": "string"}, "minItems": 2},
                "inner": {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"ok": {"type": "boolean"}}}]},
            },
        });
        let answer = fill(&schema, 7);
        assert_eq!(answer["score"], 10);
        assert!(TRANSCRIPT.contains(answer["quote"].as_str().unwrap()));
        assert_eq!(
            answer["question"],
            "How did you solve problem number 7 at work?"
        );
        assert_eq!(answer["recommendation"], "yes");
        assert_eq!(answer["strengths"].as_array().unwrap().len(), 2);
        assert_eq!(answer["inner"], json!({"ok": true}));
    }
}
