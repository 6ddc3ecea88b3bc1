//! `jarvix` as a process of its own, and what it took.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use jarvix_core::Env;
use wait4::Wait4;

use crate::error::{CliError, Exit};

/// What a process took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Used {
    /// From its start to its end.
    pub wall: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// Most memory that it held at a time.
    pub rss_bytes: u64,
}

/// Runs this program with `args` in `folder`, where no settings file lies, to its end. Fails with
/// what it said if it ends with anything but 0.
pub fn run(env: &Env, folder: &Path, args: &[String]) -> Result<Used, CliError> {
    let program = std::env::current_exe()?;
    let began = env.clock.monotonic();
    let mut child = Command::new(program)
        .args(args)
        .args(["--quiet", "--json"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()?;
    let mut said = String::new();
    if let Some(mut stdout) = child.stdout.take() {
        std::io::Read::read_to_string(&mut stdout, &mut said)?;
    }
    let ended = child.wait4()?;
    let wall = env.clock.monotonic() - began;
    if !ended.status.success() && ended.status.code() != Some(Exit::TooManyFailed as i32) {
        let command = format!("jarvix {} ended with {}", args.join(" "), ended.status);
        return Err(CliError::failed(command).help(said.trim()));
    }
    let rusage = ended.rusage;
    Ok(Used { wall, cpu: rusage.utime + rusage.stime, rss_bytes: rusage.maxrss })
}
