//! The programs of the collect benchmark: how each is given the list, and how its answers are
//! counted. None of them is trusted to count for another, and what each leaves out stands in its
//! row.

mod answers;
mod install;
mod jarvix;
mod plain;
mod scripts;

use std::path::{Path, PathBuf};

use anyhow::Result;

use super::table::Row;
use crate::debian;
use crate::workspace::Workspace;

pub use answers::{Answers, Latency};
pub use jarvix::{collect_flags, count_pages};

/// Connections, of every program.
const CONCURRENT: &str = "100";

/// What every program is given.
pub struct Input {
    /// A URL a line, on 100 hosts `hN.localhost`.
    pub list: PathBuf,
    /// The same pages on 127.0.0.1.
    pub list_by_address: PathBuf,
    pub urls: usize,
    /// A folder that may be filled and emptied.
    pub scratch: PathBuf,
    /// `http://127.0.0.1:<port>`.
    pub origin: String,
}

/// Where the scripts are, and what reads Parquet.
#[derive(Clone)]
pub struct Desk {
    /// `bench/collect` of the checkout.
    pub scripts: PathBuf,
    pub python: PathBuf,
}

/// Measures one program over one list.
pub type Measure = Box<dyn Fn(&Input) -> Result<Row>>;

/// A program that can be measured.
pub struct Peer {
    /// The longest list that it is given.
    pub urls_max: usize,
    pub measure: Measure,
}

/// The longest lists that peers are given.
pub struct Patience {
    pub peer_urls: usize,
    pub slow_urls: usize,
}

/// Jarvix and those of its peers that are to be had; and what the others are.
pub fn all(
    workspace: &Workspace,
    jarvix: &Path,
    desk: &Desk,
    patience: &Patience,
) -> Result<(Vec<Peer>, Vec<&'static str>)> {
    let (mut peers, mut missing) = (Vec::new(), Vec::new());
    for threads in [1, 2] {
        let (program, desk) = (jarvix.to_owned(), desk.clone());
        peers.push(Peer {
            urls_max: usize::MAX,
            measure: Box::new(move |input| jarvix::collect(&program, threads, input, &desk)),
        });
    }
    let mut add = |name, urls_max, peer: Option<Measure>| match peer {
        Some(measure) => peers.push(Peer { urls_max, measure }),
        None => missing.push(name),
    };
    let there = |there: bool| there.then_some(());
    let scripts = desk.scripts.clone();
    let wrk = there(debian::debian("wrk", "-v")?);
    add("wrk", usize::MAX, wrk.map(|()| boxed(move |input| plain::wrk(input, &scripts))));
    let curl = there(debian::debian("curl", "--version")?);
    add("curl -Z", patience.peer_urls, curl.map(|()| boxed(plain::curl)));
    let aria2 = there(debian::debian_named("aria2c", "--version", "aria2")?);
    add("aria2c", patience.slow_urls, aria2.map(|()| boxed(plain::aria2)));
    let desk_of = desk.clone();
    let twenty = install::twenty_lines(workspace, &desk.scripts)?;
    add(
        "twenty lines of reqwest",
        patience.peer_urls,
        twenty.map(|program| boxed(move |input| scripts::twenty_lines(&program, input, &desk_of))),
    );
    let python = install::python(workspace)?;
    let (desk_of, python_of) = (desk.clone(), python.clone());
    add(
        "aiohttp",
        patience.peer_urls,
        python_of.map(|python| boxed(move |input| scripts::aiohttp(&python, input, &desk_of))),
    );
    let desk_of = desk.clone();
    add(
        "Scrapy",
        patience.slow_urls,
        python.map(|python| boxed(move |input| scripts::scrapy(&python, input, &desk_of))),
    );
    let (desk_of, modules) = (desk.clone(), install::crawlee(workspace)?);
    add(
        "Crawlee",
        patience.slow_urls,
        modules.map(|modules| boxed(move |input| scripts::crawlee(&modules, input, &desk_of))),
    );
    Ok((peers, missing))
}

fn boxed(measure: impl Fn(&Input) -> Result<Row> + 'static) -> Measure {
    Box::new(measure)
}
