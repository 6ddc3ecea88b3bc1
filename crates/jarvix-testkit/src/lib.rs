//! jarvix-testkit
