//! One binary for the crate's integration tests.

mod admit;
mod input;

mod collecting;
