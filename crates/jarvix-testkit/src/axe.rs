//! What finds faults of accessibility in a page. `cargo xtask test` gets it where it can; without
//! it those tests are left out by name, except in CI, where that is a failure.

/// The text of axe-core, a script that is put into a page: the file that `JARVIX_TEST_AXE` names.
/// `None` leaves the test out.
///
/// # Panics
/// In CI, when there is none; anywhere, when the file cannot be read.
pub fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("JARVIX_TEST_AXE") else {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
        assert!(!in_ci, "JARVIX_TEST_AXE is not set; run cargo xtask test");
        return None;
    };
    Some(std::fs::read_to_string(path).expect("axe-core can be read"))
}
