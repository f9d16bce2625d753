//! Passwords, as they are kept: Argon2id.

use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use rand::RngCore;

/// The shortest that is taken.
pub const SHORTEST: usize = 10;
/// The longest: hashing must not be work that a stranger chooses.
pub const LONGEST: usize = 200;
/// Compared with where there is no such operator, so that the time tells nothing.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$q83y3n1tyJmT8L0cJXl4xO0mI6Xh0m1yVqz2m0p1p0A";

/// The password could not be hashed; the machine is out of memory, or gives no random numbers.
#[derive(Debug, thiserror::Error)]
#[error("the password cannot be hashed: {0}")]
pub struct Error(String);

/// Hashes a password; a matter of some 20 ms, away from the threads that serve.
pub async fn hash(password: String) -> Result<String, Error> {
    let hashing = tokio::task::spawn_blocking(move || {
        let mut salt = [0_u8; 16];
        rand::rng().fill_bytes(&mut salt);
        let hash = SaltString::encode_b64(&salt).and_then(|salt| {
            let hash = Argon2::default().hash_password(password.as_bytes(), &salt)?;
            Ok(hash.to_string())
        });
        hash.map_err(|e| Error(e.to_string()))
    });
    hashing.await.map_err(|e| Error(e.to_string()))?
}

/// Whether a password is the one of the hash; takes as long where there is none.
pub async fn verify(password: String, hash: Option<String>) -> bool {
    let verifying = tokio::task::spawn_blocking(move || {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = PasswordHash::new(&hash).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.as_bytes(), &hash)
                .is_ok()
        });
        known && fits
    });
    verifying.await.unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn password_fits_its_own_hash_only() {
        let kept = hash("correct horse".to_owned()).await.unwrap();
        assert!(kept.starts_with("$argon2id$"));
        assert!(verify("correct horse".to_owned(), Some(kept.clone())).await);
        assert!(!verify("wrong horse".to_owned(), Some(kept)).await);
        assert!(!verify("correct horse".to_owned(), None).await);
    }

    #[test]
    fn hash_of_nobody_can_be_compared_with() {
        assert!(PasswordHash::new(NOBODY).is_ok());
    }
}
