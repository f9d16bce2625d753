//! How long a signed address is valid.

use chrono::Duration;

/// The longest that a signed address is valid: a week, as S3's own.
pub(super) const LONGEST: Duration = Duration::days(7);
