//! A route is a row of a table: from it come registration, authorisation, OpenAPI, and the test that nothing is
//! open by mistake.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error;
use serde::{Deserialize, Deserializer};

use crate::Scope;

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
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }

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
    /// A person with a session, at a page: the handler looks the session up itself, and leads to the sign-in without one.
    Page,
}

/// A shape of JSON that goes in or out, for OpenAPI.
pub type Shape = fn(&mut SchemaGenerator) -> Schema;

/// The shape of a type.
pub fn shape<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The shape of a query, whose fields are its parameters.
pub fn query_shape<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
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
    /// The parameters of its query.
    pub query: Option<Shape>,
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
            query: None,
            takes: None,
            gives: None,
        }
    }

    /// Says which parameters its query has: [`query_shape`].
    #[must_use]
    pub const fn asks(mut self, shape: Shape) -> Self {
        self.query = Some(shape);
        self
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

    /// The names of its query's parameters.
    pub(crate) fn parameters(&self) -> Vec<String> {
        let Some(shape) = self.query else {
            return Vec::new();
        };
        let schema = shape(&mut SchemaGenerator::default());
        let properties = schema
            .get("properties")
            .and_then(serde_json::Value::as_object);
        properties.map_or_else(Vec::new, |it| it.keys().cloned().collect())
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

/// How many rows a page of a list has at most: 1 to 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(inline, extend("minimum" = 1, "maximum" = 200))]
pub struct Limit(u32);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let limit = text.parse().ok();
        let limit = limit.filter(|limit| (1..=LONGEST_PAGE).contains(limit));
        limit.map(Self).ok_or_else(|| {
            D::Error::custom(format!("is not a whole number from 1 to {LONGEST_PAGE}"))
        })
    }
}

/// The most rows of a page.
const LONGEST_PAGE: u32 = 200;

/// `?limit=&cursor=` of a list.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// How many at most, 1 to 200; 50 unless said.
    pub limit: Option<Limit>,
    /// Where the last page ended: its `next_cursor`.
    pub cursor: Option<String>,
}

impl Page {
    /// The limit.
    pub fn limit(&self) -> i64 {
        i64::from(self.limit.map_or(50, |limit| limit.0))
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
