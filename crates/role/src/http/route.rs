//! A route is a row of a table: from it come registration, authorisation, OpenAPI, and the test that nothing is
//! open by mistake.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;

use super::Scope;

/// HTTP's methods, those we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are HTTP's")]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Delete,
}

impl Method {
    pub(crate) fn http(self) -> actix_web::http::Method {
        match self {
            Self::Get => actix_web::http::Method::GET,
            Self::Head => actix_web::http::Method::HEAD,
            Self::Post => actix_web::http::Method::POST,
            Self::Put => actix_web::http::Method::PUT,
            Self::Delete => actix_web::http::Method::DELETE,
        }
    }
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone: health, and what callers' phones fetch.
    Public,
    /// Twilio: the handler checks `X-Twilio-Signature` itself, over the body that it reads.
    Signature,
    /// An operator or integrator with `X-API-Key`.
    Key(Scope),
    /// Another role, with `X-Service-Key`.
    Service,
}

/// A shape of JSON that goes in or out, for OpenAPI.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The shape of a type.
pub fn shape<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// One row.
#[derive(Clone, Copy)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{names}`. A slash at its end may come or not.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// What it does, for OpenAPI.
    pub summary: &'static str,
    /// The handler, as actix wants it: `|| web::to(handler)`.
    pub handler: fn() -> actix_web::Route,
    /// The JSON body that it takes.
    pub takes: Option<Shape>,
    /// The JSON body that it answers.
    pub gives: Option<Shape>,
}

impl Route {
    /// A row without bodies.
    pub const fn new(
        method: Method,
        path: &'static str,
        access: Access,
        summary: &'static str,
        handler: fn() -> actix_web::Route,
    ) -> Self {
        Self {
            method,
            path,
            access,
            summary,
            handler,
            takes: None,
            gives: None,
        }
    }

    /// Says what JSON it takes.
    #[must_use]
    pub const fn takes(mut self, shape: Shape) -> Self {
        self.takes = Some(shape);
        self
    }

    /// Says what JSON it answers.
    #[must_use]
    pub const fn gives(mut self, shape: Shape) -> Self {
        self.gives = Some(shape);
        self
    }

    /// The path with and without a slash at its end.
    pub(crate) fn paths(&self) -> Vec<String> {
        let bare = self.path.trim_end_matches('/');
        if bare.is_empty() {
            vec!["/".to_owned()]
        } else {
            vec![bare.to_owned(), format!("{bare}/")]
        }
    }
}

/// A role's name and its routes.
pub type Table = (&'static str, &'static [Route]);

/// `?limit=&cursor=` of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
pub struct Page {
    /// How many at most, 1 to 200; 50 unless said.
    pub limit: Option<u32>,
    /// Where the last page ended: its `next_cursor`.
    pub cursor: Option<String>,
}

impl Page {
    /// The limit within its bounds.
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.unwrap_or(50).clamp(1, 200))
    }

    /// Makes a list of rows, of which one more than the limit was asked for, into a page.
    pub fn of<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> String) -> (Vec<T>, Option<String>) {
        let limit = usize::try_from(self.limit()).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id);
        (rows, next)
    }
}
