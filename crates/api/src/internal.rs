//! What passes between roles only.

/// Queries between roles carry credentials' ciphertext and are nobody's business.
pub(crate) fn is_internal(kind: &str) -> bool {
    kind.ends_with(".query") || kind.ends_with(".reply")
}
