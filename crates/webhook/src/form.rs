//! A request's parameters, exactly as they were signed.

use std::fmt;

/// The most parameters a request may have. Twilio sends some 40, and a few for every picture of a message.
const MAX_PARAMS: usize = 500;

/// How many names a log shows, how many characters of each, and how many digits: `MediaContentType10` has two, a telephone number or a
/// card's has more.
const NAMES_SHOWN: usize = 20;
const NAME_SHOWN: usize = 40;
const NAME_DIGITS: usize = 3;

/// Decoded names and values, in the order they came. `Debug` shows the names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(String, String)>);

/// Why a body is not a form. It never holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The body is larger than the caller allows.
    #[error("the form has {bytes} bytes, more than {limit}")]
    TooLarge {
        /// How many it has.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// There are too many parameters.
    #[error("the form has more than {MAX_PARAMS} parameters")]
    TooMany,
    /// A name or a value is not UTF-8 once it is decoded.
    #[error("parameter {index} of the form is not UTF-8")]
    NotUtf8 {
        /// Which one, counted from 0.
        index: usize,
    },
}

/// Reads `application/x-www-form-urlencoded`, a body or a query string.
///
/// Blank values, duplicates and order are kept, since all of them are signed. `+` is a space, `%XX` a byte; a `%` that begins no such byte stays as it is,
/// as the URL standard has it.
///
/// # Errors
///
/// [`FormError`] over `limit` bytes, over 500 parameters, and for invalid UTF-8 (replacing it would break the signature).
pub fn parse_form(bytes: &[u8], limit: usize) -> Result<Params, FormError> {
    if bytes.len() > limit {
        return Err(FormError::TooLarge {
            bytes: bytes.len(),
            limit,
        });
    }
    let mut params = Vec::new();
    for pair in bytes.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let index = params.len();
        if index == MAX_PARAMS {
            return Err(FormError::TooMany);
        }
        let middle = pair.iter().position(|b| *b == b'=').unwrap_or(pair.len());
        let name = decode(&pair[..middle]).ok_or(FormError::NotUtf8 { index })?;
        let value = decode(pair.get(middle + 1..).unwrap_or_default());
        params.push((name, value.ok_or(FormError::NotUtf8 { index })?));
    }
    Ok(Params(params))
}

fn decode(raw: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'+', _) => out.push(b' '),
            (b'%', [high, low, tail @ ..]) => match (digit(*high), digit(*low)) {
                (Some(high), Some(low)) => {
                    out.push(high << 4 | low);
                    rest = tail;
                }
                _ => out.push(b'%'),
            },
            _ => out.push(*first),
        }
    }
    String::from_utf8(out).ok()
}

fn digit(b: u8) -> Option<u8> {
    match b {
        b'0'..=b'9' => Some(b - b'0'),
        b'a'..=b'f' => Some(b - b'a' + 10),
        b'A'..=b'F' => Some(b - b'A' + 10),
        _ => None,
    }
}

impl Params {
    /// The first value of a name. Names are case-sensitive.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The names, in order; duplicates stand twice.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(|(name, _)| name)
    }

    /// The names as a log may show them before the request is believed: a stranger can put anything into a name.
    ///
    /// Each is cut where it stops looking like one of Twilio's (letters, `_`, and up to three digits) and to 40 characters; what does not
    /// begin like one is `?`. At most 20 are shown: say [`Params::len`] beside them.
    #[must_use]
    pub fn names_for_log(&self) -> Vec<String> {
        self.names()
            .take(NAMES_SHOWN)
            .map(|name| shown(name).to_owned())
            .collect()
    }

    /// The same without NUL characters in names and values. Twilio signs them, so they are taken out after the check; PostgreSQL
    /// cannot store them, and nobody types one.
    #[must_use]
    pub fn without_nul(mut self) -> Self {
        for text in self.0.iter_mut().flat_map(|(name, value)| [name, value]) {
            if text.contains('\0') {
                text.retain(|c| c != '\0');
            }
        }
        self
    }

    /// Adds one at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The part of a name that can be shown.
pub(crate) fn shown(name: &str) -> &str {
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return "?";
    }
    let mut digits = 0;
    let end = name.bytes().take(NAME_SHOWN).position(|byte| {
        digits += usize::from(byte.is_ascii_digit());
        digits > NAME_DIGITS || !(byte.is_ascii_alphanumeric() || byte == b'_')
    });
    &name[..end.unwrap_or(name.len().min(NAME_SHOWN))]
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(n, v)| (n.into(), v.into()))
                .collect(),
        )
    }
}

impl From<Vec<(String, String)>> for Params {
    fn from(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(form: &str) -> Vec<(String, String)> {
        parse_form(form.as_bytes(), 1000).unwrap().0
    }

    #[test]
    fn keeps_blanks_duplicates_and_order() {
        let expected = [
            ("b", "1"),
            ("a", ""),
            ("b", "2"),
            ("c", ""),
            ("", "x"),
            ("d", "="),
        ];
        let expected: Vec<_> = expected.map(|(n, v)| (n.to_owned(), v.to_owned())).into();
        assert_eq!(pairs("b=1&a=&&b=2&c&=x&d==&"), expected);
        assert!(pairs("").is_empty());
    }

    #[test]
    fn decodes_values() {
        for (raw, value) in [
            ("%2B1555+010", "+1555 010"),
            (
                "H%C3%A9llo+%26+bye+%2B+100%25+%E2%9C%93",
                "Héllo & bye + 100% ✓",
            ),
            ("++two++spaces+%0A", "  two  spaces \n"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
            ("%00", "\0"),
            ("é", "é"),
        ] {
            assert_eq!(pairs(&format!("Body={raw}"))[0].1, value);
        }
    }

    #[test]
    fn refuses_what_it_must() {
        let limit = parse_form(b"a=12345", 6);
        assert_eq!(limit, Err(FormError::TooLarge { bytes: 7, limit: 6 }));
        assert_eq!(
            parse_form(b"a=1&b=%ff", 99),
            Err(FormError::NotUtf8 { index: 1 })
        );
        assert_eq!(
            parse_form(b"\xff=1", 99),
            Err(FormError::NotUtf8 { index: 0 })
        );
        assert_eq!(
            parse_form("a&".repeat(500).as_bytes(), 9999).unwrap().len(),
            500
        );
        assert_eq!(
            parse_form("a&".repeat(501).as_bytes(), 9999),
            Err(FormError::TooMany)
        );
    }

    #[test]
    fn names_for_log_show_no_value_of_a_stranger() {
        let shown = |name: &str| {
            let params: Params = [(name, "")].into_iter().collect();
            params.names_for_log().remove(0)
        };
        for (name, expected) in [
            ("MediaContentType10", "MediaContentType10"),
            ("from_zip", "from_zip"),
            (r#"{"Body":"my card is 4111 1111 1111 1111"}"#, "?"),
            ("my card is 4111", "my"),
            ("card4111111111111111", "card411"),
            ("+15550100002", "?"),
            ("", "?"),
            ("Caf\u{e9}", "Caf"),
            ("a\nb", "a"),
        ] {
            assert_eq!(shown(name), expected, "{name:?}");
        }
        assert_eq!(shown(&"x".repeat(60_000)).len(), 40);
        let many: Params = (0..100).map(|n| (format!("P{n}"), "")).collect();
        assert_eq!(many.names_for_log().len(), 20);
    }

    #[test]
    fn without_nul_keeps_all_other_characters() {
        let params: Params = [("Bo\0dy", "\0ST\0OP\u{1}\0"), ("a", "")]
            .into_iter()
            .collect();
        let expected: Params = [("Body", "STOP\u{1}"), ("a", "")].into_iter().collect();
        assert_eq!(params.without_nul(), expected);
    }

    #[test]
    fn debug_shows_names_only() {
        let params = parse_form(b"From=%2B15550100002&Body=secret", 99).unwrap();
        assert_eq!(format!("{params:?}"), r#"["From", "Body"]"#);
    }

    proptest! {
        #[test]
        fn decodes_what_the_standard_encodes(pairs in prop::collection::vec(any::<(String, String)>(), 0..9)) {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.extend_pairs(&pairs);
            let form = form.finish();
            let expected: Vec<_> = url::form_urlencoded::parse(form.as_bytes()).into_owned().collect();
            prop_assert_eq!(parse_form(form.as_bytes(), usize::MAX).unwrap().0, expected);
        }

        #[test]
        fn never_panics(bytes in any::<Vec<u8>>()) {
            let _ = parse_form(&bytes, usize::MAX);
        }
    }
}
