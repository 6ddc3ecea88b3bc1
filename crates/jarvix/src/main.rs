//! The binary: flags, settings, wiring. It is the only place where everything meets; what the line
//! does stands in jarvix-pipeline.

mod cli;
mod commands;
mod error;
mod grid;
mod interrupt;
mod output;
mod progress;
mod settings;
mod waiting;

/// Many short-lived allocations of very different sizes on several threads: the system's
/// allocator keeps more of them than it gives back. Built without transparent huge pages: zeroing
/// them took more system time than they saved, and a sixth more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    std::process::exit(commands::main() as i32);
}
