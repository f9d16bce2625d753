//! Why a process cannot start or go on.

/// Why the process cannot start or go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings are wrong: exit 2.
    #[error("{0}")]
    Settings(String),
    /// The database is away or refuses, or its schema cannot be brought up to date.
    #[error("database: {0}")]
    Store(#[from] store::Error),
    /// The bus is away, refuses or failed.
    #[error("bus: {0}")]
    Bus(#[from] bus::Error),
    /// The port is taken, or the data folder cannot be written.
    #[error("{what}: {source}")]
    Io {
        /// What was tried, and how to mend it.
        what: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
}
