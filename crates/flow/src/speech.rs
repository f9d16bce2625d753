//! The name of a piece of speech.

use sha2::{Digest, Sha256};

/// Names a prompt's audio by what it is made of, so that it is made once whoever asks for it. `voice` and `provider` are
/// those wished for; empty: whatever the platform has.
pub fn key(text: &str, language: &str, provider: &str, voice: &str, model: &str) -> String {
    let mut digest = Sha256::new();
    for part in ["1", text, language, provider, voice, model] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    hex::encode(&digest.finalize()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_voice_is_another_file() {
        let one = key("Hello", "en-US", "", "anna", "");
        assert_eq!(one.len(), 32);
        assert_eq!(one, key("Hello", "en-US", "", "anna", ""));
        assert_ne!(one, key("Hello", "en-US", "anna", "", ""));
        assert_ne!(one, key("Hello!", "en-US", "", "anna", ""));
    }
}
