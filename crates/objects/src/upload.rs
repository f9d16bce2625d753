//! Objects that come in piece by piece: one request for a small one, parts for a large one, and never more than a part and a
//! quarter in memory.

use std::time::{Duration, SystemTime};

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use tokio::task::JoinHandle;
use tracing::warn;

use crate::error::{Answer, Error, error};
use crate::objects::checked;
use crate::part::{PART, Rest};
use crate::{Encryption, Objects};

/// What is gathered of the next part while one is being sent: the two of them are what an upload has in memory at most.
const AHEAD: usize = PART / 4;

/// An object that is being stored. It is there when [`Upload::finish`] says so, and not before. One that is dropped is aborted, as
/// well as a process that goes on can; what a process that died has begun is removed by [`Objects::sweep_uploads`].
pub struct Upload {
    place: Place,
    encryption: Encryption,
    content_type: String,
    /// What has not been sent, less than a part.
    rest: Rest,
    /// The upload's id, once there is more than a part.
    id: Option<String>,
    /// The part that is being sent.
    sending: Option<JoinHandle<Result<CompletedPart, Error>>>,
    sent: Vec<CompletedPart>,
    size: u64,
    replaces: bool,
}

#[derive(Clone)]
struct Place {
    client: Client,
    bucket: String,
    key: String,
}

impl Objects {
    /// Begins to store an object, in the place of one that is there. Nothing is asked of the store yet.
    ///
    /// # Errors
    /// [`Error::BadKey`], or as opening the store.
    pub async fn upload(&self, key: &str, content_type: &str) -> Result<Upload, Error> {
        Ok(Upload {
            place: Place {
                client: self.client().await?.clone(),
                bucket: self.bucket().to_owned(),
                key: checked(key)?.to_owned(),
            },
            encryption: Encryption::Bucket,
            content_type: content_type.to_owned(),
            rest: Rest::default(),
            id: None,
            sending: None,
            sent: Vec::new(),
            size: 0,
            replaces: false,
        })
    }

    /// Aborts uploads below `prefix` that were begun longer ago than `age`: what processes that died have left, which costs what
    /// objects cost. Says how many.
    ///
    /// # Errors
    /// As any request.
    pub async fn sweep_uploads(&self, prefix: &str, age: Duration) -> Result<usize, Error> {
        sweep(self.client().await?, self.bucket(), prefix, age).await
    }
}

async fn sweep(client: &Client, bucket: &str, prefix: &str, age: Duration) -> Result<usize, Error> {
    let list = client.list_multipart_uploads().bucket(bucket);
    let listed = list.prefix(prefix).send().await.map_err(|e| error(&e))?;
    let mut swept = 0;
    for upload in listed.uploads.unwrap_or_default() {
        let begun = upload
            .initiated
            .and_then(|at| SystemTime::try_from(at).ok());
        // A store that does not say when, or whose clock is ahead: all the same to whoever wants all of them.
        let is_old =
            begun.is_some_and(|at| at.elapsed().is_ok_and(|since| since >= age)) || age.is_zero();
        let (Some(key), Some(id), true) = (upload.key, upload.upload_id, is_old) else {
            continue;
        };
        let place = Place {
            client: client.clone(),
            bucket: bucket.to_owned(),
            key,
        };
        place.abort(&id).await?;
        swept += 1;
    }
    Ok(swept)
}

impl Upload {
    /// Has the store encrypt it.
    #[must_use]
    pub fn encrypted(mut self, encryption: Encryption) -> Self {
        self.encryption = encryption;
        self
    }

    /// Takes the place of uploads of this key that were begun before, by processes that died: they are aborted before the first part is
    /// sent. For whoever knows to be the only one that stores this object.
    #[must_use]
    pub fn replacing(mut self) -> Self {
        self.replaces = true;
        self
    }

    /// Bytes so far.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The next bytes. Waits while the store is slower than they come.
    ///
    /// # Errors
    /// As any request; the object is not stored then.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.rest.len() >= AHEAD {
                self.wait().await?;
            }
            let end = if self.sending.is_some() { AHEAD } else { PART };
            let length = bytes.len().min(end - self.rest.len());
            self.rest.push(&bytes[..length])?;
            bytes = &bytes[length..];
            if self.rest.len() == PART {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Sends the last part of an object that comes in parts, so that nothing of it is in memory any more; a small one stays until
    /// [`Upload::finish`]. Nothing may be written afterwards: only the last part may be short.
    ///
    /// # Errors
    /// As any request; the object is not stored then.
    pub async fn drain(&mut self) -> Result<(), Error> {
        if self.id.is_some() && self.rest.len() > 0 {
            self.send().await?;
        }
        self.wait().await
    }

    /// Stores what has come as the object.
    ///
    /// # Errors
    /// As any request; after [`Error::Away`] it may have been stored.
    pub async fn finish(mut self) -> Result<(), Error> {
        if self.id.is_none() {
            let bytes = self.rest.take();
            let (kind, encryption) = (&self.content_type, &self.encryption);
            return self.place.put(kind, encryption, bytes).await;
        }
        self.drain().await?;
        let Some(id) = &self.id else { return Ok(()) };
        self.place.complete(id, self.sent.clone()).await?;
        self.id = None;
        Ok(())
    }

    /// Gives up. Nothing is stored, and what was sent is removed.
    ///
    /// # Errors
    /// As any request.
    pub async fn abort(mut self) -> Result<(), Error> {
        let sending = self.sending.take();
        if let Some(sending) = sending {
            // A part that comes after the abort would stay.
            let _ = sending.await;
        }
        match self.id.take() {
            Some(id) => self.place.abort(&id).await,
            None => Ok(()),
        }
    }

    /// Sends a part while the next one is gathered.
    async fn send(&mut self) -> Result<(), Error> {
        let id = match &self.id {
            Some(id) => id.clone(),
            None => {
                if self.replaces {
                    let age = Duration::ZERO;
                    sweep(&self.place.client, &self.place.bucket, &self.place.key, age).await?;
                }
                let id = self
                    .place
                    .begin(&self.content_type, &self.encryption)
                    .await?;
                self.id.insert(id).clone()
            }
        };
        self.wait().await?;
        let bytes = self.rest.take();
        let (place, number) = (self.place.clone(), self.sent.len() + 1);
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let sending = tokio::spawn(async move { place.part(&id, number, bytes).await });
        self.sending = Some(sending);
        Ok(())
    }

    async fn wait(&mut self) -> Result<(), Error> {
        if let Some(sending) = self.sending.take() {
            let lost = |_| Error::Away("a part was not sent".to_owned());
            let part = sending.await.map_err(lost).flatten()?;
            self.sent.push(part);
        }
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current())
        else {
            return;
        };
        let (place, sending) = (self.place.clone(), self.sending.take());
        runtime.spawn(async move {
            if let Some(sending) = sending {
                let _ = sending.await;
            }
            if let Err(e) = place.abort(&id).await {
                warn!(error = %e, "an upload that was given up is left in the store");
            }
        });
    }
}

impl Place {
    async fn put(
        &self,
        content_type: &str,
        encryption: &Encryption,
        bytes: Bytes,
    ) -> Result<(), Error> {
        let put = self.client.put_object().bucket(&self.bucket).key(&self.key);
        let put = put
            .set_server_side_encryption(encryption.algorithm())
            .set_ssekms_key_id(encryption.key());
        let put = put.content_type(content_type).body(bytes.into());
        put.send().await.map(drop).map_err(|e| error(&e))
    }

    async fn begin(&self, content_type: &str, encryption: &Encryption) -> Result<String, Error> {
        let begin = self.client.create_multipart_upload().bucket(&self.bucket);
        let begin = begin
            .set_server_side_encryption(encryption.algorithm())
            .set_ssekms_key_id(encryption.key());
        let begun = begin.key(&self.key).content_type(content_type).send().await;
        let begun = begun.map_err(|e| error(&e))?;
        begun
            .upload_id
            .ok_or_else(|| Error::Refused("the upload has no id".to_owned()))
    }

    async fn part(&self, id: &str, number: i32, bytes: Bytes) -> Result<CompletedPart, Error> {
        let part = self
            .client
            .upload_part()
            .bucket(&self.bucket)
            .key(&self.key);
        let part = part.upload_id(id).part_number(number).body(bytes.into());
        let sent = part.send().await.map_err(|e| error(&e))?;
        Ok(CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag)
            .build())
    }

    async fn complete(&self, id: &str, parts: Vec<CompletedPart>) -> Result<(), Error> {
        let parts = CompletedMultipartUpload::builder()
            .set_parts(Some(parts))
            .build();
        let complete = self.client.complete_multipart_upload().bucket(&self.bucket);
        let complete = complete
            .key(&self.key)
            .upload_id(id)
            .multipart_upload(parts);
        complete.send().await.map(drop).map_err(|e| error(&e))
    }

    async fn abort(&self, id: &str) -> Result<(), Error> {
        let abort = self.client.abort_multipart_upload().bucket(&self.bucket);
        match abort.key(&self.key).upload_id(id).send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).status == Some(404) => Ok(()),
            Err(e) => Err(error(&e)),
        }
    }
}
