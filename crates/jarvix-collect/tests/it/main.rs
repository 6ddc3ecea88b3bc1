//! One binary for the crate's integration tests.

mod admit;
mod crawl;
mod input;
mod kills;
mod limits;
mod sweep;

mod collecting;
