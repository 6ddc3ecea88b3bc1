//! jarvix-score
