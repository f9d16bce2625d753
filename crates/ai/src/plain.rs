//! Answers without NUL characters: a model may write one as `\u0000`, and PostgreSQL cannot keep it.

use serde_json::Value;

/// A text without them.
pub(crate) fn text(text: String) -> String {
    match text.contains('\0') {
        true => text.replace('\0', ""),
        false => text,
    }
}

/// A value in which no text has one. Names of fields are the schema's, which has none.
pub(crate) fn value(value: Value) -> Value {
    match value {
        Value::String(it) => Value::String(text(it)),
        Value::Array(items) => items.into_iter().map(self::value).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            fields.map(|(name, it)| (name, self::value(it))).collect()
        }
        other => other,
    }
}
