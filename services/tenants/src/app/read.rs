//! Reading JSON by hand: every fault is found and named by its place, where a derived reader stops at the first.

use std::fmt::Display;

use serde_json::{Map, Value};

use super::refusal::FieldError;

/// One object being read. Faults of all of them gather in one list.
pub struct Reader<'a> {
    faults: &'a mut Vec<FieldError>,
    path: String,
    map: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

/// The place of a field.
pub(super) fn place(path: &str, field: &str) -> String {
    if path.is_empty() {
        field.to_owned()
    } else {
        format!("{path}.{field}")
    }
}

/// Reads the object at `path`; `None` when it is not one.
pub fn object<T>(
    faults: &mut Vec<FieldError>,
    path: String,
    value: &Value,
    read: impl FnOnce(&mut Reader<'_>) -> T,
) -> Option<T> {
    let Value::Object(map) = value else {
        faults.push(FieldError::new(path, "must be an object with fields"));
        return None;
    };
    let mut reader = Reader {
        faults,
        path,
        map,
        known: Vec::new(),
    };
    let it = read(&mut reader);
    reader.refuse_unknown();
    Some(it)
}

impl Reader<'_> {
    /// The place of a field.
    pub fn place(&self, field: &str) -> String {
        match (self.path.is_empty(), field.is_empty()) {
            (true, _) => field.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{field}", self.path),
        }
    }

    /// Notes a fault of a field.
    pub fn fault(&mut self, field: &str, message: impl Display) {
        let place = self.place(field);
        self.faults.push(FieldError::new(place, message));
    }

    /// The field as it came; null counts as unsaid.
    pub fn value(&mut self, field: &'static str) -> Option<&Value> {
        self.known.push(field);
        self.map.get(field).filter(|value| !value.is_null())
    }

    /// Whether the field was said to be nothing.
    pub fn is_null(&mut self, field: &'static str) -> bool {
        self.known.push(field);
        self.map.get(field).is_some_and(Value::is_null)
    }

    /// Passes over fields that we show and do not take.
    pub fn ignore(&mut self, fields: &[&'static str]) {
        self.known.extend(fields);
    }

    /// Notes a field that has to be there.
    pub fn require(&mut self, field: &'static str) {
        if self.value(field).is_none() {
            self.fault(field, "is missing");
        }
    }

    /// A field in a form of its own.
    pub fn parse<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&Value) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.value(field)?) {
            Ok(it) => Some(it),
            Err(e) => {
                let message = e.to_string();
                self.fault(field, message);
                None
            }
        }
    }

    /// A text in a form of its own. A blank one counts as unsaid.
    pub fn text<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let blank =
            matches!(self.map.get(field), Some(Value::String(text)) if text.trim().is_empty());
        if blank {
            self.known.push(field);
            return None;
        }
        self.parse(field, |value| match value {
            Value::String(text) => parse(text.trim()).map_err(|e| e.to_string()),
            Value::Number(_) => Err("must be a text; put it in quotes".to_owned()),
            _ => Err("must be a text".to_owned()),
        })
    }

    /// Any text of at most so many characters, without control characters but line ends.
    pub fn words(&mut self, field: &'static str, limit: usize) -> Option<String> {
        self.text(field, |text| {
            let count = text.chars().count();
            if count > limit {
                return Err(format!(
                    "has {count} characters; at most {limit} are allowed"
                ));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return Err("has a control character in it".to_owned());
            }
            Ok(text.to_owned())
        })
    }

    /// A whole number within bounds.
    pub fn number(&mut self, field: &'static str, least: u32, most: u32) -> Option<u32> {
        self.parse(field, |value| {
            let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
            number
                .filter(|n| (least..=most).contains(n))
                .ok_or_else(|| format!("must be a whole number from {least} to {most}"))
        })
    }

    /// True or false.
    pub fn flag(&mut self, field: &'static str) -> Option<bool> {
        self.parse(field, |value| {
            value.as_bool().ok_or("must be true or false")
        })
    }

    /// An object within.
    pub fn object<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Reader<'_>) -> T,
    ) -> Option<T> {
        self.known.push(field);
        let value = self.map.get(field).filter(|value| !value.is_null())?;
        object(self.faults, self.place(field), value, read)
    }

    /// A list; each item with its place.
    pub fn items(&mut self, field: &'static str) -> Vec<(String, Value)> {
        let place = self.place(field);
        let items = self.parse(field, |value| match value {
            Value::Array(items) => Ok(items.clone()),
            _ => Err("must be a list"),
        });
        let items = items.unwrap_or_default().into_iter().enumerate();
        items
            .map(|(n, item)| (format!("{place}[{n}]"), item))
            .collect()
    }

    /// A list of things with rules of their own.
    pub fn each<T>(
        &mut self,
        field: &'static str,
        mut read: impl FnMut(&mut Vec<FieldError>, String, Value) -> Option<T>,
    ) -> Vec<T> {
        let items = self.items(field).into_iter();
        let faults = &mut *self.faults;
        items
            .filter_map(|(place, item)| read(faults, place, item))
            .collect()
    }

    /// A list of objects.
    pub fn list<T>(
        &mut self,
        field: &'static str,
        mut read: impl FnMut(&mut Reader<'_>) -> T,
    ) -> Vec<T> {
        self.each(field, |faults, place, item| {
            object(faults, place, &item, &mut read)
        })
    }

    /// A list of texts in a form of their own.
    pub fn texts<T, E: Display>(
        &mut self,
        field: &'static str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Vec<T> {
        let items = self.items(field);
        let mut all = Vec::with_capacity(items.len());
        for (place, item) in items {
            match item.as_str().map(&parse) {
                Some(Ok(it)) => all.push(it),
                Some(Err(e)) => self.faults.push(FieldError::new(place, e)),
                None => self
                    .faults
                    .push(FieldError::new(place, "must be a text; put it in quotes")),
            }
        }
        all
    }

    fn refuse_unknown(&mut self) {
        let mut known = self.known.clone();
        known.sort_unstable();
        known.dedup();
        let unknown: Vec<&String> = self
            .map
            .keys()
            .filter(|k| !known.contains(&k.as_str()))
            .collect();
        for field in unknown {
            let message = format!("is not a field; there are {}", known.join(", "));
            self.fault(field, message);
        }
    }
}
