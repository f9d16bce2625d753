//! A JSON body read strictly: a field that there is not, that stands twice or that has a value that cannot be is 422 with
//! its name. NUL characters are left out, as in what Twilio sends: one of our databases refuses them.

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::{Error, FromRequest, HttpRequest, web};
use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{ApiError, Strict};

/// The JSON body of a request. `T` denies unknown fields, or is a [`Value`] that is read field by field.
#[derive(Debug, Clone)]
pub struct Body<T>(pub T);

/// The same where a request may come without one.
#[derive(Debug, Clone)]
pub struct OptionalBody<T>(pub Option<T>);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = web::Json::<Strict>::from_request(request, payload);
        async move { Ok(Self(read(body.await?.into_inner().0)?)) }.boxed_local()
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for OptionalBody<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let headers = request.headers();
        let is_empty = headers.get(CONTENT_LENGTH).is_none_or(|it| it == "0");
        if is_empty && !headers.contains_key(TRANSFER_ENCODING) {
            return async { Ok(Self(None)) }.boxed_local();
        }
        let body = Body::<T>::from_request(request, payload);
        async move { Ok(Self(Some(body.await?.0))) }.boxed_local()
    }
}

fn read<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        let why = error.into_inner().to_string();
        refusal(&path, &why)
    })
}

/// What serde says of a value at a path, with the name of the field that it is about.
fn refusal(path: &str, why: &str) -> ApiError {
    let path = match path {
        "." => "",
        path => path,
    };
    let named = |start: &str| {
        let (name, rest) = why.strip_prefix(start)?.split_once('`')?;
        // An unknown name is the end of its path already.
        let is_told = path == name || path.ends_with(&format!(".{name}"));
        let field = match (path, is_told) {
            ("", _) => name.to_owned(),
            (_, true) => path.to_owned(),
            (_, false) => format!("{path}.{name}"),
        };
        Some((field, rest.to_owned()))
    };
    if let Some((field, _)) = named("missing field `") {
        return ApiError::invalid(&field, "is missing");
    }
    if let Some((field, rest)) = named("unknown field `") {
        return ApiError::invalid(&field, format!("there is no such field{rest}"));
    }
    ApiError::invalid(if path.is_empty() { "body" } else { path }, why)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its refusals are looked at")]
    struct Thing {
        name: String,
        size: Option<u32>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its refusals are looked at")]
    struct Inner {
        colour: String,
    }

    #[test]
    fn body_fault_names_the_field() {
        for (body, expected) in [
            (r#"{"name": 1}"#, "name: invalid type"),
            (r#"{"size": 1}"#, "name: is missing"),
            (
                r#"{"name": "a", "shape": 1}"#,
                "shape: there is no such field",
            ),
            (r#"{"name": "a", "size": "x"}"#, "size: invalid type"),
            (r#"{"name": "a", "inner": {}}"#, "inner.colour: is missing"),
            (
                r#"{"name": "a", "inner": {"colour": "red", "shade": 1}}"#,
                "inner.shade: there is no such field",
            ),
            ("[]", "body: invalid length"),
            ("7", "body: invalid type"),
        ] {
            let Strict(value) = serde_json::from_str(body).unwrap();
            let refusal = read::<Thing>(value).unwrap_err().to_string();
            assert!(refusal.starts_with(expected), "{body}: {refusal}");
        }
    }
}
