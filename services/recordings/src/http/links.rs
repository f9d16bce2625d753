//! Signatures of addresses: whoever has a signed one may play one recording until it expires, without a key.

use api::ApiError;
use chrono::{DateTime, TimeZone, Utc};
use hmac::{Hmac, Mac};
use schemars::JsonSchema;
use serde::Deserialize;
use settings::Secret;
use sha2::{Digest, Sha256};

/// Signs and checks.
pub(super) struct Links(Hmac<Sha256>);

/// What an address carries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Proof {
    /// Until when it is valid, in seconds since 1970.
    expires: Option<i64>,
    /// That it is ours.
    signature: Option<String>,
}

impl Links {
    /// With a key of its own, made of the platform's secret.
    pub(super) fn new(secret: Option<&Secret>) -> Self {
        let secret = secret.map_or("", Secret::reveal);
        let mut key = [0; 64];
        key[..32].copy_from_slice(&Sha256::digest(format!("recording links\0{secret}")));
        Self(Hmac::new(&key.into()))
    }

    fn signed(&self, recording_id: &str, expires: i64) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(recording_id.as_bytes());
        mac.update(&expires.to_be_bytes());
        mac
    }

    pub(super) fn sign(&self, recording_id: &str, expires: i64) -> String {
        hex::encode(self.signed(recording_id, expires).finalize().into_bytes())
    }

    /// Whether a requester with this proof may have the recording now.
    pub(super) fn check(
        &self,
        recording_id: &str,
        proof: &Proof,
        now: DateTime<Utc>,
    ) -> Result<(), ApiError> {
        let refused = |why: &str| Err(ApiError::forbidden(why));
        let (Some(expires), Some(signature)) = (proof.expires, &proof.signature) else {
            return refused("the address is not a signed one; make one with POST .../link");
        };
        let right = hex::decode(signature).is_ok_and(|given| {
            self.signed(recording_id, expires)
                .verify_slice(&given)
                .is_ok()
        });
        if !right {
            return refused("the address's signature does not match");
        }
        match Utc.timestamp_opt(expires, 0).single() {
            Some(until) if now <= until => Ok(()),
            _ => refused("the address has expired; make another with POST .../link"),
        }
    }
}
