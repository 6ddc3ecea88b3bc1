//! Finds a Chromium on this machine. None is installed from here, and none is needed unless pages
//! are to be rendered.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The names under which it is looked for on PATH, in this order.
const NAMES: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome-headless-shell",
    "chrome",
];

/// A Chromium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chromium {
    /// The program.
    pub path: PathBuf,
}

/// There is no Chromium.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{why}; install one (Debian, Ubuntu: apt install chromium) or name it with --chromium PATH"
)]
pub struct Missing {
    why: String,
}

impl Chromium {
    /// The program at `named`, or else the first that PATH has.
    pub fn find(named: Option<&Path>) -> Result<Self, Missing> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find_in(named, &path)
    }

    fn find_in(named: Option<&Path>, path: &OsStr) -> Result<Self, Missing> {
        if let Some(path) = named {
            if is_program(path) {
                return Ok(Self { path: path.to_owned() });
            }
            return Err(Missing { why: format!("{} is not a program", path.display()) });
        }
        let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
        let candidates =
            NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
        let found = candidates.into_iter().find(|path| is_program(path));
        found
            .map(|path| Self { path })
            .ok_or_else(|| Missing { why: "no Chromium was found on PATH".to_owned() })
    }

    /// Its name and version, in its own words.
    pub fn version(&self) -> Option<String> {
        let output = Command::new(&self.path)
            .arg("--version")
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    }

    /// Whether it runs inside its own sandbox. It cannot do so for the superuser.
    pub fn is_sandboxed() -> bool {
        !rustix::process::geteuid().is_root()
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_or_found_and_a_missing_one_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().as_os_str();
        let missing = Chromium::find_in(None, path).expect_err("an empty folder");
        assert!(missing.to_string().contains("apt install chromium"), "{missing}");
        let program = folder.path().join("google-chrome");
        std::fs::write(&program, "#!/bin/sh\necho Chromium 1.2\n").expect("a file");
        assert!(Chromium::find_in(None, path).is_err(), "it cannot be run");
        assert!(Chromium::find_in(Some(&program), path).is_err(), "it cannot be run");
        let run = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, run).expect("permissions");
        let found = Chromium::find_in(None, path).expect("it can be run now");
        assert_eq!(found.path, program);
        assert_eq!(Chromium::find_in(Some(&program), OsStr::new("")), Ok(found.clone()));
    }
}
