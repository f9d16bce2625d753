use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value};

/// A type's name as the API takes it: letters, digits, `_` and `-`, at most 64.
pub(crate) fn name<T: JsonSchema>() -> String {
    let fit = |letter: char| match letter {
        letter if letter.is_ascii_alphanumeric() || letter == '-' => letter,
        _ => '_',
    };
    T::schema_name().chars().map(fit).take(64).collect()
}

/// A type's JSON schema in the part of the language that OpenAI's strict mode takes
/// (<https://platform.openai.com/docs/guides/structured-outputs>): every property is required, none may be added, and there are
/// no defaults and no formats of numbers.
pub(crate) fn strict<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = SchemaGenerator::new(settings)
        .into_root_schema_for::<T>()
        .to_value();
    tighten(&mut schema);
    schema
}

fn tighten(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else {
        return;
    };
    fields.remove("default");
    if fields.get("type").is_some_and(is_number) {
        fields.remove("format");
    }
    if fields.get("type").is_some_and(|kind| kind == "object") {
        // A map cannot be said in strict mode; an object without properties can.
        fields
            .entry("properties")
            .or_insert_with(|| Map::new().into());
    }
    if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(tighten);
        let names = properties.keys().cloned().map(Value::from).collect();
        fields.insert("required".into(), Value::Array(names));
        fields.insert("additionalProperties".into(), false.into());
    }
    for within in ["items", "anyOf", "allOf", "oneOf", "prefixItems"] {
        match fields.get_mut(within) {
            Some(Value::Array(schemas)) => schemas.iter_mut().for_each(tighten),
            Some(schema) => tighten(schema),
            None => {}
        }
    }
}

/// Also of a number that may be null.
fn is_number(kind: &Value) -> bool {
    let number = |kind: &Value| kind == "integer" || kind == "number";
    number(kind)
        || kind
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(number))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "its schema is looked at")]
    struct Outer {
        score: u32,
        inner: Vec<Inner>,
        #[schemars(default)]
        properties: Option<f64>,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "its schema is looked at")]
    struct Inner {
        quote: Option<String>,
    }

    #[test]
    fn everything_is_required_and_nothing_may_be_added() {
        let schema = strict::<Outer>();
        let inner = &schema["properties"]["inner"]["items"];
        assert_eq!(schema["required"], json!(["inner", "properties", "score"]));
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(inner["required"], json!(["quote"]));
        assert_eq!(inner["additionalProperties"], false);
        let text = schema.to_string();
        for word in ["$schema", "$ref", "\"format\"", "\"default\""] {
            assert!(!text.contains(word), "{text}");
        }
        assert_eq!(name::<Vec<Inner>>(), "Array_of_Inner");
    }
}
