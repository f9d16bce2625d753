//! Whether a route is for whoever calls: API keys and the key between roles.

use std::net::IpAddr;
use std::rc::Rc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError, web};
use events::v1::KeyGrant;
use subtle::ConstantTimeEq;

use crate::{Access, ApiError, Caller, KeyStore, Route, operator, query};

/// Who is calling, where the route asks for it.
async fn check(
    keys: &KeyStore,
    req: &ServiceRequest,
    access: Access,
) -> Result<Option<Caller>, ApiError> {
    match access {
        Access::Public | Access::Signature | Access::Page => Ok(None),
        Access::Service => is_role(keys, req.request()).map(|()| None),
        Access::Key(scope) => {
            let source = keys.limits().source(req.request());
            // A role asks for many operators from one address.
            if is_role(keys, req.request()).is_err() {
                keys.limits().check_address(source)?;
            }
            let key = req.headers().get("X-API-Key");
            let grant = match key.and_then(|value| value.to_str().ok()) {
                Some(key) => keys.grant(key, source).await?,
                None => grant_without_key(keys, req.request(), source).await?,
            };
            if !grant.known {
                return Err(ApiError::unauthorized(
                    "this API key is not known, or was withdrawn",
                ));
            }
            keys.limits().check_key(&grant.name)?;
            if !scope.granted_by(&grant.scopes) {
                let needed = format!("{scope:?}").to_lowercase();
                return Err(ApiError::forbidden(format!(
                    "this API key lacks the scope {needed}"
                )));
            }
            Ok(Some(Caller::of(grant)))
        }
    }
}

/// A person's session, or another role that asks for a person.
async fn grant_without_key(
    keys: &KeyStore,
    req: &HttpRequest,
    source: Option<IpAddr>,
) -> Result<KeyGrant, ApiError> {
    if let Some(grant) = operator::named_by_role(req) {
        is_role(keys, req)?;
        return Ok(grant);
    }
    let Some(token) = operator::session_token(req) else {
        return Err(ApiError::unauthorized(
            "send an API key in the header X-API-Key, or sign in at /console/",
        ));
    };
    operator::refuse_forged(req, &token)?;
    match keys.session(&token, source).await? {
        grant if grant.known => Ok(grant),
        _ => Err(ApiError::unauthorized(
            "the session is over; sign in again at /console/sign-in",
        )),
    }
}

/// Whether another role asks.
fn is_role(keys: &KeyStore, req: &HttpRequest) -> Result<(), ApiError> {
    let given = req.headers().get("X-Service-Key");
    let given = given.and_then(|value| value.to_str().ok()).unwrap_or("");
    let expected = keys.service_key();
    let same: bool = given.as_bytes().ct_eq(expected.as_bytes()).into();
    if same && !expected.is_empty() {
        return Ok(());
    }
    Err(ApiError::unauthorized(
        "send X-Service-Key, the INTERNAL_SERVICE_KEY of the roles",
    ))
}

/// What stands in front of a route.
#[derive(Clone)]
pub(crate) struct Gate {
    access: Access,
    /// The parameters that its query may have; none: whatever comes is taken.
    parameters: Option<Rc<[String]>>,
}

impl Gate {
    pub(crate) fn of(route: &Route) -> Self {
        // What monitors, browsers and Twilio send along is their affair, where we do not ask for anything.
        let is_strict = match route.access {
            Access::Key(_) | Access::Service => true,
            Access::Public => route.query.is_some(),
            Access::Signature | Access::Page => false,
        };
        Self {
            access: route.access,
            parameters: is_strict.then(|| route.parameters().into()),
        }
    }

    async fn admits(&self, req: &ServiceRequest) -> Result<Option<Caller>, ApiError> {
        let keys = req.app_data::<web::Data<KeyStore>>().cloned();
        let keys = keys.ok_or_else(|| ApiError::unavailable("the key store"))?;
        let caller = check(&keys, req, self.access).await?;
        // No path of ours has one, and one of our databases would refuse to look for it.
        if req.path().contains('\0') || req.path().contains("%00") {
            return Err(ApiError::not_found("path"));
        }
        if let Some(known) = &self.parameters
            && let Some(name) = query::unknown(req.query_string(), known)
        {
            return Err(query::refuse(&name, known));
        }
        Ok(caller)
    }
}

/// The middleware in front of a route.
pub(crate) async fn guard(
    gate: Gate,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match gate.admits(&req).await {
        Ok(caller) => {
            if let Some(caller) = caller {
                req.extensions_mut().insert(Rc::new(caller));
            }
            Ok(next.call(req).await?.map_into_left_body())
        }
        // As a response, not as an error: errors pass by the middleware that counts.
        Err(refusal) => Ok(req
            .into_response(refusal.error_response())
            .map_into_right_body()),
    }
}
