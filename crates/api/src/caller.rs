//! Who is calling, and what they may do.

use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use events::v1::KeyGrant;

use crate::ApiError;

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Look.
    Read,
    /// Change what belongs to a tenant.
    Write,
    /// Change tenants, numbers and keys.
    Admin,
}

impl Scope {
    pub(crate) fn granted_by(self, scopes: &[String]) -> bool {
        scopes.iter().any(|scope| match scope.as_str() {
            "admin" => true,
            "write" => self != Self::Admin,
            "read" => self == Self::Read,
            _ => false,
        })
    }
}

/// Who is calling, as his key says. Handlers take it as an argument.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The key's name.
    pub name: String,
    /// The only tenant it may see; none: all.
    pub tenant: Option<String>,
    /// What the key may do; a route has asked for one of them already.
    pub scopes: Vec<String>,
}

impl Caller {
    /// Whether the key may do more than its route asks for.
    pub fn may(&self, scope: Scope) -> bool {
        scope.granted_by(&self.scopes)
    }

    pub(crate) fn of(grant: KeyGrant) -> Self {
        Self {
            name: grant.name,
            tenant: Some(grant.tenant_id).filter(|tenant| !tenant.is_empty()),
            scopes: grant.scopes,
        }
    }

    /// Whether this tenant's things are shown to him.
    pub fn may_see(&self, tenant: &str) -> bool {
        self.tenant.as_deref().is_none_or(|own| own == tenant)
    }
}

impl FromRequest for Caller {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = req
            .extensions()
            .get::<Rc<Self>>()
            .map(|caller| (**caller).clone());
        std::future::ready(caller.ok_or_else(|| ApiError::unauthorized("send X-API-Key").into()))
    }
}
