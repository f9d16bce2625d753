//! Bodies as clients with the newer defaults send them, for tests: our own client sends none of these, and a server must understand them.

use std::sync::Arc;

use aws_sdk_s3::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_s3::config::{
    Builder, ConfigBag, Intercept, RequestChecksumCalculation, RuntimeComponents,
};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use http_body_util::Full;
use parking_lot::Mutex;

use crate::Objects;
use crate::error::{Error, error};
use crate::objects::checked;

/// Remembers the trailer that a request announces.
#[derive(Debug, Clone, Default)]
struct Trailer(Arc<Mutex<String>>);

impl Intercept for Trailer {
    fn name(&self) -> &'static str {
        "Trailer"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let headers = context.request().headers();
        let encoding = headers.get("content-encoding").unwrap_or_default();
        let trailer = headers.get("x-amz-trailer").unwrap_or_default();
        let mut seen = self.0.lock();
        *seen = format!("{encoding} {trailer}");
        Ok(())
    }
}

/// The newer default of clients; ours are told otherwise.
fn newer() -> Builder {
    Builder::new().request_checksum_calculation(RequestChecksumCalculation::WhenSupported)
}

/// A body that is read once, from the first byte to the last: its checksum is known behind it.
fn streamed(bytes: Vec<u8>) -> ByteStream {
    ByteStream::new(SdkBody::from_body_1_x(Full::new(Bytes::from(bytes))))
}

pub(crate) async fn put(
    objects: &Objects,
    key: &str,
    bytes: Vec<u8>,
) -> Result<(String, String), Error> {
    let seen = Trailer::default();
    let put = objects.client().await?.put_object();
    let put = put.bucket(objects.bucket()).key(checked(key)?);
    let put = put.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let put = put.body(streamed(bytes)).customize();
    let put = put.config_override(newer()).interceptor(seen.clone());
    let sent = put.send().await;
    let sent = sent.map_err(|e| error(&e))?;
    let trailer = seen.0.lock();
    Ok((trailer.clone(), sent.checksum_crc32.unwrap_or_default()))
}

pub(crate) async fn put_parts(
    objects: &Objects,
    key: &str,
    mut bytes: Vec<u8>,
    first: usize,
) -> Result<(), Error> {
    let client = objects.client().await?;
    let begin = client.create_multipart_upload().bucket(objects.bucket());
    let begin = begin.checksum_algorithm(ChecksumAlgorithm::Crc32);
    let begun = begin.key(checked(key)?).send().await;
    let id = begun.map_err(|e| error(&e))?.upload_id.unwrap_or_default();
    let second = bytes.split_off(first);
    let mut parts = Vec::new();
    for (number, bytes) in [(1, bytes), (2, second)] {
        let part = client.upload_part().bucket(objects.bucket()).key(key);
        let part = part.upload_id(&id).part_number(number);
        let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let part = part.body(streamed(bytes)).customize();
        let sent = part.config_override(newer()).send().await;
        let sent = sent.map_err(|e| error(&e))?;
        let part = CompletedPart::builder().part_number(number);
        let part = part.set_e_tag(sent.e_tag);
        parts.push(part.set_checksum_crc32(sent.checksum_crc32).build());
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts));
    let complete = client
        .complete_multipart_upload()
        .bucket(objects.bucket())
        .key(key);
    let complete = complete.upload_id(id).multipart_upload(parts.build());
    complete.send().await.map(drop).map_err(|e| error(&e))
}
