#![doc = include_str!("../README.md")]

mod chunked;
mod config;
mod connect;
mod embedded;
mod error;
mod fs_parts;
mod fs_store;
mod objects;
mod part;
mod server;
mod storage;
mod stream;
mod trouble;
mod upload;

pub use config::{Config, Credentials};
pub use error::{Error, ProbeError};
pub use objects::{Entry, Head, Object, Objects, Page};
pub use part::PART;
pub use storage::Encryption;
pub use stream::Streamed;
pub use upload::Upload;

/// The embedded server, for tests that speak to it over a socket. Not for others.
#[doc(hidden)]
pub mod test_support {
    use std::path::Path;

    use s3s::service::S3Service;

    use crate::{Error, Objects};

    pub use crate::trouble::{Trouble, Write};

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

    /// Stores an object as clients with the newer defaults do: in chunks (`aws-chunked`), with a checksum behind them (a trailer). Says
    /// which trailer was announced, and the checksum that the store answers.
    ///
    /// # Errors
    /// As any request.
    pub async fn put_in_chunks(
        objects: &Objects,
        key: &str,
        bytes: Vec<u8>,
    ) -> Result<(String, String), Error> {
        crate::chunked::put(objects, key, bytes).await
    }

    /// The same in two parts; where the first one ends.
    ///
    /// # Errors
    /// As any request.
    pub async fn put_parts_in_chunks(
        objects: &Objects,
        key: &str,
        bytes: Vec<u8>,
        first: usize,
    ) -> Result<(), Error> {
        crate::chunked::put_parts(objects, key, bytes, first).await
    }

    /// The same, in whatever trouble it is at the moment.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn troubled(
        dir: &Path,
        access_key: &str,
        secret: &str,
        trouble: &Trouble,
    ) -> std::io::Result<S3Service> {
        let store = crate::fs_store::FsStore::open(dir)?;
        let mut builder = crate::server::builder(store, access_key, secret);
        builder.set_access(trouble.clone());
        Ok(builder.build())
    }
}
