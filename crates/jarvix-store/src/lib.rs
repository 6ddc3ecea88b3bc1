//! jarvix-store
