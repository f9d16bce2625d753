//! The signature of requests to a tenant's tools: that of Standard Webhooks, as events to `notify_url` have it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use settings::Secret;
use sha2::Sha256;

/// Makes a secret for each tenant from the platform's own: every process has the same, and none is stored.
#[derive(Clone)]
pub struct ToolSecrets(Secret);

impl ToolSecrets {
    /// From `TRUNKLINE_SECRET_KEY`.
    pub fn new(platform: Secret) -> Self {
        Self(platform)
    }

    /// A tenant's, as it is given to whoever checks: `whsec_` and base64.
    pub fn of(&self, tenant_id: &str) -> String {
        format!("whsec_{}", STANDARD.encode(self.key(tenant_id)))
    }

    /// The headers of a request with this id, time and body.
    pub fn sign(
        &self,
        tenant_id: &str,
        id: &str,
        timestamp: i64,
        body: &[u8],
    ) -> [(&'static str, String); 3] {
        let about = format!("{id}.{timestamp}.");
        let signature = mac(&self.key(tenant_id), &[about.as_bytes(), body]);
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", timestamp.to_string()),
            (
                "webhook-signature",
                format!("v1,{}", STANDARD.encode(signature)),
            ),
        ]
    }

    fn key(&self, tenant_id: &str) -> Vec<u8> {
        let key = self.0.reveal().as_bytes();
        mac(key, &[b"tools of a tenant: ", tenant_id.as_bytes()])
    }
}

/// HMAC takes keys of any length.
fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_is_checked_with_the_tenants_secret_alone() {
        let secrets = ToolSecrets::new(Secret::new("of the platform".to_owned()));
        let secret = secrets.of("smith");
        assert_ne!(secret, secrets.of("jones"));
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap());
        let [id, time, signature] = secrets.sign("smith", "m1", 1_700_000_000, b"{}");
        assert_eq!((id.1.as_str(), time.1.as_str()), ("m1", "1700000000"));
        let expected = STANDARD.encode(mac(&key.unwrap(), &[b"m1.1700000000.{}"]));
        assert_eq!(signature.1, format!("v1,{expected}"));
    }
}
