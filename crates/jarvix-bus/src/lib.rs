//! jarvix-bus
