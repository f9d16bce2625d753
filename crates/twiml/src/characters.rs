//! Characters as XML knows them, for reading, writing and messages.

/// Whether XML 1.0 allows the character (production 2, `Char`). Surrogates cannot occur in a `char`.
pub(crate) fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

/// White space as XML knows it.
pub(crate) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// A name for a message: a hostile one may be 64 kB long.
pub(crate) fn shorten(name: &str) -> String {
    name.chars().take(64).collect()
}
