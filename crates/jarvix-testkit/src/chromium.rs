//! The browser for tests of rendering. `cargo xtask test` installs one where it can; without one
//! those tests are left out by name, except in CI, where that is a failure.

use std::path::PathBuf;

/// A Chromium: the one that `JARVIX_TEST_CHROMIUM` names, or `chromium` on PATH. `None` leaves
/// the test out.
///
/// # Panics
/// In CI, when there is none.
pub fn chromium() -> Option<PathBuf> {
    let named = std::env::var_os("JARVIX_TEST_CHROMIUM").map(PathBuf::from);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || {
        let mut programs = std::env::split_paths(&path).map(|folder| folder.join("chromium"));
        programs.find(|program| program.is_file())
    };
    let found = named.or_else(on_path);
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(found.is_some() || !in_ci, "there is no Chromium; run cargo xtask test");
    found
}
