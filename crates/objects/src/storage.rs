//! How objects are kept: encrypted by the store, and in which of its classes.

use aws_sdk_s3::types::{ServerSideEncryption, StorageClass};

use crate::error::{Answer, Error, error};
use crate::objects::checked;
use crate::{Config, Objects};

/// How the store encrypts an object. The one inside the process does not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Encryption {
    /// As the bucket does by itself.
    #[default]
    Bucket,
    /// With S3's own keys (SSE-S3).
    S3,
    /// With a key of a key service (SSE-KMS); none: the store's own.
    Kms(Option<String>),
}

impl Encryption {
    /// As a tenant's settings name it: `s3`, or `kms` with a key (empty: the store's own). Anything else: as the bucket does by itself.
    #[must_use]
    pub fn named(word: &str, key: &str) -> Self {
        match word {
            "s3" => Self::S3,
            "kms" => Self::Kms(Some(key.to_owned()).filter(|key| !key.is_empty())),
            _ => Self::Bucket,
        }
    }

    pub(crate) fn algorithm(&self) -> Option<ServerSideEncryption> {
        match self {
            Self::Bucket => None,
            Self::S3 => Some(ServerSideEncryption::Aes256),
            Self::Kms(_) => Some(ServerSideEncryption::AwsKms),
        }
    }

    pub(crate) fn key(&self) -> Option<String> {
        match self {
            Self::Kms(key) => key.clone(),
            Self::Bucket | Self::S3 => None,
        }
    }
}

impl Objects {
    /// Moves an object to another storage class (`STANDARD_IA`, `GLACIER_IR`, ...); it stays encrypted as it is. `false`: there is none. The store
    /// inside the process has but one class.
    ///
    /// # Errors
    /// [`Error::Refused`] of a class that the store does not have; as any request.
    pub async fn set_storage_class(&self, key: &str, class: &str) -> Result<bool, Error> {
        if matches!(self.config(), Config::Embedded { .. }) {
            return Ok(self.head(key).await?.is_some());
        }
        let client = self.client().await?;
        let head = client.head_object().bucket(self.bucket());
        let head = match head.key(checked(key)?).send().await {
            Ok(head) => head,
            Err(e) if Answer::of(&e).is_absent() => return Ok(false),
            Err(e) => return Err(error(&e)),
        };
        // A copy onto itself. What it is encrypted with is not copied.
        let copy = client
            .copy_object()
            .bucket(self.bucket())
            .key(key)
            .copy_source(format!("{}/{key}", self.bucket()))
            .storage_class(StorageClass::from(class))
            .set_server_side_encryption(head.server_side_encryption)
            .set_ssekms_key_id(head.ssekms_key_id);
        copy.send().await.map(|_| true).map_err(|e| error(&e))
    }

    /// The storage class of an object, and what it is encrypted with, as the store says it; for tests and people. `None`: there is none.
    ///
    /// # Errors
    /// As any request.
    pub async fn kept_as(&self, key: &str) -> Result<Option<(String, String)>, Error> {
        let head = self.client().await?.head_object().bucket(self.bucket());
        match head.key(checked(key)?).send().await {
            Ok(head) => {
                let class = head.storage_class.map(|class| class.as_str().to_owned());
                let how = head
                    .server_side_encryption
                    .map(|how| how.as_str().to_owned());
                Ok(Some((
                    class.unwrap_or_else(|| "STANDARD".to_owned()),
                    how.unwrap_or_default(),
                )))
            }
            Err(e) if Answer::of(&e).is_absent() => Ok(None),
            Err(e) => Err(error(&e)),
        }
    }
}
