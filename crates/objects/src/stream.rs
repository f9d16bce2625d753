//! Objects that go out piece by piece, or straight from the store to whoever asks.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;

use crate::error::{Answer, Error, error};
use crate::objects::{bare, checked, unsigned};
use crate::{Config, Objects};

/// An object, or a part of one, on its way.
#[derive(Debug)]
pub struct Streamed {
    /// What it was put as.
    pub content_type: String,
    /// Changes with the bytes; without quotes.
    pub etag: String,
    /// The whole object's size in bytes.
    pub size: u64,
    /// Bytes that come.
    pub length: u64,
    body: ByteStream,
}

impl Streamed {
    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Away`] when it breaks off.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let next = self.body.next().await.transpose();
        next.map_err(|_| Error::Away("the object broke off".to_owned()))
    }
}

impl Objects {
    /// An object, or the bytes from `first` to `last` (inclusive; `None`: to the end) of it, piece by piece. `None`: there is none.
    ///
    /// # Errors
    /// [`Error::OutOfRange`]; else as any request.
    pub async fn stream(
        &self,
        key: &str,
        range: Option<(u64, Option<u64>)>,
    ) -> Result<Option<Streamed>, Error> {
        let range = range.map(|(first, last)| {
            let last = last.map(|last| last.to_string()).unwrap_or_default();
            format!("bytes={first}-{last}")
        });
        let get = self.client().await?.get_object().bucket(self.bucket());
        let got = match get.key(checked(key)?).set_range(range).send().await {
            Ok(got) => got,
            Err(e) if Answer::of(&e).is_absent() => return Ok(None),
            Err(e) => return Err(error(&e)),
        };
        let length = unsigned(got.content_length);
        let whole = got
            .content_range
            .as_deref()
            .and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        Ok(Some(Streamed {
            size: whole.unwrap_or(length),
            length,
            content_type: got.content_type.unwrap_or_default(),
            etag: bare(got.e_tag),
            body: got.body,
        }))
    }

    /// An address at which whoever has it can get the object until it expires, without passing through here. `None`: the store is
    /// inside this process and has none.
    ///
    /// # Errors
    /// [`Error::BadKey`], or [`Error::Refused`] for a time that S3 does not allow (more than a week).
    pub async fn presigned(&self, key: &str, valid: Duration) -> Result<Option<String>, Error> {
        if matches!(self.config(), Config::Embedded { .. }) {
            return Ok(None);
        }
        let refused = |_| Error::Refused("the address cannot be valid for so long".to_owned());
        let until = PresigningConfig::expires_in(valid).map_err(refused)?;
        let get = self.client().await?.get_object().bucket(self.bucket());
        let signed = get.key(checked(key)?).presigned(until).await;
        let signed = signed.map_err(|e| error(&e))?;
        Ok(Some(signed.uri().to_owned()))
    }
}
