//! Who is calling: API keys and the key between roles.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, ResponseError, web};
use bus::{Bus, Tapped};
use clock::Clock;
use events::v1::{KeyChanged, KeyGrant, KeyQuery};
use events::{Envelope, Event};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use super::{Access, ApiError};
use crate::seal::key_hash;
use crate::settings::Secret;

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
    fn granted_by(self, scopes: &[String]) -> bool {
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

/// How long a key's grant is believed without asking again.
const BELIEF: Duration = Duration::from_secs(30);
/// How long until the bus is asked again for a view that it could not give.
const TAP_AGAIN: Duration = Duration::from_secs(1);

/// Looks keys up: the first key by itself, others with the role that owns them, over the bus.
#[derive(Clone)]
pub struct KeyStore(Arc<Inner>);

struct Inner {
    admin_hash: String,
    service: Option<Secret>,
    bus: Bus,
    clock: Clock,
    known: Mutex<HashMap<String, (Instant, KeyGrant)>>,
}

impl KeyStore {
    /// With the first key and the key between roles.
    pub fn new(admin: &Secret, service: Option<Secret>, bus: Bus, clock: Clock) -> Self {
        let admin_hash = key_hash(admin.reveal());
        Self(Arc::new(Inner {
            admin_hash,
            service,
            bus,
            clock,
            known: Mutex::default(),
        }))
    }

    /// Forgets what it believed of a key.
    pub fn forget(&self, hash: &str) {
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(hash);
    }

    /// Drops what is believed of a key as soon as its owner says that it changed.
    pub(crate) async fn keep_true(self, stop: CancellationToken) {
        loop {
            let tap = tokio::select! {
                tap = self.0.bus.tap(&[KeyChanged::TYPE]) => tap,
                () = stop.cancelled() => return,
            };
            let Ok(mut tap) = tap else {
                // Meanwhile beliefs end by themselves, after half a minute.
                tokio::select! {
                    () = tokio::time::sleep(TAP_AGAIN) => continue,
                    () = stop.cancelled() => return,
                }
            };
            // What was withdrawn before we listened is not known.
            self.forget_all();
            loop {
                tokio::select! {
                    event = tap.next() => match event {
                        Some(Tapped::Event(envelope)) => {
                            if let Ok(changed) = envelope.decode::<KeyChanged>() {
                                self.forget(&changed.hash);
                            }
                        }
                        // One of those that were missed may have withdrawn any key.
                        Some(Tapped::Missed(_)) => self.forget_all(),
                        None => break,
                    },
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Forgets what it believed of all keys.
    fn forget_all(&self) {
        self.0
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    async fn grant(&self, key: &str) -> Result<KeyGrant, ApiError> {
        let hash = key_hash(key);
        if hash.as_bytes().ct_eq(self.0.admin_hash.as_bytes()).into() {
            return Ok(KeyGrant {
                known: true,
                name: "admin".to_owned(),
                tenant_id: String::new(),
                scopes: vec!["admin".to_owned()],
            });
        }
        {
            let known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, grant)) = known.get(&hash)
                && at.elapsed() < BELIEF
            {
                return Ok(grant.clone());
            }
        }
        let query = Envelope::new(
            "trunkline/role",
            &self.0.clock,
            &KeyQuery { hash: hash.clone() },
        );
        let reply = self.0.bus.request(query, Duration::from_secs(2)).await?;
        let grant: KeyGrant = reply
            .decode()
            .map_err(|_| ApiError::unavailable("the key store"))?;
        // Unknown keys are not remembered: they could be made by the thousand, and one may be created next.
        if grant.known {
            let mut known = self.0.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(hash, (Instant::now(), grant.clone()));
        }
        Ok(grant)
    }

    async fn check(
        &self,
        req: &ServiceRequest,
        access: Access,
    ) -> Result<Option<Caller>, ApiError> {
        let header = |name: &str| {
            req.headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
        };
        match access {
            Access::Public | Access::Signature => Ok(None),
            Access::Service => {
                let given = header("X-Service-Key").unwrap_or_default();
                let expected = self.0.service.as_ref().map_or("", Secret::reveal);
                let same: bool = given.as_bytes().ct_eq(expected.as_bytes()).into();
                if same && !expected.is_empty() {
                    return Ok(None);
                }
                Err(ApiError::unauthorized(
                    "send X-Service-Key, the INTERNAL_SERVICE_KEY of the roles",
                ))
            }
            Access::Key(scope) => {
                let key = header("X-API-Key").ok_or_else(|| {
                    ApiError::unauthorized("send an API key in the header X-API-Key")
                })?;
                let grant = self.grant(key).await?;
                if !grant.known {
                    return Err(ApiError::unauthorized(
                        "this API key is not known, or was withdrawn",
                    ));
                }
                if !scope.granted_by(&grant.scopes) {
                    let needed = format!("{scope:?}").to_lowercase();
                    return Err(ApiError::forbidden(format!(
                        "this API key lacks the scope {needed}"
                    )));
                }
                let tenant = Some(grant.tenant_id).filter(|t| !t.is_empty());
                Ok(Some(Caller {
                    name: grant.name,
                    tenant,
                    scopes: grant.scopes,
                }))
            }
        }
    }
}

/// The middleware in front of a route.
pub(super) async fn guard(
    access: Access,
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let keys = req.app_data::<web::Data<KeyStore>>().cloned();
    let checked = match keys {
        Some(keys) => keys.check(&req, access).await,
        None => Err(ApiError::unavailable("the key store")),
    };
    match checked {
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
