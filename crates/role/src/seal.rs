//! Encryption of credentials at rest and on the bus: AES-256-GCM under `TRUNKLINE_SECRET_KEY`.

use aes_gcm::aead::{Aead, KeyInit};
use aes_gcm::{Aes256Gcm, Nonce};
use rand::RngCore;
use sha2::{Digest, Sha256};

use crate::settings::Secret;

const NONCE: usize = 12;

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Aes256Gcm);

/// A secret cannot be opened: another `TRUNKLINE_SECRET_KEY` sealed it, or it was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored credential cannot be opened; is TRUNKLINE_SECRET_KEY the one it was stored with?"
)]
pub struct Unopenable;

impl Sealer {
    /// A sealer whose key is derived from the setting's text.
    pub fn new(key: &Secret) -> Self {
        let digest = Sha256::digest(key.reveal().as_bytes());
        Self(Aes256Gcm::new(&digest))
    }

    /// Encrypts: a fresh nonce, then the ciphertext with its tag.
    pub fn seal(&self, secret: &str) -> Result<Vec<u8>, Unopenable> {
        let mut nonce = [0_u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = self
            .0
            .encrypt(Nonce::from_slice(&nonce), secret.as_bytes())
            .map_err(|_| Unopenable)?;
        Ok([&nonce[..], &sealed].concat())
    }

    /// Decrypts.
    pub fn open(&self, sealed: &[u8]) -> Result<Secret, Unopenable> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE).ok_or(Unopenable)?;
        let plain = self
            .0
            .decrypt(Nonce::from_slice(nonce), sealed)
            .map_err(|_| Unopenable)?;
        String::from_utf8(plain)
            .map(Secret::new)
            .map_err(|_| Unopenable)
    }
}

/// SHA-256, hex: how an API key is kept.
pub fn key_hash(key: &str) -> String {
    hex::encode(Sha256::digest(key.as_bytes()))
}

/// A new key: a readable prefix and 32 random hex digits.
pub fn new_key(prefix: &str) -> String {
    let mut bytes = [0_u8; 16];
    rand::rng().fill_bytes(&mut bytes);
    format!("{prefix}{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_opens_with_the_same_key_only() {
        let (one, two) = (
            Sealer::new(&Secret::new("k1")),
            Sealer::new(&Secret::new("k2")),
        );
        let sealed = one.seal("token").unwrap();
        assert!(!sealed.windows(5).any(|w| w == b"token"));
        assert_eq!(one.open(&sealed).unwrap().reveal(), "token");
        assert!(two.open(&sealed).is_err());
        assert!(one.open(&sealed[..8]).is_err());
        assert_ne!(sealed, one.seal("token").unwrap());
    }
}
