//! The table of endpoints: its rows, and how a row is found.

use crate::http::{Exchange, Reply};

/// The methods that Twilio's API uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Post,
    Delete,
}

impl Verb {
    fn is(self, method: &str) -> bool {
        match self {
            Self::Get => matches!(method, "GET" | "HEAD"),
            Self::Post => method == "POST",
            Self::Delete => method == "DELETE",
        }
    }
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody.
    Open,
    /// Whoever has the account's credentials or an API key; errors are Twilio's.
    Account,
    /// Whoever has the account's own credentials: Twilio's standard keys open neither the account nor its keys. Errors are Twilio's.
    Owner,
    /// The same; errors are ours, and the request stays out of the log.
    Control,
}

impl Access {
    /// Whether this is Twilio's API and not ours.
    pub(crate) fn is_api(self) -> bool {
        matches!(self, Self::Account | Self::Owner)
    }
}

/// One row: what is asked, and what answers.
pub(crate) struct Endpoint {
    pub(crate) verb: Verb,
    /// With `{name}` for what varies, which ends at the next `/` or `.`.
    pub(crate) path: &'static str,
    pub(crate) access: Access,
    pub(crate) handler: fn(&Exchange) -> Result<Reply, Reply>,
}

/// What a path leads to.
pub(crate) enum Found {
    Endpoint(&'static Endpoint, Vec<(&'static str, String)>),
    /// The path is there, for other methods.
    WrongMethod,
    Nothing,
}

/// The row for a request.
pub(crate) fn find(tables: &[&'static [Endpoint]], method: &str, path: &str) -> Found {
    let mut found = Found::Nothing;
    for endpoint in tables.iter().flat_map(|table| table.iter()) {
        if let Some(vars) = matches(endpoint.path, path) {
            if endpoint.verb.is(method) {
                return Found::Endpoint(endpoint, vars);
            }
            found = Found::WrongMethod;
        }
    }
    found
}

fn matches(pattern: &'static str, path: &str) -> Option<Vec<(&'static str, String)>> {
    let mut vars = Vec::new();
    let (mut patterns, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (patterns.next(), segments.next()) {
            (None, None) => return Some(vars),
            (Some(pattern), Some(segment)) => match pattern
                .strip_prefix('{')
                .and_then(|rest| rest.split_once('}'))
            {
                Some((name, suffix)) => {
                    let value = segment
                        .strip_suffix(suffix)
                        .filter(|value| !value.is_empty() && !value.contains('.'))?;
                    vars.push((name, value.to_owned()));
                }
                None if pattern == segment => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns_take_what_stands_in_braces() {
        let pattern = "/2010-04-01/Accounts/{account}/Calls/{sid}.json";
        let vars = matches(pattern, "/2010-04-01/Accounts/AC1/Calls/CA1.json").unwrap();
        assert_eq!(
            vars,
            [("account", "AC1".to_owned()), ("sid", "CA1".to_owned())]
        );
        assert!(matches(pattern, "/2010-04-01/Accounts/AC1/Calls/CA1").is_none());
        assert!(matches(pattern, "/2010-04-01/Accounts/AC1/Calls.json").is_none());
        assert!(matches("/{sid}", "/RE1.wav").is_none());
    }
}
