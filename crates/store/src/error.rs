//! Why the database failed.

/// A fault of the database, or of how it is configured.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A query failed.
    #[error("the query failed: {}", why(.0))]
    Query(#[from] diesel::result::Error),
    /// No connection could be had: the server is away, or all are in use for too long.
    #[error("no database connection: {0}")]
    Unavailable(String),
    /// A schema could not be brought up to date.
    #[error("migration of {schema} failed: {reason}")]
    Migration {
        /// The role's schema.
        schema: String,
        /// What the engine says.
        reason: String,
    },
    /// The settings cannot work.
    #[error("{0}")]
    Config(String),
}

/// What the engine says, without the values that its details name.
fn why(error: &diesel::result::Error) -> String {
    use diesel::result::Error as Diesel;
    match error {
        Diesel::DatabaseError(_, info) => info.message().to_owned(),
        Diesel::NotFound => "there is no such row".to_owned(),
        Diesel::DeserializationError(_) => "a value cannot be read".to_owned(),
        Diesel::SerializationError(_) => "a value cannot be written".to_owned(),
        Diesel::BrokenTransactionManager => "the connection is broken".to_owned(),
        _ => "the statement could not be run".to_owned(),
    }
}

/// What SQLite says while another connection writes.
pub(crate) const LOCKED: &str = "database is locked";

/// What the engines say of themselves where Diesel keeps no code: PostgreSQL's classes 53 and 57, SQLite's `BUSY`, `FULL`
/// and `IOERR`.
const AWAY: [&str; 8] = [
    "terminating connection",
    "the database system is",
    "sorry, too many clients",
    "remaining connection slots",
    "connection closed",
    LOCKED,
    "database or disk is full",
    "disk I/O error",
];

impl Error {
    /// Whether the database is away, starting, stopping, full or a standby, rather than the query wrong: the same may
    /// succeed later, and what it was for is not to blame.
    pub fn is_unavailable(&self) -> bool {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match self {
            Self::Unavailable(_) | Self::Query(Diesel::BrokenTransactionManager) => true,
            Self::Query(Diesel::DatabaseError(kind, info)) => match kind {
                Kind::ClosedConnection | Kind::UnableToSendCommand | Kind::ReadOnlyTransaction => {
                    true
                }
                Kind::Unknown => AWAY.iter().any(|start| info.message().starts_with(start)),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether the row was there already.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
        matches!(self, Self::Query(DatabaseError(UniqueViolation, _)))
    }
}

#[cfg(test)]
mod tests {
    use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};

    use super::*;

    fn is_outage(kind: Kind, message: &str) -> bool {
        Error::Query(Diesel::DatabaseError(kind, Box::new(message.to_owned()))).is_unavailable()
    }

    #[test]
    fn outage_is_distinguished_from_a_wrong_query() {
        assert!(Error::Unavailable(String::new()).is_unavailable());
        assert!(is_outage(Kind::ClosedConnection, ""));
        assert!(is_outage(Kind::ReadOnlyTransaction, ""));
        assert!(is_outage(
            Kind::Unknown,
            "terminating connection due to administrator command"
        ));
        assert!(is_outage(
            Kind::Unknown,
            "the database system is starting up"
        ));
        assert!(!is_outage(Kind::UniqueViolation, ""));
        assert!(!is_outage(
            Kind::Unknown,
            "invalid byte sequence for encoding"
        ));
        assert!(!is_outage(
            Kind::Unknown,
            "canceling statement due to statement timeout"
        ));
    }
}
