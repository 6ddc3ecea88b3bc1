//! The files are plain Parquet: DuckDB and pandas read them without Jarvix.

use crate::support::{Place, allowed, python, site};

const SCRIPT: &str = r#"
import json, sys
import duckdb
run = sys.argv[1]
told = {}
for dataset in ["pages", "documents", "links", "duplicates", "scores", "rejects"]:
    told[dataset] = duckdb.sql(f"select count(*) from '{run}/{dataset}/part-*.parquet'").fetchall()[0][0]
told["joined"] = duckdb.sql(f"""
    select count(*) from '{run}/pages/part-*.parquet' p
    join '{run}/documents/part-*.parquet' d using (url)
    join '{run}/scores/part-*.parquet' s using (url)
    where octet_length(p.body) > 0 and len(p.headers) > 0 and p.fetched_at > timestamp '2020-01-01'
""").fetchall()[0][0]
try:
    import pandas
    told["pandas"] = len(pandas.read_parquet(f"{run}/documents"))
except ImportError:
    told["pandas"] = None
print(json.dumps(told))
"#;

#[test]
fn duckdb_reads_the_parts_without_jarvix() {
    let place = Place::new();
    let (origin, list) = site(&place, 10);
    let text = std::fs::read_to_string(place.path().join(&list)).expect("the list is there");
    place.file(&list, text + "not a url\n");
    let allow = allowed(&origin);
    place.run(&["run", &list, "--run", "r", "--allow-net", &allow, "--chunk-size", "4"]).expect(0);
    let Some(told) = python(&place, SCRIPT, "r") else { return };
    for (name, expected) in
        [("pages", 10), ("documents", 10), ("scores", 10), ("joined", 10), ("rejects", 1)]
    {
        assert_eq!(told[name], expected, "{name}: {told}");
    }
    if !told["pandas"].is_null() {
        assert_eq!(told["pandas"], 10, "{told}");
    }
}
