//! One binary for the crate's integration tests.

mod hostile;
mod reading;
mod support;
mod writing;
