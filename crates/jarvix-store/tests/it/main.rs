//! The store as others use it: the commit protocol, generations, kills, faults of the disk, damage,
//! and the files as other programs see them.

mod commits;
mod damage;
mod docs;
mod faults;
mod format;
mod generations;
mod kills;
mod locks;
mod merges;
mod part_stores;
mod scenario;
mod support;
