//! jarvix-curate
