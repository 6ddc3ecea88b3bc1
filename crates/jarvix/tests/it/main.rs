//! The binary as its users meet it: started as a process, read from outside.

mod archives;
mod browser;
mod cli;
mod crash;
mod crawl;
mod demo;
mod determinism;
mod duckdb;
mod duplicates;
mod exports;
mod generations;
mod hostile;
mod inputs;
mod profiles;
mod prompt;
mod query;
mod reports;
mod secrets;
mod support;
mod trends;
