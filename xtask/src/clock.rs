//! The clock, for saying how long things took. Chores measure the real world, so this does not
//! come in through Jarvix's environment.

use std::time::Instant;

#[expect(clippy::disallowed_methods, reason = "a chore times real programs")]
pub fn now() -> Instant {
    Instant::now()
}

/// Today, UTC, as `2026-01-31`.
pub fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
