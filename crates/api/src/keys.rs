//! What API keys may do: the first key by itself, others by what the role that owns them says over the bus.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use clock::Clock;
use events::v1::{KeyChanged, KeyGrant, KeyQuery, SessionQuery};
use events::{Envelope, Event};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::limits::ApiLimits;
use crate::{ApiError, Caller};
use directory::{Cache, Limits, Unanswered, listen};
use encryption::key_hash;
use settings::{LimitSettings, Secret};

/// What anybody can make up costs little: a key that is not known is not asked for again for a moment, unless its owner
/// says that it was made, and one address causes no more than a few questions a second.
const LIMITS: Limits = Limits {
    known: Duration::from_secs(30),
    unknown: Duration::from_secs(2),
    capacity: 10_000,
    per_second: NonZeroU32::new(5).unwrap(),
    burst: NonZeroU32::new(50).unwrap(),
};
/// How long the owner of the keys may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Looks keys up. Clones share what they know.
#[derive(Clone)]
pub struct KeyStore(Arc<Inner>);

struct Inner {
    admin_hash: String,
    service: Option<Secret>,
    bus: Bus,
    clock: Clock,
    limits: ApiLimits,
    /// By the key's hash.
    grants: Cache<String, KeyGrant>,
}

impl KeyStore {
    /// With the first key, the key between roles, and how often each caller may ask.
    pub fn new(
        admin: &Secret,
        service: Option<Secret>,
        limits: &LimitSettings,
        bus: Bus,
        clock: Clock,
    ) -> Self {
        Self(Arc::new(Inner {
            admin_hash: key_hash(admin.reveal()),
            service,
            limits: ApiLimits::new(limits),
            bus,
            clock,
            grants: Cache::new(LIMITS),
        }))
    }

    /// Forgets what it believed of a key.
    pub fn forget(&self, hash: &str) {
        self.0.grants.forget(&hash.to_owned());
    }

    /// Drops what is believed of a key as soon as its owner says that it changed.
    pub async fn keep_true(self, stop: CancellationToken) {
        let changed = |event: Option<&Envelope>| match event {
            Some(event) => {
                if let Ok(changed) = event.decode::<KeyChanged>() {
                    self.forget(&changed.hash);
                }
            }
            // One of those that were missed may have withdrawn any key.
            None => self.0.grants.clear(),
        };
        listen(&self.0.bus, &[KeyChanged::TYPE], &stop, changed).await;
    }

    /// The key between roles; empty when there is none.
    pub(crate) fn service_key(&self) -> &str {
        self.0.service.as_ref().map_or("", Secret::reveal)
    }

    /// How often each may ask.
    pub(crate) fn limits(&self) -> &ApiLimits {
        &self.0.limits
    }

    /// What a key may do, which came from `source`.
    pub(crate) async fn grant(
        &self,
        key: &str,
        source: Option<IpAddr>,
    ) -> Result<KeyGrant, ApiError> {
        let hash = key_hash(key);
        if hash.as_bytes().ct_eq(self.0.admin_hash.as_bytes()).into() {
            return Ok(KeyGrant {
                known: true,
                name: "admin".to_owned(),
                tenant_id: String::new(),
                scopes: vec!["admin".to_owned()],
            });
        }
        if !may_be_key(key) {
            return Ok(KeyGrant::default());
        }
        let query = KeyQuery { hash: hash.clone() };
        self.lookup(hash, query, source).await
    }

    /// What the operator may do whose session has this token, which came from `source`.
    pub(crate) async fn session(
        &self,
        token: &str,
        source: Option<IpAddr>,
    ) -> Result<KeyGrant, ApiError> {
        let hash = key_hash(token);
        let query = SessionQuery { hash: hash.clone() };
        self.lookup(hash, query, source).await
    }

    /// Who signs in with this key; none: it is not known.
    pub async fn caller(&self, key: &str) -> Result<Option<Caller>, ApiError> {
        let grant = self.grant(key, None).await?;
        Ok(grant.known.then(|| Caller::of(grant)))
    }

    /// What is known by this hash; whoever owns it is asked where it is not.
    async fn lookup<Q: Event + Send + Sync + 'static>(
        &self,
        hash: String,
        query: Q,
        source: Option<IpAddr>,
    ) -> Result<KeyGrant, ApiError> {
        let inner = self.0.clone();
        let ask = || async move { inner.ask(&query).await };
        match self.0.grants.get(&hash, source, ask).await {
            Ok(grant) => Ok(grant.unwrap_or_default()),
            Err(Unanswered::TooMany) => Err(ApiError::too_many(
                "too many API keys from this address were not known; try again in a moment",
                Duration::from_secs(1),
            )),
            Err(Unanswered::Away(_)) => Err(ApiError::unavailable("the key store")),
        }
    }
}

impl Inner {
    async fn ask<Q: Event>(&self, query: &Q) -> Result<Option<KeyGrant>, Unanswered> {
        let away = |e: String| Unanswered::Away(e);
        let query = Envelope::new("trunkline/role", &self.clock, query);
        let reply = self.bus.request(query, PATIENCE).await;
        let reply = reply.map_err(|e| away(e.to_string()))?;
        let grant: KeyGrant = reply.decode().map_err(|e| away(e.to_string()))?;
        Ok(Some(grant).filter(|grant| grant.known))
    }
}

/// Whether it has a key's form: 8 to 200 characters that a header can hold. Others cannot be stored, so nobody is asked.
fn may_be_key(key: &str) -> bool {
    (8..=200).contains(&key.len()) && !key.bytes().any(|byte| byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_form_is_that_of_stored_keys() {
        for (key, may_be) in [
            ("tk_0123456789abcdef0123456789abcdef", true),
            ("12345678", true),
            ("1234567", false),
            ("", false),
            ("with a\nbreak", false),
        ] {
            assert_eq!(may_be_key(key), may_be, "{key:?}");
        }
        assert!(may_be_key(&"x".repeat(200)) && !may_be_key(&"x".repeat(201)));
    }
}
