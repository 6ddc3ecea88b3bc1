//! Profiles as people write them, and scoring over real parts.

mod bad_profiles;
mod built_in;
mod docs;
mod fixture;
mod scoring;
mod what_if;
