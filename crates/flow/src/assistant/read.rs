//! Reading an assistant as it stands in an apply file or a request.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Assistant, Tool};
use crate::field::FieldError;

/// Reads it whole: every fault with its field.
pub(crate) fn read(fields: &Map<String, Value>) -> Result<Assistant, Vec<FieldError>> {
    let mut faults = Vec::new();
    let mut found = Assistant {
        kind: Assistant::KIND.to_owned(),
        max_call_s: 600,
        ..Assistant::default()
    };
    for (name, value) in fields {
        let mut reading = Reading {
            name,
            value,
            faults: &mut faults,
        };
        match name.as_str() {
            "name" => reading.read(&mut found.name),
            "kind" => {}
            "engine" => reading.read(&mut found.engine),
            "language" => reading.read(&mut found.language),
            "voice" => reading.read(&mut found.voice),
            "greeting" => reading.read(&mut found.greeting),
            "recording_notice" => reading.read(&mut found.recording_notice),
            "instructions" => reading.read(&mut found.instructions),
            "knowledge" => reading.read(&mut found.knowledge),
            "tools" => found.tools = tools(value, &mut faults),
            "apology" => reading.read(&mut found.apology),
            "max_call_s" => reading.read(&mut found.max_call_s),
            "ai" => reading.read(&mut found.ai),
            other => faults.push(FieldError::new(
                other,
                "there is no such field in a flow of the kind conversation",
            )),
        }
    }
    if faults.is_empty() {
        found.validate(&mut faults);
    }
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(faults)
    }
}

/// One field being read.
struct Reading<'a> {
    name: &'a str,
    value: &'a Value,
    faults: &'a mut Vec<FieldError>,
}

impl Reading<'_> {
    fn read<T: DeserializeOwned>(&mut self, target: &mut T) {
        match serde_json::from_value(self.value.clone()) {
            Ok(read) => *target = read,
            Err(e) => self.faults.push(FieldError::new(self.name, e.to_string())),
        }
    }
}

fn tools(value: &Value, faults: &mut Vec<FieldError>) -> Vec<Tool> {
    let Value::Array(items) = value else {
        faults.push(FieldError::new("tools", "is not a list"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (n, item) in items.iter().enumerate() {
        match serde_json::from_value(item.clone()) {
            Ok(tool) => found.push(tool),
            Err(e) => faults.push(FieldError::new(format!("tools[{n}]"), e.to_string())),
        }
    }
    found
}
