//! The query floor over real parts of a real store in a temporary folder.

mod fixture;
mod limits;
mod parts;
mod selections;
mod sessions;
