//! The steps that can be measured, and the ground on which they are: a server of pages, a list of
//! its URLs and a data folder that is thrown away.

use std::fmt::Write;
use std::path::PathBuf;

use jarvix_core::Env;
use jarvix_origin::{Generated, Origin, OriginSettings, Pages};

use super::Load;
use super::child::{self, Used};
use crate::commands::context::Context;
use crate::error::CliError;

/// The one run in the data folder.
const RUN: &str = "bench";
/// Made-up pages that differ; a longer list asks for them under further names.
const PAGES: u64 = 2_000;
/// Bytes of a made-up page, about what an article has.
const PAGE_BYTES: usize = 24 * 1024;
/// Hosts over which a list is spread.
const HOSTS: u64 = 100;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From a list to pages.
    Collect,
    /// From pages to documents.
    Curate,
    /// From documents to scores, and the report that is made of them.
    Score,
    /// The report of a run, once.
    Report,
    /// From a list to a report.
    Line,
}

impl Step {
    /// Every step, in the order of the line.
    pub const ALL: [Self; 5] = [Self::Collect, Self::Curate, Self::Score, Self::Report, Self::Line];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collect => "collect",
            Self::Curate => "curate",
            Self::Score => "score",
            Self::Report => "report",
            Self::Line => "line",
        }
    }

    /// What a size counts.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Collect | Self::Line => "urls",
            Self::Curate => "pages",
            Self::Score | Self::Report => "rows",
        }
    }

    /// The name of its rate.
    pub fn rate_name(self) -> &'static str {
        match self {
            Self::Collect | Self::Line => "urls_per_s",
            Self::Curate => "pages_per_s",
            Self::Score => "rows_per_s",
            Self::Report => "reports_per_s",
        }
    }

    /// What one run of it does of that at `size`.
    pub fn done(self, size: u64) -> u64 {
        if self == Self::Report { 1 } else { size }
    }
}

/// The server and the folder.
pub struct Ground {
    env: Env,
    origin: Origin,
    folder: tempfile::TempDir,
    threads: String,
    load: Load,
}

impl Ground {
    /// Serves `corpus`, or made-up pages; works below the data folder, on the disk that runs use.
    pub fn new(context: &Context, corpus: Option<PathBuf>, load: Load) -> Result<Self, CliError> {
        let store = context.store()?;
        let env = store.env().clone();
        let cache = store.root().join("cache");
        env.disk.create_dir_all(&cache)?;
        let cache = std::path::absolute(&cache)?;
        let folder = tempfile::Builder::new().prefix("bench-").tempdir_in(&cache)?;
        let given = corpus.is_some();
        let pages = match corpus {
            Some(folder) => Pages::Folder(folder),
            None => Pages::Generated(Generated {
                pages: PAGES,
                bytes: PAGE_BYTES,
                ..Generated::default()
            }),
        };
        let settings = OriginSettings { threads: 2, log: false, ..OriginSettings::new(pages) };
        let origin = Origin::start(settings).map_err(|e| {
            let message = "failed to serve pages on loopback";
            if given { CliError::usage(message) } else { CliError::failed(message) }.because(&e)
        })?;
        let threads = match load {
            Load::Low => "1".to_owned(),
            Load::High => context.settings.threads().to_string(),
        };
        Ok(Self { env, origin, folder, threads, load })
    }

    /// Does what `step` needs, unmeasured, then `step` itself over `size` pages.
    pub fn measure(&self, step: Step, size: u64) -> Result<Used, CliError> {
        let data = self.folder.path().join("data");
        if self.env.disk.exists(&data) {
            self.env.disk.remove_dir_all(&data)?;
        }
        self.write_list(size)?;
        match step {
            Step::Collect => self.collect(),
            Step::Curate => {
                self.collect()?;
                self.stage("curate")
            }
            Step::Score => {
                self.collect()?;
                self.stage("curate")?;
                self.stage("score")
            }
            Step::Report => {
                self.line()?;
                self.stage("report")
            }
            Step::Line => self.line(),
        }
    }

    fn write_list(&self, size: u64) -> Result<(), CliError> {
        let mut list = String::new();
        for url in self.origin.urls(size, HOSTS) {
            writeln!(list, "{url}")?;
        }
        Ok(self.env.disk.replace(&self.folder.path().join("urls.txt"), list.as_bytes())?)
    }

    fn collect(&self) -> Result<Used, CliError> {
        self.jarvix(&["collect", "--run", RUN, "--input", "urls.txt"], &self.fetching())
    }

    fn line(&self) -> Result<Used, CliError> {
        self.jarvix(&["run", "urls.txt", "--run", RUN], &self.fetching())
    }

    fn stage(&self, name: &str) -> Result<Used, CliError> {
        self.jarvix(&[name, "--run", RUN], &[])
    }

    /// Exactly this server is opened.
    fn fetching(&self) -> Vec<String> {
        let concurrent = if self.load == Load::Low { "10" } else { "100" };
        let allowed = self.origin.addr().to_string();
        let flags = ["--allow-net", &allowed, "--concurrent", concurrent, "--per-host", "100"];
        flags.map(str::to_owned).to_vec()
    }

    fn jarvix(&self, args: &[&str], more: &[String]) -> Result<Used, CliError> {
        let mut all: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        all.extend(["--data", "data", "--threads", &self.threads].map(str::to_owned));
        all.extend_from_slice(more);
        child::run(&self.env, self.folder.path(), &all)
    }
}
