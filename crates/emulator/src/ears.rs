//! Ears for the people on the phones: what understands sound that no simulated voice has spoken.

use std::sync::Arc;

use futures::future::BoxFuture;

/// Understands samples at 8 kHz: their words, or none.
pub type Ears = Arc<dyn Fn(Vec<i16>) -> BoxFuture<'static, Option<String>> + Send + Sync>;
