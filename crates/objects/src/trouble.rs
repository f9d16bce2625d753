//! What a store can suffer from, for tests: the server of `test_support` is then slow, full, or lets nobody write.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::{Method, StatusCode};
use parking_lot::{Mutex, MutexGuard};
use s3s::access::{S3Access, S3AccessContext};
use s3s::{S3Error, S3ErrorCode, S3Result, s3_error};

/// The trouble that a store is in. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Trouble(Arc<Mutex<Now>>);

/// A write that the store has let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// `/BUCKET/KEY`.
    pub path: String,
    /// What it is to be encrypted with, as S3 names it; empty: not said.
    pub encryption: String,
    /// The key of `aws:kms`; empty: not said.
    pub kms_key: String,
}

#[derive(Debug, Default)]
struct Now {
    kind: Kind,
    refused: usize,
    hanging: usize,
    written: Vec<Write>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Kind {
    #[default]
    None,
    SlowDown,
    Full,
    Forbidden,
    Slow(Duration),
    /// So many writes pass, the others get no answer.
    HangAfter(usize),
}

/// What becomes of a write.
enum Met {
    Passes(Duration),
    Hangs,
    Refused(S3Error),
}

impl Trouble {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.lock()
    }

    fn set(&self, kind: Kind) {
        let mut now = self.now();
        (now.kind, now.refused, now.hanging) = (kind, 0, 0);
    }

    /// It is well again.
    pub fn over(&self) {
        self.set(Kind::None);
    }

    /// Writes are answered with `503 SlowDown`.
    pub fn slow_down(&self) {
        self.set(Kind::SlowDown);
    }

    /// Writes are answered as a server without room does: 507.
    pub fn full(&self) {
        self.set(Kind::Full);
    }

    /// Writes are answered with `403 AccessDenied`.
    pub fn forbidden(&self) {
        self.set(Kind::Forbidden);
    }

    /// Each write takes so long.
    pub fn slow(&self, by: Duration) {
        self.set(Kind::Slow(by));
    }

    /// So many writes pass from now on, and the others get no answer.
    pub fn hang_after(&self, writes: usize) {
        self.set(Kind::HangAfter(writes));
    }

    /// How many writes were refused since it is in this trouble.
    pub fn refused(&self) -> usize {
        self.now().refused
    }

    /// How many writes have had no answer since it is in this trouble.
    pub fn hanging(&self) -> usize {
        self.now().hanging
    }

    /// The writes that it has let in so far.
    pub fn written(&self) -> Vec<Write> {
        self.now().written.clone()
    }

    /// What becomes of a write.
    fn meet(&self, write: Write) -> Met {
        let mut now = self.now();
        let error = match now.kind {
            Kind::None => {
                now.written.push(write);
                return Met::Passes(Duration::ZERO);
            }
            Kind::Slow(by) => {
                now.written.push(write);
                return Met::Passes(by);
            }
            Kind::HangAfter(0) => {
                now.hanging += 1;
                return Met::Hangs;
            }
            Kind::HangAfter(left) => {
                now.kind = Kind::HangAfter(left - 1);
                now.written.push(write);
                return Met::Passes(Duration::ZERO);
            }
            Kind::SlowDown => s3_error!(SlowDown),
            Kind::Forbidden => s3_error!(AccessDenied),
            Kind::Full => {
                let code = S3ErrorCode::Custom("XMinioStorageFull".into());
                let mut error = S3Error::with_message(code, "there is no room");
                error.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
                error
            }
        };
        now.refused += 1;
        Met::Refused(error)
    }
}

#[async_trait]
impl S3Access for Trouble {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        if !matches!(*cx.method(), Method::PUT | Method::POST) {
            return Ok(());
        }
        let header = |name: &str| {
            let value = cx.headers().get(name).and_then(|it| it.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let write = Write {
            path: cx.uri().path().to_owned(),
            encryption: header("x-amz-server-side-encryption"),
            kms_key: header("x-amz-server-side-encryption-aws-kms-key-id"),
        };
        match self.meet(write) {
            Met::Passes(pause) => tokio::time::sleep(pause).await,
            Met::Hangs => std::future::pending().await,
            Met::Refused(error) => return Err(error),
        }
        Ok(())
    }
}
