//! The S3 server on a folder: what `s3s` makes of requests, done on the [`FsStore`].

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use futures::TryStreamExt;
use s3s::auth::SimpleAuth;
use s3s::dto::{
    CreateBucketInput, CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput, ETag,
    ETagCondition, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Object,
    PutObjectInput, PutObjectOutput, StreamingBlob,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use tracing::warn;

use crate::fs_store::FsStore;

/// The largest object that is put whole; S3's own limit is 5 GB.
const LARGEST: usize = 512 << 20;

/// The server, which accepts what is signed with one pair of credentials.
pub(crate) fn service(store: FsStore, access_key: &str, secret: &str) -> S3Service {
    let mut builder = S3ServiceBuilder::new(Server(Arc::new(store)));
    builder.set_auth(SimpleAuth::from_single(access_key, secret));
    builder.build()
}

struct Server(Arc<FsStore>);

impl Server {
    /// Runs `work` where files may be waited for.
    async fn with_store<T: Send + 'static>(
        &self,
        bucket: &str,
        work: impl FnOnce(&FsStore) -> io::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let (store, bucket) = (self.0.clone(), bucket.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            if !store.has_bucket(&bucket) {
                return Err(s3_error!(NoSuchBucket));
            }
            work(&store).map_err(internal)
        });
        done.await
            .unwrap_or_else(|e| Err(internal(io::Error::other(e))))
    }
}

fn internal(e: io::Error) -> S3Error {
    if matches!(
        e.kind(),
        io::ErrorKind::InvalidInput | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory
    ) {
        return s3_error!(InvalidArgument);
    }
    warn!(error = %e, "the object store's folder");
    s3_error!(InternalError)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

#[async_trait]
impl S3 for Server {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.0.make_bucket(&req.input.bucket).map_err(internal)?;
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        req: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        self.with_store(&req.input.bucket, |_| Ok(())).await?;
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn put_object(
        &self,
        req: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let input = req.input;
        let only_new = matches!(input.if_none_match, Some(ETagCondition::Any));
        let mut bytes = Vec::new();
        if let Some(mut body) = input.body {
            while let Some(piece) = body
                .try_next()
                .await
                .map_err(|_| s3_error!(IncompleteBody))?
            {
                if bytes.len() + piece.len() > LARGEST {
                    return Err(s3_error!(EntityTooLarge));
                }
                bytes.extend_from_slice(&piece);
            }
        }
        let (bucket, key) = (input.bucket.clone(), input.key);
        let content_type = input
            .content_type
            .unwrap_or_else(|| "application/octet-stream".to_owned());
        let put = self
            .with_store(&input.bucket, move |store| {
                store.put(&bucket, &key, &bytes, &content_type, only_new)
            })
            .await?;
        let Some(etag) = put else {
            return Err(s3_error!(PreconditionFailed));
        };
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        req: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let (bucket, key) = (input.bucket.clone(), input.key);
        let found = self
            .with_store(&input.bucket, move |store| store.find(&bucket, &key))
            .await?
            .ok_or_else(|| s3_error!(NoSuchKey))?;
        let label = found.label.clone();
        let range = match &input.range {
            Some(range) => range.check(label.size)?,
            None => 0..label.size,
        };
        let content_range = input
            .range
            .map(|_| format!("bytes {}-{}/{}", range.start, range.end - 1, label.size));
        let bytes = self
            .with_store(&input.bucket, move |_| found.read(&range))
            .await?;
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(signed(bytes.len() as u64)),
            content_range,
            content_type: Some(label.content_type),
            e_tag: Some(ETag::Strong(label.etag)),
            last_modified: Some(label.modified.into()),
            body: Some(StreamingBlob::from(Body::from(bytes))),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        req: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key);
        let found = self
            .with_store(&req.input.bucket, move |store| store.find(&bucket, &key))
            .await?
            .ok_or_else(|| s3_error!(NoSuchKey))?;
        let label = found.label;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(signed(label.size)),
            content_type: Some(label.content_type),
            e_tag: Some(ETag::Strong(label.etag)),
            last_modified: Some(label.modified.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let (bucket, key) = (req.input.bucket.clone(), req.input.key);
        self.with_store(&req.input.bucket, move |store| store.delete(&bucket, &key))
            .await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let (bucket, prefix) = (
            input.bucket.clone(),
            input.prefix.clone().unwrap_or_default(),
        );
        let most = usize::try_from(input.max_keys.unwrap_or(1000).clamp(1, 1000)).unwrap_or(1000);
        // The token is the last key of the page before.
        let after = input
            .continuation_token
            .clone()
            .or(input.start_after.clone())
            .unwrap_or_default();
        let listed = self
            .with_store(&input.bucket, move |store| {
                store.list(&bucket, &prefix, &after, most)
            })
            .await?;
        let page: Vec<Object> = listed
            .found
            .into_iter()
            .map(|(key, label)| Object {
                key: Some(key),
                size: Some(signed(label.size)),
                e_tag: Some(ETag::Strong(label.etag)),
                last_modified: Some(label.modified.into()),
                ..Object::default()
            })
            .collect();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(page.len()).ok(),
            is_truncated: Some(listed.next.is_some()),
            next_continuation_token: listed.next,
            max_keys: input.max_keys,
            name: Some(input.bucket),
            prefix: input.prefix,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            contents: Some(page),
            ..ListObjectsV2Output::default()
        }))
    }
}
