//! docs/PROFILES.md says what the profiles say. `UPDATE_DOCS=1` writes it.

use std::path::Path;

use jarvix_score::{Profile, profiles_markdown};

#[test]
fn the_profiles_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/PROFILES.md");
    let wanted = profiles_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).expect("write docs/PROFILES.md");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/PROFILES.md is old: run this test with UPDATE_DOCS=1");
}

#[test]
fn the_profile_that_the_document_shows_is_right() {
    let text = profiles_markdown();
    let example = text.split("```").nth(1).and_then(|block| block.strip_prefix("toml\n"));
    let profile = Profile::parse("PROFILES.md", example.expect("a block of TOML"));
    assert!(profile.is_ok(), "{profile:?}");
}
