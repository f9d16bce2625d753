//! Why the database did not do what it was asked.

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

impl Error {
    /// Whether the row was there already.
    pub fn is_duplicate(&self) -> bool {
        use diesel::result::{DatabaseErrorKind::UniqueViolation, Error::DatabaseError};
        matches!(self, Self::Query(DatabaseError(UniqueViolation, _)))
    }
}
