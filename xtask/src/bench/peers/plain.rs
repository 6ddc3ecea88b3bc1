//! Peers that come ready-made and take flags: wrk, curl, aria2c.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::super::ground::{bytes_in, empty_folder};
use super::super::measure;
use super::super::table::Row;
use super::{Answers, CONCURRENT, Input};

/// `wrk`: keeps nothing, so nothing that keeps something can be faster.
pub fn wrk(input: &Input, scripts: &Path) -> Result<Row> {
    let mut command = Command::new("wrk");
    command.args(["-t", "1", "-c", CONCURRENT, "-d", "2s", "--latency", "-s"]);
    command.arg(scripts.join("wrk.lua")).arg(&input.origin).arg("--").arg(&input.list);
    let run = measure::run(command)?;
    let answers = Answers::parse(&run.stdout)?;
    Ok(Row::new(super::super::table::CEILING, None, run, answers).without("all but asking"))
}

/// `curl -Z`: every body to a file of its own, as it was received.
pub fn curl(input: &Input) -> Result<Row> {
    let bodies = empty_folder(&input.scratch, "curl")?;
    let mut config = String::new();
    for (number, url) in fs::read_to_string(&input.list)?.lines().enumerate() {
        let output = bodies.join(number.to_string());
        config.push_str(&format!("url = \"{url}\"\noutput = \"{}\"\n", output.display()));
    }
    let config_path = input.scratch.join("curl.conf");
    fs::write(&config_path, config)?;
    let mut command = Command::new("curl");
    command.args(["--disable", "--silent", "--no-progress-meter", "--ipv4", "--noproxy", "*"]);
    command.args(["--parallel", "--parallel-immediate", "--parallel-max", CONCURRENT]);
    command.args(["--header", "Accept-Encoding: gzip"]);
    command.args(["--write-out", "%{response_code} %{time_total}\\n", "--config"]).arg(config_path);
    let run = measure::run(command)?;
    let answers = Answers::of_curl(&run.stdout)?;
    let row = Row::new("curl -Z", Some(input.urls), run, answers);
    Ok(row.stored(bytes_in(&bodies)).without("robots, limits, fsync, rows"))
}

/// `aria2c`: every body to a file of its own, unpacked; it is told not to preallocate.
pub fn aria2(input: &Input) -> Result<Row> {
    let bodies = empty_folder(&input.scratch, "aria2")?;
    let mut list = String::new();
    for (number, url) in fs::read_to_string(&input.list_by_address)?.lines().enumerate() {
        list.push_str(&format!("{url}\n  out={number}\n"));
    }
    let list_path = input.scratch.join("aria2.txt");
    fs::write(&list_path, list)?;
    let mut command = Command::new("aria2c");
    command.args(["--no-conf", "--quiet", "--http-accept-gzip=true", "--no-proxy=127.0.0.1"]);
    command.args(["--max-concurrent-downloads", CONCURRENT, "--split=1"]);
    command.args(["--max-connection-per-server=16", "--file-allocation=none"]);
    command.args(["--auto-save-interval=0", "--disable-ipv6=true"]);
    command.arg("--dir").arg(&bodies).arg("--input-file").arg(list_path);
    let run = measure::run(command)?;
    let answers = Answers::of_files(&bodies, input.urls)?;
    let row = Row::new("aria2c", Some(input.urls), run, answers);
    Ok(row.stored(bytes_in(&bodies)).without("robots, limits, fsync, rows"))
}
