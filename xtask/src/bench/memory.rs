//! The memory benchmark: the same pages, a short list and one a hundred times as long. Memory that
//! grows with the list is a fault, however fast the disk (invariant I2).

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::ground::{Common, Ground, bytes_in, flags, largest};
use super::measure::{self, Run};
use super::origin::Serve;
use super::{peers, table, target};
use crate::workspace::Workspace;

/// Most memory for the shortest list.
const RSS_MB_MAX: f64 = 150.0;
/// Most memory for any other, in shares of that.
const GROWTH_MAX: f64 = 1.2;

#[derive(clap::Args)]
pub struct Args {
    /// How many URLs; each size is a run of its own
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 1_000_000])]
    sizes: Vec<usize>,
    /// A folder of .html and .html.gz pages to serve instead of made-up ones
    #[arg(long, value_name = "DIR")]
    corpus: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

const HEADS: [&str; 7] =
    ["URLs", "wall s", "URLs/s", "CPU s", "CPU s per 1,000", "peak RSS MB", "stored MB"];

pub fn run(workspace: &Workspace, args: &Args) -> Result<bool> {
    let mut sizes = args.sizes.clone();
    sizes.sort_unstable();
    let most = largest(&sizes)?;
    let ground = Ground::new(workspace, &args.common)?;
    let origin = ground.serve(args.corpus.as_deref(), &Serve::fast(most))?;
    let (mut rows, mut peaks) = (Vec::new(), Vec::new());
    for &urls in &sizes {
        eprintln!("{urls} URLs");
        let list = origin.list(urls, &ground.scratch)?;
        let data = ground.empty_folder("data")?;
        let mut command = Command::new(&ground.jarvix);
        peers::collect_flags(&mut command, &list, &data);
        let run = measure::run(command)?;
        rows.push(cells(urls, &run, bytes_in(&data)));
        peaks.push((urls, run.rss_bytes as f64 / 1e6));
        // A million pages are more than anyone wants to find here.
        std::fs::remove_dir_all(data)?;
    }
    let result = table::markdown(&HEADS, &rows) + "\n" + &verdicts(&peaks);
    let command = format!("cargo xtask bench memory {}", flags(&sizes, args.corpus.as_deref()));
    args.common.tell(workspace, ("memory", &command), &result, true)?;
    Ok(true)
}

fn cells(urls: usize, run: &Run, stored: u64) -> Vec<String> {
    let (wall, cpu) = (run.wall.as_secs_f64(), run.cpu.as_secs_f64());
    vec![
        urls.to_string(),
        format!("{wall:.2}"),
        format!("{:.0}", urls as f64 / wall),
        format!("{cpu:.2}"),
        format!("{:.3}", cpu * 1000.0 / urls as f64),
        format!("{:.0}", run.rss_bytes as f64 / 1e6),
        format!("{:.0}", stored as f64 / 1e6),
    ]
}

/// `peaks`: URLs and MB, the shortest list first.
fn verdicts(peaks: &[(usize, f64)]) -> String {
    let Some(((urls, first), others)) = peaks.split_first() else { return String::new() };
    let mut out = target::line(
        &format!("peak RSS at {urls} URLs"),
        &format!("{first:.0} MB"),
        &format!("<= {RSS_MB_MAX} MB"),
        *first <= RSS_MB_MAX,
    );
    for (urls, peak) in others {
        let growth = peak / first;
        out.push_str(&target::line(
            &format!("peak RSS at {urls} URLs"),
            &format!("{peak:.0} MB, {growth:.2} times that"),
            &format!("<= {GROWTH_MAX} times"),
            growth <= GROWTH_MAX,
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_list_has_a_bound_and_the_long_one_a_ratio() {
        let text = verdicts(&[(10, 100.0), (1000, 121.0)]);
        assert_eq!(
            text,
            "- peak RSS at 10 URLs: 100 MB (target <= 150 MB): reached\n\
             - peak RSS at 1000 URLs: 121 MB, 1.21 times that (target <= 1.2 times): MISSED\n"
        );
        assert_eq!(verdicts(&[]), "");
    }
}
