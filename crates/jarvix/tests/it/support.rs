//! Starting the binary in a folder of its own, and reading what it left there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jarvix_core::{Dataset, Document, Duplicate, Link, Page, Reject, RunId, Timings};
use jarvix_origin::{Origin, OriginSettings};
use jarvix_store::{Row, Store, system_env};
use serde_json::Value;

/// A folder to work in; removed at the end.
pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    /// Writes a file and gives its name.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        std::fs::write(self.path().join(name), content).expect("the folder can be written to");
        name.to_owned()
    }

    /// The command, with nothing of the surroundings: no settings files, no variables.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jarvix"));
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("JARVIX_") || name == "FAILPOINTS" {
                command.env_remove(name);
            }
        }
        command.env("XDG_CONFIG_HOME", self.path().join("config")).env("NO_COLOR", "1");
        command
    }

    /// Runs to the end.
    pub fn run(&self, args: &[&str]) -> Ended {
        Ended(self.command(args).output().expect("the binary starts"))
    }

    pub fn store(&self) -> Store {
        Store::open(&self.data(), system_env()).expect("the data folder is sound")
    }
}

/// A process that ended.
pub struct Ended(pub Output);

impl Ended {
    pub fn code(&self) -> Option<i32> {
        self.0.status.code()
    }

    pub fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }

    /// stdout as one JSON value.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout()).unwrap_or_else(|e| {
            panic!("stdout is not JSON ({e}): {}\n{}", self.stdout(), self.stderr())
        })
    }

    /// Asserts the exit code, with everything that was said when it is another.
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code(),
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout(),
            self.stderr()
        );
        self
    }
}

/// A made-up site of `pages` pages under four hosts, and the list of its URLs.
pub fn site(place: &Place, pages: u64) -> (Origin, String) {
    let origin = Origin::start(OriginSettings::generated(pages)).expect("loopback can be served");
    let list: String = origin.urls(pages, 4).map(|url| format!("{url}\n")).collect();
    let name = place.file("urls.txt", list);
    (origin, name)
}

/// The range that opens exactly `origin`.
pub fn allowed(origin: &Origin) -> String {
    origin.addr().to_string()
}

/// The rows of a dataset of a run, as committed.
pub fn rows<R: Row>(store: &Store, run: &str) -> Vec<R> {
    let run = RunId::new(run).expect("a run id");
    let parts = store.catalogue().parts(&run, R::DATASET).expect("the catalogue answers");
    let read = |part| store.read::<R>(part).expect("the part opens");
    parts.iter().flat_map(read).map(|row| row.expect("the row can be read")).collect()
}

/// Every row of every dataset as text, sorted, without the observed columns (invariant I3b).
pub fn comparable(store: &Store, run: &str) -> BTreeMap<&'static str, Vec<String>> {
    let mut datasets = BTreeMap::new();
    let pages = rows::<Page>(store, run).into_iter().map(|mut page| {
        (page.fetched_at_us, page.attempts, page.bytes_wire) = (0, 0, 0);
        page.timings = Timings::default();
        // When the server answered, it says itself.
        page.headers.retain(|h| h.name != "date");
        format!("{page:?}")
    });
    datasets.insert(Dataset::Pages.as_str(), sorted(pages));
    datasets.insert(Dataset::Documents.as_str(), sorted_debug(rows::<Document>(store, run)));
    datasets.insert(Dataset::Links.as_str(), sorted_debug(rows::<Link>(store, run)));
    datasets.insert(Dataset::Duplicates.as_str(), sorted_debug(rows::<Duplicate>(store, run)));
    datasets.insert(Dataset::Rejects.as_str(), sorted_debug(rows::<Reject>(store, run)));
    // The columns of scores depend on the profile; the ranking has all of them, row by row.
    let ranking = store.root().join("runs").join(run).join("report/top.csv");
    let ranking = std::fs::read_to_string(ranking).expect("the run has a ranking");
    datasets.insert(Dataset::Scores.as_str(), sorted(ranking.lines().map(str::to_owned)));
    datasets
}

fn sorted_debug<R: std::fmt::Debug>(rows: Vec<R>) -> Vec<String> {
    sorted(rows.into_iter().map(|row| format!("{row:?}")))
}

fn sorted(rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut rows: Vec<String> = rows.collect();
    rows.sort_unstable();
    rows
}

/// What the Python script `text` prints about a run's folder, as JSON. `cargo xtask test` sets up
/// a Python that has DuckDB and names it in `JARVIX_TEST_PYTHON`; without one there is no answer,
/// except in CI, where that is a failure.
pub fn python(place: &Place, text: &str, run: &str) -> Option<Value> {
    let Some(python) = std::env::var_os("JARVIX_TEST_PYTHON") else {
        assert!(
            std::env::var_os("CI").is_none(),
            "JARVIX_TEST_PYTHON is not set; run cargo xtask test"
        );
        return None;
    };
    let script = place.file("script.py", text);
    let output = Command::new(python)
        .arg(place.path().join(script))
        .arg(place.data().join("runs").join(run))
        .output()
        .expect("Python starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).expect("JSON"))
}

/// Every file of a run's folder below `names`, by relative path.
pub fn files(place: &Place, run: &str, names: &[&str]) -> BTreeMap<String, Vec<u8>> {
    let root = place.data().join("runs").join(run);
    let mut found = BTreeMap::new();
    for name in names {
        for entry in std::fs::read_dir(root.join(name)).into_iter().flatten() {
            let path = entry.expect("the folder can be read").path();
            let key = format!("{name}/{}", path.file_name().unwrap_or_default().to_string_lossy());
            found.insert(key, std::fs::read(&path).expect("the file can be read"));
        }
    }
    found
}
