//! What an operator may do for a tenant.

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rights {
    /// Looks.
    Viewer,
    /// Answers, calls, replays.
    Operator,
    /// Changes tenants, numbers, keys and operators.
    Owner,
}

impl Rights {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Owner];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rights| rights.as_str() == word)
    }

    /// The same as scopes of an API key.
    pub fn scopes(self) -> &'static str {
        match self {
            Self::Viewer => "read",
            Self::Operator => "read write",
            Self::Owner => "read write admin",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_is_read_back() {
        for rights in Rights::ALL {
            assert_eq!(Rights::parse(rights.as_str()), Some(rights));
        }
        assert_eq!(Rights::parse("root"), None);
        assert!(Rights::Owner > Rights::Viewer);
    }
}
