//! Reading a request's body field by field: every fault is found and has its field, where a derived reader stops at
//! the first and names none.

use std::fmt::Display;

use api::{ApiError, Caller};
use chrono_tz::Tz;
use flow::{FieldError, is_language, is_name};
use serde_json::{Map, Value};

/// A body being read.
pub(super) struct Reader {
    map: Map<String, Value>,
    faults: Vec<FieldError>,
}

impl Reader {
    /// Of a body that has to be an object.
    pub(super) fn of(body: Value) -> Result<Self, ApiError> {
        match body {
            Value::Object(map) => Ok(Self {
                map,
                faults: Vec::new(),
            }),
            _ => Err(ApiError::invalid("body", "must be an object with fields")),
        }
    }

    /// The tenant that is named. A key that is bound to one may name no other.
    pub(super) fn tenant(&mut self, caller: &Caller) -> Option<String> {
        // An apply file says `tenant`, an answer `tenant_id`.
        if let (Some(tenant), false) = (
            self.map.remove("tenant"),
            self.map.contains_key("tenant_id"),
        ) {
            self.map.insert("tenant_id".to_owned(), tenant);
        }
        let named = self.text("tenant_id", 64, |text| match is_name(text) {
            true => Ok(text.to_owned()),
            false => Err("is not a tenant's id"),
        })?;
        if caller.tenant.as_ref().is_some_and(|own| *own != named) {
            self.fault("tenant_id", "this API key is bound to another tenant");
        }
        Some(named)
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, field: impl Into<String>, message: impl Display) {
        self.faults.push(FieldError {
            path: field.into(),
            message: message.to_string(),
        });
    }

    /// A text of at most so many bytes, in a form of its own. A blank one counts as unsaid, and so does null.
    pub(super) fn text<T, E: Display>(
        &mut self,
        field: &str,
        limit: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let parsed = match self.map.remove(field)? {
            Value::Null => return None,
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) if text.len() > limit => Err(format!(
                "has {} bytes; at most {limit} are taken",
                text.len()
            )),
            Value::String(text) => parse(clean(&text).trim()).map_err(|e| e.to_string()),
            _ => Err("must be a text; put it in quotes".to_owned()),
        };
        match parsed {
            Ok(it) => Some(it),
            Err(why) => {
                self.fault(field, why);
                None
            }
        }
    }

    /// Any text of at most so many bytes.
    pub(super) fn words(&mut self, field: &str, limit: usize) -> Option<String> {
        self.text(field, limit, |text| Ok::<_, String>(text.to_owned()))
    }

    /// What has to be there.
    pub(super) fn required<T: Default>(
        &mut self,
        field: &str,
        read: impl FnOnce(&mut Self) -> Option<T>,
    ) -> T {
        let before = self.faults.len();
        let found = read(self);
        if found.is_none() && self.faults.len() == before {
            self.fault(field, "is missing");
        }
        found.unwrap_or_default()
    }

    /// A text that may be empty, which says something else than none.
    pub(super) fn said(&mut self, field: &str) -> Option<String> {
        match self.map.remove(field)? {
            Value::Null => None,
            Value::String(text) => Some(text),
            _ => {
                self.fault(field, "must be a text; put it in quotes");
                None
            }
        }
    }

    /// A whole number from 0 to so much.
    pub(super) fn number(&mut self, field: &str, most: i64) -> Option<i64> {
        let value = self.map.remove(field).filter(|it| !it.is_null())?;
        let number = value.as_i64().filter(|n| (0..=most).contains(n));
        if number.is_none() {
            self.fault(field, format!("must be a whole number from 0 to {most}"));
        }
        number
    }

    /// True or false.
    pub(super) fn flag(&mut self, field: &str) -> Option<bool> {
        match self.map.remove(field)? {
            Value::Null => None,
            Value::Bool(flag) => Some(flag),
            _ => {
                self.fault(field, "must be true or false");
                None
            }
        }
    }

    /// An IANA name.
    pub(super) fn timezone(&mut self, field: &str) -> Option<String> {
        self.text(field, 64, |text| {
            text.parse::<Tz>()
                .map(|zone| zone.name().to_owned())
                .map_err(|_| "is no IANA time zone such as Europe/Berlin")
        })
    }

    /// A BCP 47 tag.
    pub(super) fn language(&mut self, field: &str) -> Option<String> {
        self.text(field, 35, |text| match is_language(text) {
            true => Ok(text.to_owned()),
            false => Err("is no BCP 47 tag such as en-US or de-DE"),
        })
    }

    /// A list of texts, at most so many of at most so many bytes.
    pub(super) fn texts(&mut self, field: &str, most: usize, limit: usize) -> Vec<String> {
        let items = match self.map.remove(field) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) => items,
            Some(_) => {
                self.fault(field, "must be a list of texts");
                return Vec::new();
            }
        };
        if items.len() > most {
            self.fault(
                field,
                format!("has {} of them; at most {most} are taken", items.len()),
            );
            return Vec::new();
        }
        let mut texts = Vec::with_capacity(items.len());
        for (n, item) in items.into_iter().enumerate() {
            match item {
                Value::String(text) if text.trim().is_empty() => {
                    self.fault(format!("{field}[{n}]"), "is empty");
                }
                Value::String(text) if text.len() > limit => self.fault(
                    format!("{field}[{n}]"),
                    format!("has {} bytes; at most {limit} are taken", text.len()),
                ),
                Value::String(text) => texts.push(clean(&text).trim().to_owned()),
                _ => self.fault(format!("{field}[{n}]"), "must be a text; put it in quotes"),
            }
        }
        texts
    }

    /// What is left of the body when some fields have been taken out, for a reader of its own.
    pub(super) fn rest(self) -> Result<Value, ApiError> {
        match self.faults.is_empty() {
            true => Ok(Value::Object(self.map)),
            false => Err(invalid(&self.faults)),
        }
    }

    /// Ends the reading: refuses what is left over, and everything that was wrong.
    pub(super) fn done(mut self) -> Result<(), ApiError> {
        let unknown: Vec<String> = self.map.keys().cloned().collect();
        for field in unknown {
            self.fault(field, "there is no such field");
        }
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(invalid(&self.faults)),
        }
    }
}

/// 422 with every fault, each with its field.
pub(super) fn invalid(faults: &[FieldError]) -> ApiError {
    ApiError::invalid_fields(faults.iter().map(|it| (&*it.path, &*it.message)))
}

/// Without control characters, of which texts taken from a PDF are full and one of which no database keeps.
fn clean(text: &str) -> String {
    let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    text.chars().filter(kept).collect()
}
