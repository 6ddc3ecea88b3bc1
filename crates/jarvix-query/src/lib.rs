//! jarvix-query
