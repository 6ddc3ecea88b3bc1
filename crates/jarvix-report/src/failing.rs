//! What a summary says of the hosts whose pages failed.

use jarvix_core::Outcome;
use serde::{Deserialize, Serialize};

/// Rows of [`Summary::failures`](crate::Summary::failures).
pub const FAILURE_ROWS: usize = 25;
/// Example URLs of one cause of failure.
pub const FAILURE_EXAMPLES: usize = 5;

/// Rows of [`Summary::failing_hosts`](crate::Summary::failing_hosts).
pub const FAILING_HOST_ROWS: usize = 10;

/// A host with failed pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingHost {
    /// Host name.
    pub host: String,
    /// Pages of it.
    pub pages: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How most of those ended; of equals the first by name.
    pub outcome: Outcome,
    /// How many ended like that.
    pub of_outcome: u64,
}
