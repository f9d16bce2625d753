use std::fmt;
use std::path::PathBuf;

/// Where objects are.
#[derive(Debug, Clone)]
pub enum Config {
    /// In this folder, behind the server inside this process.
    Embedded {
        /// The folder; made when it is first needed.
        dir: PathBuf,
    },
    /// In a bucket of an S3.
    S3 {
        /// The bucket, which exists.
        bucket: String,
        /// `us-east-1`, or whatever the server wants to be called.
        region: String,
        /// Another S3 than Amazon's, addressed by paths.
        endpoint: Option<String>,
        /// Who asks.
        credentials: Credentials,
    },
}

/// An S3 user. `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Credentials {
    /// The access key's id.
    pub access_key_id: String,
    /// The secret.
    pub secret_access_key: String,
    /// Of temporary credentials.
    pub session_token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[credentials]")
    }
}
