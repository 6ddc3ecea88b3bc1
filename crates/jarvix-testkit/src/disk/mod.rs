//! Disks that fail: one that fails its n-th change, one that forgets what was not synced.
//!
//! Both stand before a real disk and can stand before each other. What they do not do: faults of
//! reads, and anything to SQLite's files, which go past the environment's disk.

mod faulty;
mod power;

pub use faulty::{Fault, FaultyDisk};
pub use power::PowerLossDisk;
