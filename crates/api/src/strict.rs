//! JSON and YAML as they are written: a field that stands twice in one mapping is a fault, not the last one's. NUL
//! characters are left out.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

/// A value in which no mapping has a field twice. With a derived reader, and with `serde_json::Value`, the first of the
/// two is silently gone. No text in it has a NUL character: PostgreSQL refuses them, and nobody types one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Strict(pub Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Place(String::new()).deserialize(from).map(Self)
    }
}

/// Where the value stands, such as `tenants[0].numbers`.
struct Place(String);

impl Place {
    fn shown(&self) -> &str {
        match self.0.as_str() {
            "" => "the document",
            place => place,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Place {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.deserialize(from)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_u64<E>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_f64<E>(self, it: f64) -> Result<Value, E> {
        Ok(Number::from_f64(it).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, it: &str) -> Result<Value, E> {
        Ok(without_nul(it).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) =
            items.next_element_seed(Place(format!("{}[{}]", self.0, all.len())))?
        {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(Name(name)) = fields.next_key()? {
            let inner = match self.0.as_str() {
                "" => name.clone(),
                place => format!("{place}.{name}"),
            };
            if all.contains_key(&name) {
                let place = self.shown();
                return Err(A::Error::custom(format!(
                    "{name} stands twice in {place}; only one can be meant"
                )));
            }
            let value = fields.next_value_seed(Place(inner))?;
            all.insert(name, value);
        }
        Ok(Value::Object(all))
    }
}

/// A text without NUL characters.
pub(crate) fn without_nul(text: &str) -> Cow<'_, str> {
    match text.contains('\0') {
        true => text.replace('\0', "").into(),
        false => text.into(),
    }
}

/// The name of a field. YAML takes `on:` and `94110:` for others than texts.
struct Name(String);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match Place(String::new()).deserialize(from)? {
            Value::String(name) => Ok(Self(name)),
            value @ (Value::Bool(_) | Value::Number(_)) => Ok(Self(value.to_string())),
            _ => Err(D::Error::custom("a field's name must be a text")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nul_characters_are_left_out() {
        let Strict(read) =
            serde_json::from_str(r#"{"na\u0000me": ["\u0000ST\u0000OP\u0001"]}"#).unwrap();
        assert_eq!(read, serde_json::json!({ "name": ["STOP\u{1}"] }));
        // Half of a pair is no character at all.
        assert!(serde_json::from_str::<Strict>(r#""\ud800""#).is_err());
    }

    #[test]
    fn field_that_stands_twice_is_named_with_its_place() {
        let read = |text: &str| serde_json::from_str::<Strict>(text);
        let good = r#"{"a": [1, -2, 0.5, true, null, "\ud83d\ude00\/"], "b": {"a": {}}}"#;
        let expected: Value = serde_json::from_str(good).unwrap();
        assert_eq!(read(good).unwrap().0, expected);
        for (bad, what) in [
            (r#"{"a": 1, "a": 1}"#, "a stands twice in the document"),
            (
                r#"{"tenants": [{}, {"name": "x", "numbers": [], "name": "y"}]}"#,
                "name stands twice in tenants[1]",
            ),
        ] {
            let why = read(bad).unwrap_err().to_string();
            assert!(why.starts_with(what), "{why}");
        }
    }
}
