use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

/// Why the store did not do it. No variant carries a credential or an object's bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No answer, or one that says to try again. The write may have been done all the same.
    #[error("the object store is away: {0}")]
    Away(String),
    /// The store said no; asking again will not help. S3's code: `AccessDenied`, `NoSuchBucket`, ...
    #[error("the object store refused: {0}")]
    Refused(String),
    /// The key is not one; nothing was asked. See the crate's description.
    #[error("not an object's key")]
    BadKey,
    /// The range begins after the object's end. The size, where the store said it.
    #[error("the range begins after the object's end")]
    OutOfRange,
}

/// What a store could not do that was tried ([`crate::Objects::probe`]).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an object cannot be {step}")]
pub struct ProbeError {
    /// `stored`, `read back` or `deleted`.
    pub step: &'static str,
    /// Why.
    pub source: Error,
}

impl Error {
    /// Whether the same request may succeed later.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Away(_))
    }
}

/// What S3 answered, in a form that the operations' errors share.
pub(crate) struct Answer {
    pub status: Option<u16>,
    pub code: Option<String>,
}

impl Answer {
    pub(crate) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        Self {
            status: error.raw_response().map(|r| r.status().as_u16()),
            code: error.code().map(str::to_owned),
        }
    }

    /// A key that is not there; a bucket that is not there is another matter.
    pub(crate) fn is_absent(&self) -> bool {
        // HEAD has no body and so no code.
        self.status == Some(404) && self.code.as_deref() != Some("NoSuchBucket")
    }

    /// 412: there is one already. 409: another writer is about to put one there.
    pub(crate) fn is_present(&self) -> bool {
        self.status == Some(412) || self.code.as_deref() == Some("ConditionalRequestConflict")
    }
}

pub(crate) fn error<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Error {
    let answer = Answer::of(error);
    let code = answer.code.as_deref().unwrap_or("no code");
    match answer.status {
        Some(416) => Error::OutOfRange,
        // Clocks that differ mend themselves, or an operator mends them; a request that came too slowly may be quicker.
        Some(status @ (408 | 429 | 500..)) => Error::Away(format!("{code} (http {status})")),
        Some(400) if code == "RequestTimeout" => Error::Away(code.to_owned()),
        Some(status) => Error::Refused(format!("{code} (http {status})")),
        None => match error {
            SdkError::ConstructionFailure(_) => {
                Error::Refused("the request cannot be made".to_owned())
            }
            SdkError::TimeoutError(_) => Error::Away("no answer in time".to_owned()),
            _ => Error::Away("no answer".to_owned()),
        },
    }
}
