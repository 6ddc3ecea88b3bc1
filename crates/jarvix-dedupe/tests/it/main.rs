//! Duplicates of made-up documents, compared with what a look at every pair finds.

mod faults;
mod fixture;
mod found;
mod planted;
