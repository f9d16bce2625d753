//! The OpenAPI document, made from the route tables.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{Access, Route, Table};

/// OpenAPI 3.1 of the routes that every process has, and of those of roles; each of these says whose it is. What is
/// given twice is described once.
pub fn document(shared: &[Route], roles: &[Table]) -> Value {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|s| s.definitions_path = "/components/schemas".into())
        .into_generator();
    let mut paths = Map::new();
    let shared = shared.iter().map(|route| (None, route));
    let owned = roles
        .iter()
        .flat_map(|(role, routes)| routes.iter().map(move |route| (Some(*role), route)));
    for (role, route) in shared.chain(owned) {
        let item = paths.entry(route.path).or_insert_with(|| json!({}));
        let mut operation = operation(route, &mut generator);
        if let Some(role) = role {
            operation["x-trunkline-role"] = json!(role);
        }
        item[route.method.as_str().to_lowercase()] = operation;
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Trunkline", "version": env!("CARGO_PKG_VERSION") },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
                "serviceKey": { "type": "apiKey", "in": "header", "name": "X-Service-Key" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::operator::SESSION_COOKIE },
                "twilioSignature": { "type": "apiKey", "in": "header", "name": "X-Twilio-Signature" },
            },
        },
    })
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({ "summary": route.summary, "responses": {} });
    let success = match route.gives {
        Some(shape) => {
            json!({ "description": "done", "content": { "application/json": { "schema": shape(generator) } } })
        }
        None => json!({ "description": "done" }),
    };
    operation["responses"]["2XX"] = success;
    operation["responses"]["4XX"] =
        json!({ "description": "refused; `error` says what is wrong and how to mend it" });
    let security = match route.access {
        Access::Public => None,
        Access::Signature => Some(("twilioSignature", "403")),
        Access::Key(_) => Some(("apiKey", "401")),
        Access::Service => Some(("serviceKey", "401")),
        Access::Page => Some(("session", "303")),
    };
    if let Some((scheme, refusal)) = security {
        operation["security"] = json!([{ scheme: [] }]);
        operation["responses"][refusal] =
            json!({ "description": "the credential is missing or wrong" });
        if let Access::Key(_) = route.access {
            operation["security"] = json!([{ scheme: [] }, { "session": [] }]);
        }
    }
    let mut parameters: Vec<Value> = route
        .path
        .split(['{', '}'])
        .skip(1)
        .step_by(2)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    if let Some(shape) = route.query {
        let schema = json!(shape(generator));
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let properties = schema["properties"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        parameters.extend(properties.into_iter().map(|(name, property)| {
            json!({
                "name": name, "in": "query", "required": required.contains(&json!(name)),
                "description": property["description"], "schema": property,
            })
        }));
    }
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(shape) = route.takes {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": shape(generator) } } });
    }
    operation
}

#[cfg(test)]
mod tests {
    use actix_web::{HttpResponse, web};

    use super::*;
    use crate::Method;

    const fn route(path: &'static str) -> Route {
        Route::new(Method::Get, path, Access::Public, "A route", || {
            web::to(|| async { HttpResponse::Ok().finish() })
        })
    }

    const SHARED: &[Route] = &[route("/health")];
    const ONE: &[Route] = &[route("/one")];
    const TWO: &[Route] = &[route("/two")];

    #[test]
    fn each_route_says_whose_it_is() {
        let document = document(SHARED, &[("one", ONE), ("two", TWO), ("one", ONE)]);
        assert_eq!(document["paths"].as_object().unwrap().len(), 3);
        for (path, role) in [
            ("/health", Value::Null),
            ("/one", json!("one")),
            ("/two", json!("two")),
        ] {
            let operation = &document["paths"][path]["get"];
            assert_eq!(operation["summary"], "A route");
            assert_eq!(operation["x-trunkline-role"], role, "{path}");
        }
    }
}
