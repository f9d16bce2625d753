//! A query read strictly: a parameter that there is not, or one with a value that cannot be, is 422 with its name. NUL
//! characters are left out, as in bodies. A parameter with an empty value is unsaid: HTML forms send one for each field
//! that is left blank.

use std::collections::HashSet;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::QueryPayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use url::form_urlencoded::{Serializer, parse};

use crate::strict::without_nul;
use crate::{ApiError, Caller};

/// The parameters of a query. Every field of `T` is optional. `T` is what the route says that it [asks](crate::Route::asks)
/// for: a parameter that is not in it is refused before the handler is asked.
#[derive(Debug, Clone)]
pub struct Query<T>(pub T);

impl<T> Query<T> {
    /// The parameters.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()).map(Self))
    }
}

impl Caller {
    /// The only tenant that a list is of, as the parameter `tenant` of its query names it; none: all.
    ///
    /// # Errors
    ///
    /// 404 for a tenant that this caller may not see.
    pub fn only_tenant(&self, named: Option<&str>) -> Result<Option<String>, ApiError> {
        match named {
            Some(tenant) if !self.may_see(tenant) => Err(ApiError::not_found("tenant")),
            Some(tenant) => Ok(Some(tenant.to_owned())),
            None => Ok(self.tenant.clone()),
        }
    }
}

/// The first parameter of a query that is none of these.
pub(crate) fn unknown(query: &str, known: &[String]) -> Option<String> {
    parse(query.as_bytes())
        .map(|(name, _)| without_nul(&name).into_owned())
        .find(|name| !known.contains(name))
}

/// 422 for a parameter that there is not.
pub(crate) fn refuse(unknown: &str, known: &[String]) -> ApiError {
    // A stranger can put anything into a name.
    let unknown: String = unknown.chars().take(60).collect();
    let message = match known {
        [] => "there is no such parameter; this path takes none".to_owned(),
        known => format!("there is no such parameter; there are {}", known.join(", ")),
    };
    ApiError::invalid(&unknown, message)
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let query = &said(query);
    let error = match web::Query::<T>::from_query(query) {
        Ok(read) => return Ok(read.into_inner()),
        Err(error) => error,
    };
    // The error does not say which parameter it is about, so each is read alone.
    let mut seen = HashSet::new();
    for (name, value) in parse(query.as_bytes()) {
        let alone = Serializer::new(String::new())
            .append_pair(&name, &value)
            .finish();
        if let Err(error) = web::Query::<T>::from_query(&alone) {
            return Err(ApiError::invalid(&name, reason(&error)));
        }
        if !seen.insert(name.clone()) {
            return Err(ApiError::invalid(&name, "is there twice"));
        }
    }
    Err(ApiError::bad_request(reason(&error)))
}

/// The parameters that have a value.
fn said(query: &str) -> String {
    let mut said = Serializer::new(String::new());
    for (name, value) in parse(query.as_bytes()) {
        let value = without_nul(&value);
        if !value.is_empty() {
            said.append_pair(&without_nul(&name), &value);
        }
    }
    said.finish()
}

fn reason(error: &QueryPayloadError) -> String {
    let QueryPayloadError::Deserialize(error) = error else {
        return error.to_string();
    };
    let text = error.to_string();
    match text.split_once(", expected ") {
        Some((unknown, expected)) if unknown.starts_with("unknown field") => {
            format!("there is no such parameter, expected {expected}")
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wanted {
        tenant: Option<String>,
        limit: Option<u32>,
    }

    fn refusal(query: &str) -> String {
        read::<Wanted>(query).unwrap_err().to_string()
    }

    #[test]
    fn query_with_known_parameters_is_read() {
        let wanted: Wanted = read("limit=5&tenant=smith%20co").unwrap();
        assert_eq!(wanted.limit, Some(5));
        assert_eq!(wanted.tenant.as_deref(), Some("smith co"));
        assert!(read::<Wanted>("").is_ok());
    }

    #[test]
    fn nul_characters_are_left_out() {
        let wanted: Wanted = read("tenant=%00smith%00&limit=%005").unwrap();
        assert_eq!(wanted.tenant.as_deref(), Some("smith"));
        assert_eq!(wanted.limit, Some(5));
    }

    #[test]
    fn parameter_with_an_empty_value_is_unsaid() {
        for query in [
            "tenant=&limit=",
            "tenant&limit",
            "limit=%00&tenant=%00",
            "limit=&limit=&",
        ] {
            let wanted: Wanted = read(query).unwrap();
            assert_eq!((wanted.tenant, wanted.limit), (None, None), "{query}");
        }
        let wanted: Wanted = read("limit=&tenant=smith&limit=5").unwrap();
        assert_eq!(wanted.limit, Some(5));
        assert!(read::<Wanted>("tenant=&limit=x").is_err());
    }

    #[test]
    fn query_fault_names_the_parameter() {
        for (query, name) in [
            ("limit=5&colour=red", "colour"),
            ("tenant=a&limit=x", "limit"),
            ("limit=-1", "limit"),
            ("limit=5&limit=6", "limit"),
        ] {
            let refusal = refusal(query);
            assert!(refusal.contains(&format!("{name}: ")), "{query}: {refusal}");
        }
        assert!(refusal("colour=red").contains("`tenant`"));
    }
}
