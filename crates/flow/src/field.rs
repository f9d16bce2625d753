//! What the fields of every kind of flow keep to, and what is wrong with one that does not.

/// The longest text that is spoken in one piece.
pub(crate) const LONGEST_TEXT: usize = 3_000;

/// What is wrong with a flow, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field, such as `questions[2].ask`.
    pub path: String,
    /// What is wrong with it, and how to mend it.
    pub message: String,
}

impl FieldError {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Whether a text can be an id or a name in a path or a key: a letter or digit, then up to 63 of those and `._-`.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    (1..=64).contains(&text.len())
        && text.starts_with(plain)
        && text
            .chars()
            .all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

/// Whether a text has the form of a BCP 47 tag.
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_a_path() {
        for good in ["smith-plumbing", "a", "0b6e.x_1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "..", "a/b", "a b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn languages_have_the_form_of_a_tag() {
        for good in ["en", "en-US", "zh-Hant-TW", "de-1996"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "english", "en-", "en_US", "en-überlang", "12"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
