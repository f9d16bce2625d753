//! Why a change is not made.

use std::fmt;

use crate::db::tenants::SecretsError;

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Where, such as `tenants[0].numbers[1].number`.
    pub path: String,
    /// What, and how to mend it.
    pub message: String,
}

impl FieldError {
    /// A fault at a place.
    pub fn new(path: impl Into<String>, message: impl fmt::Display) -> Self {
        Self {
            path: path.into(),
            message: message.to_string(),
        }
    }
}

/// Why a change is not made; nothing of it happened.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// What is asked for cannot be; all that is wrong with it.
    #[error("the document has faults")]
    Invalid(Vec<FieldError>),
    /// There is no such thing, or not for this caller.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The caller's key is bound to one tenant, and this is about others.
    #[error("{0}")]
    Bound(&'static str),
    /// It cannot be done in the state that things are in.
    #[error("{message}")]
    Conflict {
        /// For a program.
        code: &'static str,
        /// For a person.
        message: String,
    },
    /// Twilio refused.
    #[error("Twilio refused: {reason}")]
    Twilio {
        /// Its code, 0 when it gave none.
        code: u32,
        /// Its words.
        reason: String,
    },
    /// A stored credential cannot be opened.
    #[error(transparent)]
    Sealed(#[from] encryption::DecryptError),
    /// The database failed.
    #[error("database: {0}")]
    Store(#[from] store::Error),
    /// A part of ours that this needs is away.
    #[error("{0} is away")]
    Away(&'static str),
}

impl Refusal {
    /// Something is to be made for a tenant that there is not, or not for this caller.
    pub fn no_such_tenant() -> Self {
        let message = "there is no such tenant; GET /api/tenants/ lists them";
        Self::Invalid(vec![FieldError::new("tenant_id", message)])
    }

    /// A conflict.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict {
            code,
            message: message.into(),
        }
    }
}

impl From<SecretsError> for Refusal {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::Sealed(e) => Self::Sealed(e),
            SecretsError::Store(e) => Self::Store(e),
        }
    }
}
