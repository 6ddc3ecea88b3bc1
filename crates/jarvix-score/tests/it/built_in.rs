//! The profiles that come with the program.

use jarvix_score::{Profile, score_sql};

#[test]
fn every_built_in_profile_is_right() {
    for name in Profile::builtin_names() {
        let source = Profile::builtin_source(name).expect("named above");
        let profile = Profile::parse(name, source).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(profile.name(), name);
        assert_eq!(profile.hash().len(), 32);
        assert!(profile.explain().contains(profile.description()));
        assert!(score_sql(&profile).contains(&profile.hash()));
    }
}

#[test]
fn default_can_reach_a_hundred_and_classic_cannot() {
    assert_eq!(Profile::builtin("default").expect("built in").maximum(), 100_000);
    assert_eq!(Profile::builtin("classic").expect("built in").maximum(), 90_000);
}

#[test]
fn an_unknown_name_is_told_what_was_meant() {
    let env = jarvix_store::system_env();
    let error = Profile::load("defualt", env.disk.as_ref()).expect_err("no such profile");
    assert_eq!(
        error.to_string(),
        "load profile defualt: there is no such profile and no such file; did you mean `default`?"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.toml");
    let text = Profile::builtin_source("classic").expect("built in");
    std::fs::write(&path, text).expect("written");
    let path = path.to_str().expect("UTF-8");
    assert_eq!(
        Profile::load(path, env.disk.as_ref()).expect("a file").hash(),
        Profile::builtin("classic").expect("built in").hash()
    );
}
