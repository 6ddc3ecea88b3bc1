//! The dry run: what would be admitted, and where the load would fall.

use std::collections::HashMap;
use std::path::Path;

use jarvix_core::{Env, Reject};

use super::keys::KeysWriter;
use super::ledger::{Ledger, Sums};
use super::pass::{Accepted, Pass, Sink};
use super::spill::Spill;
use super::{AdmitError, AdmitSettings};
use crate::input::{Input, Lines};

/// Hosts that are counted one by one; further ones are only noted as being there.
const HOSTS_MAX: usize = 100_000;
/// Hosts that are named in the plan.
const TOP_HOSTS: usize = 10;
/// Rejects that are shown as examples.
const EXAMPLES: usize = 5;

/// A host and how many URLs it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostCount {
    /// The host.
    pub host: String,
    /// Its URLs; repeats that stand far from each other are still among them.
    pub urls: u64,
}

/// What a run of these inputs would do: `lines = admitted + rejects + duplicates`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Lines that are neither blank nor comments.
    pub lines: u64,
    /// Distinct URLs and local pages.
    pub admitted: u64,
    /// Lines that cannot be used.
    pub rejects: u64,
    /// Lines that repeat an earlier one.
    pub duplicates: u64,
    /// Pages among the admitted (and their repeats) that are not fetched but read: from folders,
    /// files and archives.
    pub local_pages: u64,
    /// Distinct hosts.
    pub hosts: u64,
    /// Whether there are more hosts than are counted.
    pub hosts_capped: bool,
    /// The hosts with the most URLs, most first.
    pub top_hosts: Vec<HostCount>,
    /// The first rejects.
    pub reject_examples: Vec<Reject>,
    /// Bytes of all lists, unpacked.
    pub bytes: u64,
    /// Bytes that finding repeats took on disk; they are free again.
    pub bytes_on_disk: u64,
    /// Whether all input was read; false if it was stopped.
    pub complete: bool,
}

/// Reads all of `inputs` and says what would be admitted, without a run. Keys are spilled to a
/// folder inside `scratch` that is gone afterwards; `stop` is asked between lines, and `tell` hears
/// now and then how far it is. Standard input is read as it comes.
pub fn dry_run(
    env: &Env,
    inputs: &[Input],
    settings: &AdmitSettings,
    scratch: &Path,
    tell: &dyn Fn(&Plan),
    stop: &dyn Fn() -> bool,
) -> Result<Plan, AdmitError> {
    let folder = scratch.join(format!("jarvix-plan-{:016x}", env.entropy.next_u64()));
    let spill = Spill::new(&env.disk, &folder, settings.dedupe)?;
    let mut pass = Pass::new(Counter::default(), spill, &settings.filter, 0, Sums::default());
    let read = read_all(env, inputs, settings, tell, stop, &mut pass);
    let Pass { sink, spill, sums, .. } = pass;
    let (complete, bytes) = match read {
        Ok(read) => read,
        // The error matters more than a folder that stays behind.
        Err(error) => match spill.discard() {
            Ok(()) | Err(_) => return Err(error),
        },
    };
    let bytes_on_disk = spill.bytes_on_disk();
    let repeats = spill.resolve(&mut [], &mut KeysWriter::nowhere())?.len();
    let Sums { lines, admitted, rejects, duplicates } = sums.without_repeats(repeats);
    let plan = Plan {
        lines,
        admitted,
        rejects,
        duplicates,
        bytes,
        bytes_on_disk,
        complete,
        ..Plan::default()
    };
    Ok(sink.into_plan(plan))
}

/// Whether all was read, and how many bytes.
fn read_all(
    env: &Env,
    inputs: &[Input],
    settings: &AdmitSettings,
    tell: &dyn Fn(&Plan),
    stop: &dyn Fn() -> bool,
    pass: &mut Pass<'_, Counter>,
) -> Result<(bool, u64), AdmitError> {
    let mut ledger = Ledger::default();
    ledger.add_inputs(inputs);
    let mut bytes = 0;
    for (at, input) in inputs.iter().enumerate() {
        let column = settings.url_column.as_deref();
        let mut lines = match input {
            Input::Stdin { spooled: None } => Lines::from_stdin(column)?,
            _ => Lines::open(env, input, column)?,
        };
        let told = |Sums { lines, admitted, rejects, duplicates }: Sums| {
            tell(&Plan { lines, admitted, rejects, duplicates, ..Plan::default() });
        };
        let complete = pass.read(&mut lines, at, &ledger.inputs[at], &told, stop)?;
        if input.root().is_none() {
            bytes += lines.consumed().bytes;
        }
        if !complete {
            return Ok((false, bytes));
        }
    }
    Ok((true, bytes))
}

#[derive(Default)]
struct Counter {
    hosts: HashMap<String, u64>,
    hosts_capped: bool,
    local_pages: u64,
    examples: Vec<Reject>,
}

impl Sink for Counter {
    fn accept(&mut self, accepted: Accepted) -> Result<(), AdmitError> {
        if accepted.body.relative.is_some() {
            self.local_pages += 1;
            return Ok(());
        }
        let host = accepted.url.host();
        if let Some(count) = self.hosts.get_mut(host) {
            *count += 1;
        } else if self.hosts.len() < HOSTS_MAX {
            self.hosts.insert(host.to_owned(), 1);
        } else {
            self.hosts_capped = true;
        }
        Ok(())
    }

    fn reject(&mut self, reject: Reject) -> Result<(), AdmitError> {
        if self.examples.len() < EXAMPLES {
            self.examples.push(reject);
        }
        Ok(())
    }
}

impl Counter {
    fn into_plan(self, plan: Plan) -> Plan {
        let hosts = self.hosts.len() as u64;
        let mut top_hosts: Vec<HostCount> =
            self.hosts.into_iter().map(|(host, urls)| HostCount { host, urls }).collect();
        top_hosts.sort_by(|a, b| b.urls.cmp(&a.urls).then_with(|| a.host.cmp(&b.host)));
        top_hosts.truncate(TOP_HOSTS);
        Plan {
            hosts,
            hosts_capped: self.hosts_capped,
            top_hosts,
            local_pages: self.local_pages,
            reject_examples: self.examples,
            ..plan
        }
    }
}
