//! jarvix-pipeline
