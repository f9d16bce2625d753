//! The placeholders of texts, ours and the tenants'.

/// The most characters that a text message may have (Twilio's error 21617 beyond).
pub const LONGEST_MESSAGE: usize = 1600;

/// The placeholders that there are.
pub const PLACEHOLDERS: [&str; 4] = ["business_name", "caller", "number", "trade"];

/// What the placeholders stand for. One that is not known is empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// `{business_name}`: the tenant's name.
    pub business_name: &'a str,
    /// `{caller}`: the caller's number.
    pub caller: &'a str,
    /// `{number}`: the business's number.
    pub number: &'a str,
    /// `{trade}`: the tenant's trade.
    pub trade: &'a str,
}

impl<'a> Facts<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        match name {
            "business_name" => Some(self.business_name),
            "caller" => Some(self.caller),
            "number" => Some(self.number),
            "trade" => Some(self.trade),
            _ => None,
        }
    }
}

/// Why a text is not a template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A brace has no partner.
    #[error("has a brace without a partner; a placeholder is written {{business_name}}")]
    Brace,
    /// Nobody fills this in.
    #[error(
        "{{{0}}} is not a placeholder; there are {{business_name}}, {{caller}}, {{number}} and {{trade}}"
    )]
    Unknown(String),
    /// More than a message can hold.
    #[error("has {0} characters; a message has at most 1600")]
    TooLong(usize),
    /// Nothing to say.
    #[error("must not be empty")]
    Empty,
}

/// Checks that each placeholder of a text is one that is filled in.
///
/// # Errors
///
/// The first fault of the text.
pub fn check(text: &str) -> Result<(), TemplateError> {
    if text.trim().is_empty() {
        return Err(TemplateError::Empty);
    }
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let inside = rest[at..].strip_prefix('{').ok_or(TemplateError::Brace)?;
        let end = inside.find(['{', '}']).ok_or(TemplateError::Brace)?;
        let name = &inside[..end];
        rest = inside[end..]
            .strip_prefix('}')
            .ok_or(TemplateError::Brace)?;
        if !PLACEHOLDERS.contains(&name) {
            return Err(TemplateError::Unknown(name.to_owned()));
        }
    }
    Ok(())
}

/// Checks a template whose text is sent as a message.
///
/// # Errors
///
/// As [`check`], or the text is longer than a message.
pub fn check_message(text: &str) -> Result<(), TemplateError> {
    let length = text.chars().count();
    if length > LONGEST_MESSAGE {
        return Err(TemplateError::TooLong(length));
    }
    check(text)
}

/// Puts the facts into a template. A placeholder that is not one stays as it is, and what a fact says is not looked into
/// again.
pub fn render(template: &str, facts: &Facts<'_>) -> String {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let known = after
            .split_once('}')
            .and_then(|(name, tail)| Some((facts.get(name)?, tail)));
        rest = match known {
            Some((fact, tail)) => {
                text.push_str(fact);
                tail
            }
            None => {
                text.push('{');
                after
            }
        };
    }
    text.push_str(rest);
    text
}

/// Puts the facts into the template of a message, whose end is cut off where Twilio would refuse the whole.
pub fn render_message(template: &str, facts: &Facts<'_>) -> String {
    let mut text = render(template, facts);
    if let Some((end, _)) = text.char_indices().nth(LONGEST_MESSAGE) {
        text.truncate(end);
    }
    text
}

/// The names between braces, in order.
#[cfg(test)]
pub(crate) fn names(text: &str) -> Vec<String> {
    let parts = text.split('{').skip(1);
    let names = parts.filter_map(|part| part.split_once('}'));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'static> = Facts {
        business_name: "Smith {caller}",
        caller: "+15550109999",
        number: "+15550100001",
        trade: "plumbing",
    };

    #[test]
    fn render_fills_known_placeholders_and_leaves_others() {
        for (template, text) in [
            ("{business_name}", "Smith {caller}"),
            ("{{trade}}", "{plumbing}"),
            ("{caller} to {number}", "+15550109999 to +15550100001"),
            ("{name} {trade", "{name} {trade"),
            ("a } b {} {Trade}", "a } b {} {Trade}"),
            ("{x{trade}", "{xplumbing"),
        ] {
            assert_eq!(render(template, &FACTS), text, "{template}");
        }
    }

    #[test]
    fn check_accepts_every_placeholder_that_is_filled_in() {
        for name in PLACEHOLDERS {
            let template = format!("a {{{name}}} b");
            assert_eq!(check(&template), Ok(()), "{name}");
            assert!(!render(&template, &FACTS).contains(&template), "{name}");
        }
        assert_eq!(check("Hi!"), Ok(()));
        assert_eq!(check("{caller}{caller}"), Ok(()));
    }

    #[test]
    fn check_unknown_placeholder_names_those_there_are() {
        assert_eq!(
            check("Hi from {busines_name}").unwrap_err().to_string(),
            "{busines_name} is not a placeholder; there are {business_name}, {caller}, {number} and {trade}"
        );
        for bad in ["{", "}", "a {business_name", "{{caller}}", "caller}"] {
            assert_eq!(check(bad), Err(TemplateError::Brace), "{bad}");
        }
        assert_eq!(check("{}"), Err(TemplateError::Unknown(String::new())));
        assert_eq!(check(" "), Err(TemplateError::Empty));
    }

    #[test]
    fn message_longer_than_twilio_takes_is_refused_or_cut() {
        assert_eq!(check_message(&"é".repeat(1600)), Ok(()));
        let long = "é".repeat(1601);
        assert_eq!(check_message(&long), Err(TemplateError::TooLong(1601)));
        let text = render_message(&"é😀".repeat(900), &FACTS);
        assert_eq!(text.chars().count(), LONGEST_MESSAGE);
        assert!(text.ends_with('😀'));
    }
}
