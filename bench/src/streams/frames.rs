//! What a frame is.

use std::time::Duration;

/// How long a frame lasts.
pub const FRAME: Duration = Duration::from_millis(20);
/// Its samples.
pub const SAMPLES: usize = 160;
/// The first series of requests that no other part has.
pub const SERIES: u32 = 6;
