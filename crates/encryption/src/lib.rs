#![doc = include_str!("../README.md")]

use std::sync::Arc;

use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::{Digest, Sha256};

use settings::Secret;

const NONCE: usize = 12;
/// How a sealed value begins. What was sealed before there was a version begins with its nonce.
const VERSION: &[u8; 4] = b"tks2";
/// For what the keys are derived. Another use of the same setting has another one.
const PURPOSE: &[u8] = b"trunkline credentials at rest, version 2";
/// The same, of names that stand for people who were forgotten.
const PSEUDONYMS: &[u8] = b"trunkline pseudonyms, version 1";

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Keys>);

struct Keys {
    /// The first seals; each opens.
    derived: Vec<Aes256Gcm>,
    /// What values without a version were sealed with.
    old: Vec<Aes256Gcm>,
    /// What pseudonyms are made with, the newest first.
    pseudonyms: Vec<[u8; 32]>,
}

/// A secret cannot be opened: another `TRUNKLINE_SECRET_KEY` sealed it, or it was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a stored credential cannot be opened; is TRUNKLINE_SECRET_KEY the one it was stored with?"
)]
pub struct DecryptError;

impl Sealer {
    /// A sealer whose keys are derived from the setting's text: one, or `new,old` while rotating.
    pub fn new(setting: &Secret) -> Self {
        let whole = setting.reveal();
        let parts = || {
            whole
                .split(',')
                .map(str::trim)
                .filter(|part| !part.is_empty())
        };
        let derived = parts().map(|part| Aes256Gcm::new(&derive(part.as_bytes(), PURPOSE).into()));
        let pseudonyms = parts().map(|part| derive(part.as_bytes(), PSEUDONYMS));
        // A comma was once a character like any other.
        let old = parts().chain(std::iter::once(whole));
        let old = old.map(|part| Aes256Gcm::new(&Sha256::digest(part.as_bytes())));
        Self(Arc::new(Keys {
            derived: derived.collect(),
            old: old.collect(),
            pseudonyms: pseudonyms.collect(),
        }))
    }

    /// What stands for a person who was forgotten: the same for the same text, and nobody without the key can find the
    /// text by trying all there are. One for each key, the newest first.
    pub fn pseudonyms(&self, text: &str) -> Vec<String> {
        let keys = self.0.pseudonyms.iter();
        keys.map(|key| format!("forgotten-{}", hex::encode(mac(key, &[text.as_bytes()]))))
            .collect()
    }

    /// The one of the newest key.
    pub fn pseudonym(&self, text: &str) -> String {
        self.pseudonyms(text).into_iter().next().unwrap_or_default()
    }

    /// Encrypts what travels: [`Sealer::seal_at`] without a place.
    pub fn seal(&self, secret: &str) -> Result<Vec<u8>, DecryptError> {
        self.seal_at("", secret)
    }

    /// Decrypts it.
    pub fn open(&self, sealed: &[u8]) -> Result<Secret, DecryptError> {
        self.open_at("", sealed)
    }

    /// Encrypts what is kept at a place, such as a row of a table: the version, a fresh nonce, then the ciphertext with
    /// its tag. Moved to another place it cannot be opened.
    pub fn seal_at(&self, place: &str, secret: &str) -> Result<Vec<u8>, DecryptError> {
        let key = self.0.derived.first().ok_or(DecryptError)?;
        let mut nonce = [0_u8; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let payload = Payload {
            msg: secret.as_bytes(),
            aad: place.as_bytes(),
        };
        let sealed = key
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| DecryptError)?;
        Ok([VERSION, &nonce[..], &sealed].concat())
    }

    /// Decrypts what is kept at a place. What was sealed before places were bound is opened at any.
    pub fn open_at(&self, place: &str, sealed: &[u8]) -> Result<Secret, DecryptError> {
        let bound = sealed
            .strip_prefix(VERSION)
            .and_then(|sealed| open(&self.0.derived, place, sealed));
        let plain = bound.or_else(|| open(&self.0.old, "", sealed));
        String::from_utf8(plain.ok_or(DecryptError)?)
            .map(Secret::new)
            .map_err(|_| DecryptError)
    }

    /// Whether a value would be sealed otherwise today: by an older key, or bound to no place.
    pub fn is_outdated(&self, place: &str, sealed: &[u8]) -> bool {
        let newest = self.0.derived.get(..1).unwrap_or_default();
        sealed
            .strip_prefix(VERSION)
            .and_then(|sealed| open(newest, place, sealed))
            .is_none()
    }
}

fn open(keys: &[Aes256Gcm], place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
    let payload = || Payload {
        msg: sealed,
        aad: place.as_bytes(),
    };
    let nonce = Nonce::from_slice(nonce);
    keys.iter()
        .find_map(|key| key.decrypt(nonce, payload()).ok())
}

/// HKDF with SHA-256 (RFC 5869), without salt, for one block.
fn derive(setting: &[u8], purpose: &[u8]) -> [u8; 32] {
    let extracted = mac(&[0; 32], &[setting]);
    mac(&extracted, &[purpose, &[1]])
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // Both traits have a `new_from_slice`; a key of any length is one for HMAC.
    let mut mac = match <Hmac<Sha256> as Mac>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => return [0; 32],
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
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

    fn sealer(setting: &str) -> Sealer {
        Sealer::new(&Secret::new(setting))
    }

    #[test]
    fn sealed_opens_with_the_same_key_only() {
        let (one, two) = (sealer("k1"), sealer("k2"));
        let sealed = one.seal("token").unwrap();
        assert!(!sealed.windows(5).any(|w| w == b"token"));
        assert_eq!(one.open(&sealed).unwrap().reveal(), "token");
        assert!(two.open(&sealed).is_err());
        assert!(one.open(&sealed[..8]).is_err());
        assert_ne!(sealed, one.seal("token").unwrap());
    }

    #[test]
    fn sealed_value_opens_at_its_place_only() {
        let sealer = sealer("k1");
        let sealed = sealer.seal_at("accounts/AC1", "token").unwrap();
        assert_eq!(
            sealer.open_at("accounts/AC1", &sealed).unwrap().reveal(),
            "token"
        );
        assert!(sealer.open_at("accounts/AC2", &sealed).is_err());
        assert!(sealer.open(&sealed).is_err());
        assert!(!sealer.is_outdated("accounts/AC1", &sealed));
    }

    #[test]
    fn key_that_is_rotated_opens_what_the_old_one_sealed() {
        let (old, both, new) = (sealer("k-old"), sealer("k-new, k-old"), sealer("k-new"));
        let sealed = old.seal_at("p", "token").unwrap();
        assert_eq!(both.open_at("p", &sealed).unwrap().reveal(), "token");
        assert!(both.is_outdated("p", &sealed) && !old.is_outdated("p", &sealed));
        let resealed = both.seal_at("p", "token").unwrap();
        assert!(!both.is_outdated("p", &resealed));
        assert_eq!(new.open_at("p", &resealed).unwrap().reveal(), "token");
        assert!(new.open_at("p", &sealed).is_err());
    }

    #[test]
    fn pseudonym_follows_from_text_and_key() {
        let (old, both) = (sealer("k-old"), sealer("k-new,k-old"));
        let name = old.pseudonym("+15550100001");
        assert!(name.starts_with("forgotten-") && !name.contains("5550100001"));
        assert_ne!(name, old.pseudonym("+15550100002"));
        assert!(both.pseudonyms("+15550100001").contains(&name));
        assert_ne!(both.pseudonym("+15550100001"), name);
    }

    #[test]
    fn value_without_a_version_opens_still() {
        for setting in ["k1", "a,key,with,commas"] {
            let key = Aes256Gcm::new(&Sha256::digest(setting.as_bytes()));
            let nonce = [7; NONCE];
            let sealed = key
                .encrypt(Nonce::from_slice(&nonce), &b"token"[..])
                .unwrap();
            let sealed = [&nonce[..], &sealed].concat();
            let sealer = sealer(setting);
            assert_eq!(sealer.open_at("any", &sealed).unwrap().reveal(), "token");
            assert!(sealer.is_outdated("any", &sealed));
        }
    }

    /// The first test case of RFC 5869 without salt: the third.
    #[test]
    fn keys_are_derived_by_hkdf() {
        let extracted = mac(&[0; 32], &[&[0x0b; 22]]);
        let block = mac(&extracted, &[&[1]]);
        assert_eq!(
            hex::encode(block),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        );
    }
}
