//! What a good assistant keeps to.

use std::collections::HashSet;

use phone::E164;

use super::{Assistant, BUILT_IN_TOOLS, Tool};
use crate::field::{FieldError, LONGEST_TEXT, is_language, is_name};

/// The longest instructions, in bytes.
const LONGEST_INSTRUCTIONS: usize = 20_000;
/// The most facts, and the longest of them in bytes.
const FACTS: (usize, usize) = (200, 2_000);
/// The most tools.
const MOST_TOOLS: usize = 32;

impl Assistant {
    /// Notes everything that is wrong.
    pub(super) fn validate(&self, faults: &mut Vec<FieldError>) {
        let mut fault = |path: &str, message: String| faults.push(FieldError::new(path, message));
        if !is_name(&self.name) {
            fault(
                "name",
                "a name is up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit"
                    .to_owned(),
            );
        }
        if self.instructions.trim().is_empty() {
            fault(
                "instructions",
                "is missing: say who the assistant is and what it is for".to_owned(),
            );
        }
        for (path, text, longest) in [
            ("greeting", &self.greeting, LONGEST_TEXT),
            ("recording_notice", &self.recording_notice, LONGEST_TEXT),
            ("apology", &self.apology, LONGEST_TEXT),
            ("instructions", &self.instructions, LONGEST_INSTRUCTIONS),
            ("voice.id", &self.voice.id, 100),
            ("voice.provider", &self.voice.provider, 100),
        ] {
            if text.len() > longest {
                fault(path, format!("is longer than {longest} bytes; shorten it"));
            }
        }
        if !self.language.is_empty() && !is_language(&self.language) {
            let message = "is no BCP 47 tag such as en-US or de-DE".to_owned();
            fault("language", message);
        }
        if self.max_call_s > 14_400 {
            fault("max_call_s", "is not between 0 and 14400".to_owned());
        }
        if self.knowledge.len() > FACTS.0 {
            fault("knowledge", format!("has more than {} facts", FACTS.0));
        }
        for (n, fact) in self.knowledge.iter().enumerate() {
            if fact.len() > FACTS.1 {
                let message = format!("is longer than {} bytes; make two facts of it", FACTS.1);
                fault(&format!("knowledge[{n}]"), message);
            }
        }
        if self.tools.len() > MOST_TOOLS {
            fault("tools", format!("are more than {MOST_TOOLS}"));
        }
        let mut names = HashSet::new();
        for (n, tool) in self.tools.iter().enumerate() {
            let at = |field: &str| format!("tools[{n}].{field}");
            if !names.insert(tool.name.as_str()) {
                fault(&at("name"), format!("{} is there twice", tool.name));
            }
            for (field, message) in tool.faults() {
                fault(&at(field), message);
            }
        }
    }
}

impl Tool {
    /// What is wrong with it, by field.
    fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if !(1..=64).contains(&self.name.len()) || !self.name.chars().all(plain) {
            let message = "a tool's name is up to 64 letters, digits, dashes and underscores";
            faults.push(("name", message.to_owned()));
        }
        if self.description.len() > 1_000 {
            faults.push(("description", "is longer than 1000 bytes".to_owned()));
        }
        if self.deadline_s > 30 {
            faults.push(("deadline_s", "is not between 0 and 30".to_owned()));
        }
        let unused = |given: bool, field, faults: &mut Vec<_>| {
            if given {
                let message = format!("is not a field of {}", self.name);
                faults.push((field, message));
            }
        };
        match self.name.as_str() {
            "transfer" => {
                if let Err(e) = E164::parse(&self.to) {
                    faults.push(("to", format!("names whoever takes over; {e}")));
                }
            }
            _ => unused(!self.to.is_empty(), "to", &mut faults),
        }
        if self.is_built_in() {
            unused(!self.url.is_empty(), "url", &mut faults);
            unused(!self.parameters.is_null(), "parameters", &mut faults);
            return faults;
        }
        if !is_web_address(&self.url) {
            let message = format!(
                "is where the tool is posted to, such as https://host/path; a tool without one is {}",
                BUILT_IN_TOOLS.join(", ")
            );
            faults.push(("url", message));
        }
        let schema = &self.parameters;
        let is_schema = schema["type"] == "object" || schema.get("properties").is_some();
        if !schema.is_null() && !is_schema {
            let message = "is a JSON Schema of an object: {type: object, properties: {...}}";
            faults.push(("parameters", message.to_owned()));
        }
        faults
    }
}

/// Whether it has the form of one; who may be asked is looked at when it is asked.
fn is_web_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic();
    rest.is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
            && text.len() <= 2_000
            && rest.chars().all(plain)
    })
}
