//! One binary for the crate's integration tests.

mod admit;
mod crawl;
mod input;
mod kills;
mod limits;
mod sweep;

mod collecting;

/// So that a test can take memory away from its process and know that it is gone.
#[global_allocator]
static ALLOCATOR: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, usize::MAX);
