//! jarvix-report
