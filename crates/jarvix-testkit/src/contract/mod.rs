//! Contract suites: what holds for every implementation of a port, written once and run against
//! each of them.

mod part_store;

pub use part_store::part_store_suite;
