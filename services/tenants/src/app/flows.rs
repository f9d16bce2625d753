//! Flows of a document. They belong to interviews: here they are judged, told, and remembered by a digest, so that the
//! answer can say what is new.

use encryption::key_hash;
use flow::Flow as Definition;
use serde_json::Value;

use super::change::Change;
use super::read::place;
use super::refusal::FieldError;
use crate::db::model::enums::is_name;

/// A flow as it should be. Its rules are those of the crate `flow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowSpec {
    /// Where it stands in the document.
    pub path: String,
    /// The only tenant that has it; none: every tenant.
    pub tenant: Option<String>,
    /// By which numbers and requests name it.
    pub name: String,
    /// `screener`, `coach`, `eligibility` or `conversation`.
    pub kind: &'static str,
    /// The definition with everything that was unsaid, as JSON.
    pub definition: String,
}

/// A flow as it was last applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Empty: for every tenant.
    pub tenant_id: String,
    /// Unique for its tenant.
    pub name: String,
    /// The definition, as JSON.
    pub definition: String,
    /// SHA-256 of the definition, hex.
    pub digest: String,
}

/// Reads one flow of a document. Its faults have the places that they have in the document.
pub(super) fn flow_spec(
    faults: &mut Vec<FieldError>,
    path: String,
    value: Value,
) -> Option<FlowSpec> {
    let Value::Object(mut fields) = value else {
        faults.push(FieldError::new(path, "must be an object with fields"));
        return None;
    };
    let tenant = match fields.remove("tenant") {
        None | Some(Value::Null) => None,
        Some(Value::String(tenant)) if is_name(&tenant) => Some(tenant),
        Some(_) => {
            faults.push(FieldError::new(
                place(&path, "tenant"),
                "is not a tenant's id; leave it out for every tenant",
            ));
            None
        }
    };
    match Definition::read(&Value::Object(fields)) {
        Ok(definition) => Some(FlowSpec {
            path,
            tenant,
            definition: definition.to_value().to_string(),
            kind: definition.kind(),
            name: definition.name().to_owned(),
        }),
        Err(wrong) => {
            let placed = wrong
                .into_iter()
                .map(|fault| FieldError::new(place(&path, &fault.path), fault.message));
            faults.extend(placed);
            None
        }
    }
}

impl FlowSpec {
    /// What only one flow of a document may have. No name has a `/`.
    pub(super) fn identity(&self) -> String {
        format!(
            "{}/{}",
            self.tenant.as_deref().unwrap_or_default(),
            self.name
        )
    }
}

impl Flow {
    /// What a document makes of it.
    pub(super) fn of(spec: &FlowSpec) -> Self {
        Self {
            tenant_id: spec.tenant.clone().unwrap_or_default(),
            name: spec.name.clone(),
            digest: key_hash(&spec.definition),
            definition: spec.definition.clone(),
        }
    }

    /// What becomes of it, by the digest of what was applied before.
    pub(super) fn change(&self, before: Option<&String>) -> Change {
        match before {
            None => Change::Created,
            Some(digest) if *digest == self.digest => Change::Unchanged,
            Some(_) => Change::Updated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(value: Value) -> Result<FlowSpec, Vec<String>> {
        let mut faults = Vec::new();
        let spec = flow_spec(&mut faults, "flows[3]".to_owned(), value);
        spec.ok_or_else(|| faults.into_iter().map(|fault| fault.path).collect())
    }

    #[test]
    fn faults_have_their_place_in_the_document() {
        let bad =
            json!({ "name": "x", "kind": "screener", "questions": ["One?", ""], "tenant": 7 });
        assert_eq!(
            read(bad).unwrap_err(),
            ["flows[3].tenant", "flows[3].questions[1].ask"]
        );
        assert_eq!(read(json!("x")).unwrap_err(), ["flows[3]"]);
    }

    #[test]
    fn what_is_unsaid_makes_no_difference() {
        let short = json!({ "name": "x", "kind": "screener", "questions": ["One?"] });
        let long = json!({ "questions": [{ "id": "q1", "ask": "One?", "expect": "recording" }],
            "kind": "screener", "tenant": null, "name": "x" });
        let short = Flow::of(&read(short).unwrap());
        let long = Flow::of(&read(long).unwrap());
        assert_eq!(short.change(Some(&long.digest)), Change::Unchanged);
        let other = json!({ "name": "x", "kind": "screener", "questions": ["Two?"] });
        let other = Flow::of(&read(other).unwrap());
        assert_eq!(other.change(Some(&long.digest)), Change::Updated);
        assert_eq!(other.change(None), Change::Created);
    }
}
