use crate::provider::primary;

/// The languages that are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    English,
    German,
}

impl Language {
    /// English, where it is not known.
    pub(super) fn of(tag: &str) -> Self {
        match primary(tag).as_str() {
            "de" => Self::German,
            _ => Self::English,
        }
    }

    pub(super) fn pick<T>(self, english: T, german: T) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}
