//! jarvix-collect
