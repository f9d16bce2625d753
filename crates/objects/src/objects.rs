use std::fmt;
use std::sync::Arc;

use aws_sdk_s3::Client;
use bytes::Bytes;
use tokio::sync::OnceCell;

use crate::Config;
use crate::connect::{BUCKET, connect};
use crate::error::{Answer, Error, ProbeError, error};

/// S3's own limit is 1024.
const LONGEST_KEY: usize = 512;

/// S3 tells of no more keys at once.
const PAGE: usize = 1_000;

/// An object, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its bytes, or those of the range.
    pub bytes: Bytes,
    /// What it was put as.
    pub content_type: String,
    /// Changes with the bytes; without quotes.
    pub etag: String,
    /// The whole object's size in bytes.
    pub size: u64,
}

/// An object without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// What it was put as.
    pub content_type: String,
    /// Changes with the bytes; without quotes.
    pub etag: String,
    /// In bytes.
    pub size: u64,
}

/// A line of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// In bytes.
    pub size: u64,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its lines, in the keys' order.
    pub entries: Vec<Entry>,
    /// The key after which the next page begins; `None`: this was the last.
    pub next: Option<String>,
}

/// The store. Clones share it; nothing is opened before the first use.
#[derive(Clone)]
pub struct Objects(Arc<Inner>);

struct Inner {
    config: Config,
    bucket: String,
    client: OnceCell<Client>,
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Objects").field(&self.0.config).finish()
    }
}

impl Objects {
    /// The store that the configuration names. Costs nothing: it is opened at the first use.
    pub fn open(config: Config) -> Self {
        let bucket = match &config {
            Config::Embedded { .. } => BUCKET.to_owned(),
            Config::S3 { bucket, .. } => bucket.clone(),
        };
        Self(Arc::new(Inner {
            config,
            bucket,
            client: OnceCell::new(),
        }))
    }

    /// `embedded` or `s3`, for people.
    pub fn kind(&self) -> &'static str {
        match self.0.config {
            Config::Embedded { .. } => "embedded",
            Config::S3 { .. } => "s3",
        }
    }

    /// Whether the bucket is there and lets us in.
    ///
    /// # Errors
    /// [`Error::Away`] or [`Error::Refused`] when it is not.
    pub async fn ready(&self) -> Result<(), Error> {
        let asked = self.client().await?.head_bucket().bucket(&self.0.bucket);
        match asked.send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).status == Some(404) => Err(Error::Refused(format!(
                "there is no bucket {}",
                self.0.bucket
            ))),
            Err(e) => Err(error(&e)),
        }
    }

    /// Whether objects can be stored, read back and deleted: does it with one of its own, below `doctor/`.
    ///
    /// # Errors
    /// The first step that did not work, and why.
    pub async fn probe(&self) -> Result<(), ProbeError> {
        let failed = |step| move |source| ProbeError { step, source };
        let name = hex::encode(rand::random::<[u8; 16]>());
        let key = format!("doctor/{name}");
        let put = self.put(&key, name.clone(), "text/plain").await;
        put.map_err(failed("stored"))?;
        let got = self.get(&key).await;
        let deleted = self.delete(&key).await;
        let got = got.map_err(failed("read back"))?;
        if got.is_none_or(|object| object.bytes != name) {
            let other = Error::Refused("what comes back is not what was stored".to_owned());
            return Err(failed("read back")(other));
        }
        deleted.map_err(failed("deleted"))
    }

    /// Makes the bucket, for set-up; one that is ours already is fine.
    ///
    /// # Errors
    /// As any request.
    pub async fn make_bucket(&self) -> Result<(), Error> {
        let made = self.client().await?.create_bucket().bucket(&self.0.bucket);
        match made.send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).code.as_deref() == Some("BucketAlreadyOwnedByYou") => Ok(()),
            Err(e) => Err(error(&e)),
        }
    }

    /// Stores an object, in the place of one that is there.
    ///
    /// # Errors
    /// As any request; after [`Error::Away`] it may have been stored.
    pub async fn put(
        &self,
        key: &str,
        bytes: impl Into<Bytes>,
        content_type: &str,
    ) -> Result<(), Error> {
        let put = self.client().await?.put_object().bucket(&self.0.bucket);
        let put = put.key(checked(key)?).content_type(content_type);
        let sent = put.body(bytes.into().into()).send().await;
        sent.map(|_| ()).map_err(|e| error(&e))
    }

    /// Stores an object unless there is one; `false`: there is. Of several writers one wins.
    ///
    /// # Errors
    /// As any request; after [`Error::Away`] it may have been stored.
    pub async fn put_if_absent(
        &self,
        key: &str,
        bytes: impl Into<Bytes>,
        content_type: &str,
    ) -> Result<bool, Error> {
        let put = self.client().await?.put_object().bucket(&self.0.bucket);
        let put = put.key(checked(key)?).content_type(content_type);
        let put = put.if_none_match("*").body(bytes.into().into());
        match put.send().await {
            Ok(_) => Ok(true),
            Err(e) if Answer::of(&e).is_present() => Ok(false),
            Err(e) => Err(error(&e)),
        }
    }

    /// An object; `None`: there is none.
    ///
    /// # Errors
    /// As any request.
    pub async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        self.fetch(key, None).await
    }

    /// A part of an object: from the byte `first` to the byte `last`, or to the end; an end beyond the object's is its end.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] when it begins after the end; as any request.
    pub async fn get_range(
        &self,
        key: &str,
        first: u64,
        last: Option<u64>,
    ) -> Result<Option<Object>, Error> {
        if last.is_some_and(|last| last < first) {
            return Err(Error::OutOfRange);
        }
        let last = last.map(|last| last.to_string()).unwrap_or_default();
        self.fetch(key, Some(format!("bytes={first}-{last}"))).await
    }

    async fn fetch(&self, key: &str, range: Option<String>) -> Result<Option<Object>, Error> {
        let get = self.client().await?.get_object().bucket(&self.0.bucket);
        let got = match get.key(checked(key)?).set_range(range).send().await {
            Ok(got) => got,
            Err(e) if Answer::of(&e).is_absent() => return Ok(None),
            Err(e) => return Err(error(&e)),
        };
        let whole = got
            .content_range
            .as_deref()
            .and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let bytes = got
            .body
            .collect()
            .await
            .map_err(|_| Error::Away("the object broke off".to_owned()))?
            .into_bytes();
        Ok(Some(Object {
            size: whole.unwrap_or(bytes.len() as u64),
            content_type: got.content_type.unwrap_or_default(),
            etag: bare(got.e_tag),
            bytes,
        }))
    }

    /// What an object is; `None`: there is none.
    ///
    /// # Errors
    /// As any request.
    pub async fn head(&self, key: &str) -> Result<Option<Head>, Error> {
        let head = self.client().await?.head_object().bucket(&self.0.bucket);
        match head.key(checked(key)?).send().await {
            Ok(head) => Ok(Some(Head {
                content_type: head.content_type.unwrap_or_default(),
                etag: bare(head.e_tag),
                size: unsigned(head.content_length),
            })),
            Err(e) if Answer::of(&e).is_absent() => Ok(None),
            Err(e) => Err(error(&e)),
        }
    }

    /// Removes an object; one that is not there is fine.
    ///
    /// # Errors
    /// As any request.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let delete = self.client().await?.delete_object().bucket(&self.0.bucket);
        match delete.key(checked(key)?).send().await {
            Ok(_) => Ok(()),
            Err(e) if Answer::of(&e).is_absent() => Ok(()),
            Err(e) => Err(error(&e)),
        }
    }

    /// Everything whose key begins with `prefix`, in the keys' order. For what is known to be few: [`Objects::page`]
    /// does not grow with the store.
    ///
    /// # Errors
    /// As any request.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Entry>, Error> {
        let mut found = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.page(prefix, &after, PAGE).await?;
            found.extend(page.entries);
            match page.next {
                Some(next) => after = next,
                None => return Ok(found),
            }
        }
    }

    /// The first keys after `after` (empty: from the beginning) that begin with `prefix`, in the keys' order; at most
    /// `limit` and at most 1,000.
    ///
    /// # Errors
    /// As any request.
    pub async fn page(&self, prefix: &str, after: &str, limit: usize) -> Result<Page, Error> {
        let list = self.client().await?.list_objects_v2();
        let limit = i32::try_from(limit.clamp(1, PAGE)).unwrap_or(i32::MAX);
        let after = Some(after.to_owned()).filter(|after| !after.is_empty());
        let list = list.bucket(&self.0.bucket).prefix(prefix).max_keys(limit);
        let page = list.set_start_after(after).send().await;
        let page = page.map_err(|e| error(&e))?;
        let entries: Vec<Entry> = page
            .contents
            .unwrap_or_default()
            .into_iter()
            .filter_map(|object| {
                Some(Entry {
                    key: object.key?,
                    size: unsigned(object.size),
                })
            })
            .collect();
        let more = page.is_truncated.unwrap_or_default();
        let next = entries.last().filter(|_| more).map(|last| last.key.clone());
        Ok(Page { entries, next })
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn bucket(&self) -> &str {
        &self.0.bucket
    }

    pub(crate) async fn client(&self) -> Result<&Client, Error> {
        self.0
            .client
            .get_or_try_init(|| async { connect(&self.0.config).await })
            .await
    }
}

pub(crate) fn checked(key: &str) -> Result<&str, Error> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '=' | '-');
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.chars().all(plain);
    if key.len() <= LONGEST_KEY && key.split('/').all(part) {
        Ok(key)
    } else {
        Err(Error::BadKey)
    }
}

pub(crate) fn bare(etag: Option<String>) -> String {
    etag.unwrap_or_default().trim_matches('"').to_owned()
}

pub(crate) fn unsigned(n: Option<i64>) -> u64 {
    n.and_then(|n| n.try_into().ok()).unwrap_or_default()
}
