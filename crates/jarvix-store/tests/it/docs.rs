//! docs/SCHEMA.md says what the schema says. `UPDATE_DOCS=1` writes it.

use std::path::Path;

#[test]
fn the_schema_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SCHEMA.md");
    let wanted = jarvix_store::schema_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make docs");
        std::fs::write(&path, &wanted).expect("write docs/SCHEMA.md");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/SCHEMA.md is old: run this test with UPDATE_DOCS=1");
}
