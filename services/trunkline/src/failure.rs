//! How a command ends when it does not end well.

/// How a command ends when it does not end well.
#[derive(Debug)]
pub enum Failure {
    /// Exit 1.
    Failed(String),
    /// Exit 2: the usage or the configuration is wrong.
    Usage(String),
}

impl Failure {
    /// Exit 1, with these words.
    pub fn failed(what: impl std::fmt::Display) -> Self {
        Self::Failed(what.to_string())
    }
}

impl From<role::Error> for Failure {
    fn from(e: role::Error) -> Self {
        match e {
            role::Error::Settings(words) => Self::Usage(words),
            role::Error::Bus(bus::Error::Config(words))
            | role::Error::Store(store::Error::Config(words)) => Self::Usage(words),
            other => Self::Failed(with_source(&other)),
        }
    }
}

impl From<settings::Faults> for Failure {
    fn from(faults: settings::Faults) -> Self {
        Self::Usage(faults.to_string())
    }
}

pub(super) fn with_source(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let text = inner.to_string();
        if !words.contains(&text) {
            words = format!("{words}: {text}");
        }
        source = inner.source();
    }
    words
}
