//! Who works at the console.

/// A person with a session.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    /// The operator's id; empty: the session began with a link or an API key.
    pub id: String,
    /// The name that the audit log has.
    pub name: String,
    /// The tenant that is worked for; none: all.
    pub tenant: Option<String>,
    /// `read`, `write`, `admin`, separated by spaces.
    pub scopes: String,
    /// The hash of the session's token.
    pub session: String,
    /// The token against forged requests.
    pub csrf: String,
}

impl Operator {
    /// Whether the operator may change what belongs to a tenant.
    pub fn may_write(&self) -> bool {
        self.has("write") || self.may_administer()
    }

    /// Whether the operator may change tenants, numbers, keys and operators.
    pub fn may_administer(&self) -> bool {
        self.has("admin")
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.split(' ').any(|own| own == scope)
    }
}
