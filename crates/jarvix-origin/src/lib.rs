//! jarvix-origin
