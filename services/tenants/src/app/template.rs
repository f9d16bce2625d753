//! Placeholders in the texts that a tenant writes.

/// Those that there are.
pub const PLACEHOLDERS: [&str; 3] = ["business_name", "caller", "trade"];

/// The most characters that a text message may have (Twilio's error 21617 beyond).
pub const LIMIT: usize = 1600;

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// A brace has no partner.
    #[error("has a brace without a partner; a placeholder is written {{business_name}}")]
    Brace,
    /// Nobody fills this in.
    #[error("{{{0}}} is not a placeholder; there are {{business_name}}, {{caller}} and {{trade}}")]
    Unknown(String),
    /// More than a message can hold.
    #[error("has {0} characters; a message has at most 1600")]
    TooLong(usize),
    /// Nothing to send.
    #[error("must not be empty")]
    Empty,
}

/// Checks a template.
pub fn check(text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::Empty);
    }
    let length = text.chars().count();
    if length > LIMIT {
        return Err(Invalid::TooLong(length));
    }
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').ok_or(Invalid::Brace)?;
        let end = inside.find(['{', '}']).ok_or(Invalid::Brace)?;
        let name = &inside[..end];
        rest = inside[end..].strip_prefix('}').ok_or(Invalid::Brace)?;
        if !PLACEHOLDERS.contains(&name) {
            return Err(Invalid::Unknown(name.to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_placeholders_pass() {
        for good in [
            "Hi!",
            "{business_name} for {caller}: {trade}",
            "{caller}{caller}",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_message_names_those_there_are() {
        assert_eq!(
            check("Hi from {busines_name}").unwrap_err().to_string(),
            "{busines_name} is not a placeholder; there are {business_name}, {caller} and {trade}"
        );
        for bad in ["{", "}", "a {business_name", "{{caller}}", "caller}"] {
            assert_eq!(check(bad), Err(Invalid::Brace), "{bad}");
        }
        assert_eq!(check("{}"), Err(Invalid::Unknown(String::new())));
    }

    #[test]
    fn a_message_has_a_length() {
        assert_eq!(check(&"é".repeat(1600)), Ok(()));
        assert_eq!(check(&"é".repeat(1601)), Err(Invalid::TooLong(1601)));
        assert_eq!(check(" "), Err(Invalid::Empty));
    }
}
