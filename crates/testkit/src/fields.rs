//! What an answer has.

use serde_json::Value;

/// The names of an object's fields, in order, for an answer that has these and no others.
///
/// # Panics
/// When it is no object.
pub fn fields(value: &Value) -> Vec<&str> {
    let object = value.as_object().unwrap();
    let mut names: Vec<_> = object.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
