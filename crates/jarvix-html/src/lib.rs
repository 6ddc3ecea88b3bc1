//! jarvix-html
