#![doc = include_str!("../README.md")]

mod config;
mod connect;
mod embedded;
mod error;
mod fs_store;
mod objects;
mod server;

pub use config::{Config, Credentials};
pub use error::Error;
pub use objects::{Entry, Head, Object, Objects, Page};

/// The embedded server, for tests that speak to it over a socket. Not for others.
#[doc(hidden)]
pub mod test_support {
    use std::path::Path;

    use s3s::service::S3Service;

    /// The server on a folder, with one pair of credentials.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn service(dir: &Path, access_key: &str, secret: &str) -> std::io::Result<S3Service> {
        Ok(crate::server::service(
            crate::fs_store::FsStore::open(dir)?,
            access_key,
            secret,
        ))
    }
}
