//! Signed addresses: whoever has one may play one recording until it expires, without a key.

use actix_web::web;
use api::{ApiError, Caller, OptionalBody};
use chrono::{DateTime, Duration, TimeZone, Utc};
use hmac::{Hmac, Mac};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use settings::Secret;
use sha2::{Digest, Sha256};

use super::limit::LONGEST;
use super::state::{State, Which, find, stored};

/// Signs and checks.
pub(super) struct Links(Hmac<Sha256>);

/// How long an address is valid that nobody has said more of.
const USUAL_S: u32 = 3600;

/// What is wished of an address.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Wish {
    /// For how many seconds it is valid: 1 to 604,800; 3,600 unless said.
    valid_s: Option<u32>,
}

/// An address.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Made {
    url: String,
    expires_at: DateTime<Utc>,
}

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

    fn sign(&self, recording_id: &str, expires: i64) -> String {
        hex::encode(self.signed(recording_id, expires).finalize().into_bytes())
    }

    /// Whether somebody may have this recording now.
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

pub(super) async fn make(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
    OptionalBody(wish): OptionalBody<Wish>,
) -> Result<web::Json<Made>, ApiError> {
    let (call, row) = find(&state, Some(&caller), &which).await?;
    stored(&row)?;
    let wish = wish.unwrap_or_default();
    let valid = Duration::seconds(i64::from(wish.valid_s.unwrap_or(USUAL_S)));
    if valid < Duration::seconds(1) || valid > LONGEST {
        return Err(ApiError::invalid("valid_s", "must be from 1 to 604800"));
    }
    let expires_at = state.clock.now() + valid;
    let expires = expires_at.timestamp();
    let signature = state.links.sign(&row.id, expires);
    Ok(web::Json(Made {
        url: format!(
            "{}/calls/{}/recording/{}/signed?expires={expires}&signature={signature}",
            state.public_url, call.id, row.id
        ),
        expires_at: Utc.timestamp_opt(expires, 0).single().unwrap_or(expires_at),
    }))
}
