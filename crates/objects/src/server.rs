//! The S3 server on a folder: what `s3s` makes of requests, done on the [`FsStore`].

use std::io;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::{Stream, TryStreamExt};
use s3s::auth::SimpleAuth;
use s3s::dto::{
    AbortMultipartUploadInput, AbortMultipartUploadOutput, CompleteMultipartUploadInput,
    CompleteMultipartUploadOutput, CreateBucketInput, CreateBucketOutput,
    CreateMultipartUploadInput, CreateMultipartUploadOutput, DeleteObjectInput, DeleteObjectOutput,
    ETag, ETagCondition, GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput,
    HeadObjectInput, HeadObjectOutput, ListMultipartUploadsInput, ListMultipartUploadsOutput,
    ListObjectsV2Input, ListObjectsV2Output, MultipartUpload, Object, PutObjectInput,
    PutObjectOutput, StreamingBlob, UploadPartInput, UploadPartOutput,
};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{S3, S3Error, S3Request, S3Response, S3Result, s3_error};
use tracing::warn;

use crate::fs_parts::Incomplete;
use crate::fs_store::{Draft, FsStore, Opened};

/// The largest object that is put whole, and the largest part; S3's own limit.
const LARGEST: u64 = 5 << 30;
/// What is gathered before it is written.
const PIECE: usize = 256 << 10;

/// The server, which accepts what is signed with one pair of credentials.
pub(crate) fn service(store: FsStore, access_key: &str, secret: &str) -> S3Service {
    builder(store, access_key, secret).build()
}

pub(crate) fn builder(store: FsStore, access_key: &str, secret: &str) -> S3ServiceBuilder {
    let mut builder = S3ServiceBuilder::new(Server(Arc::new(store)));
    builder.set_auth(SimpleAuth::from_single(access_key, secret));
    builder
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

    /// Writes what comes into a file, without ever having more than a piece of it in memory.
    async fn receive(&self, bucket: &str, body: Option<StreamingBlob>) -> S3Result<Draft> {
        let mut draft = self.with_store(bucket, FsStore::draft).await?;
        let Some(mut body) = body else {
            return Ok(draft);
        };
        let (mut gathered, mut size, mut is_over) = (Vec::new(), 0u64, false);
        while !is_over {
            match body
                .try_next()
                .await
                .map_err(|_| s3_error!(IncompleteBody))?
            {
                Some(bytes) => gathered.push(bytes),
                None => is_over = true,
            }
            let length: usize = gathered.iter().map(Bytes::len).sum();
            if length >= PIECE || (is_over && length > 0) {
                size += length as u64;
                if size > LARGEST {
                    return Err(s3_error!(EntityTooLarge));
                }
                let pieces = std::mem::take(&mut gathered);
                let written = tokio::task::spawn_blocking(move || {
                    pieces.iter().try_for_each(|piece| draft.write(piece))?;
                    Ok::<_, io::Error>(draft)
                });
                draft = written
                    .await
                    .map_err(io::Error::other)
                    .flatten()
                    .map_err(internal)?;
            }
        }
        Ok(draft)
    }

    async fn with_upload<T: Send + 'static>(
        &self,
        bucket: &str,
        work: impl FnOnce(&FsStore) -> Result<T, Incomplete> + Send + 'static,
    ) -> S3Result<T> {
        self.with_store(bucket, move |store| Ok(work(store)))
            .await?
            .map_err(incomplete)
    }
}

/// Reads an object's range piece by piece: it never is in memory as a whole.
fn pieces(
    opened: Opened,
    range: Range<u64>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + Sync + 'static {
    futures::stream::try_unfold(
        (opened, range, false),
        |(mut opened, mut range, begun)| async move {
            let left = range.end.saturating_sub(range.start);
            if left == 0 {
                return Ok(None);
            }
            let read = tokio::task::spawn_blocking(move || {
                if !begun {
                    opened.seek(range.start)?;
                }
                let piece = opened.piece(left)?;
                Ok::<_, io::Error>((opened, piece))
            });
            let (opened, piece) = read.await.map_err(io::Error::other)??;
            if piece.is_empty() {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            range.start += piece.len() as u64;
            Ok(Some((Bytes::from(piece), (opened, range, true))))
        },
    )
}

fn unknown_type() -> String {
    "application/octet-stream".to_owned()
}

fn incomplete(e: Incomplete) -> S3Error {
    match e {
        Incomplete::NoUpload => s3_error!(NoSuchUpload),
        Incomplete::NoPart => s3_error!(InvalidPart),
        Incomplete::Io(e) => internal(e),
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
        let draft = self.receive(&input.bucket, input.body).await?;
        let (bucket, key) = (input.bucket.clone(), input.key);
        let content_type = input.content_type.unwrap_or_else(unknown_type);
        let put = self
            .with_store(&input.bucket, move |store| {
                store.put_draft(draft, &bucket, &key, (&content_type, None), only_new)
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
        let length = range.end.saturating_sub(range.start);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(signed(length)),
            content_range,
            content_type: Some(label.content_type),
            e_tag: Some(ETag::Strong(label.etag)),
            last_modified: Some(label.modified.into()),
            body: Some(StreamingBlob::wrap(pieces(found, range))),
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

    async fn create_multipart_upload(
        &self,
        req: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = req.input;
        let (bucket, key) = (input.bucket.clone(), input.key.clone());
        let content_type = input.content_type.unwrap_or_else(unknown_type);
        let id = self
            .with_store(&input.bucket, move |store| {
                store.upload_begin(&bucket, &key, &content_type)
            })
            .await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        req: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let input = req.input;
        let draft = self.receive(&input.bucket, input.body).await?;
        let (id, number) = (input.upload_id, input.part_number);
        let etag = self
            .with_upload(&input.bucket, move |store| {
                store.upload_part(&id, number, draft)
            })
            .await?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(etag)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        req: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = req.input;
        let only_new = matches!(input.if_none_match, Some(ETagCondition::Any));
        let parts = input
            .multipart_upload
            .and_then(|it| it.parts)
            .unwrap_or_default();
        let parts: Vec<(i32, String)> = parts
            .into_iter()
            .map(|part| {
                let etag = part.e_tag.map(ETag::into_value).unwrap_or_default();
                (part.part_number.unwrap_or_default(), etag)
            })
            .collect();
        if parts.is_empty() {
            return Err(s3_error!(MalformedXML));
        }
        if !parts.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(s3_error!(InvalidPartOrder));
        }
        let id = input.upload_id;
        let put = self
            .with_upload(&input.bucket, move |store| {
                store.upload_complete(&id, &parts, only_new)
            })
            .await?;
        let etag = put.ok_or_else(|| s3_error!(PreconditionFailed))?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(etag)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        req: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let (bucket, id) = (req.input.bucket, req.input.upload_id);
        let found = self
            .with_store(&bucket, move |store| store.upload_abort(&id))
            .await?;
        if !found {
            return Err(s3_error!(NoSuchUpload));
        }
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    /// All in one page: there are few, and those that nobody ends are removed after a while.
    async fn list_multipart_uploads(
        &self,
        req: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = req.input;
        let (bucket, prefix) = (
            input.bucket.clone(),
            input.prefix.clone().unwrap_or_default(),
        );
        let found = self
            .with_store(&input.bucket, move |store| store.upload_list(&bucket))
            .await?;
        let uploads: Vec<MultipartUpload> = found
            .into_iter()
            .filter(|it| it.key.starts_with(&prefix))
            .map(|it| MultipartUpload {
                key: Some(it.key),
                upload_id: Some(it.id),
                initiated: Some(it.begun.into()),
                ..MultipartUpload::default()
            })
            .collect();
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            prefix: input.prefix,
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}
